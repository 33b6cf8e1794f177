import json
import math
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from tokenizers import Tokenizer
from transformers import PreTrainedTokenizerFast, Qwen3ForCausalLM

from training.data.chat import Weights, render_text
from training.data.sft import read_dialogues
from training.evaluate import calls
from training.evaluate.calls import answers, score_calls
from training.loop import distributed
from training.loop.config import LoopConfig
from training.loop.trainer import train
from training.methods.chat import reply
from training.methods.sft import Config, InstructionTuning

ROWS = [
    {
        "messages": [
            {"role": "user", "content": question},
            {"role": "assistant", "tool_calls": [{"name": "price", "arguments": {"asset": coin}}]},
        ]
    }
    for question, coin in (("the price of a", "A"), ("what is a coin", "B"))
] + [
    {
        "messages": [
            {"role": "user", "content": "sellers"},
            {"role": "assistant", "content": "Ask about a coin."},
        ]
    }
]


def test_answers_are_the_weighted_stretches() -> None:
    targets, weights = np.array([5, 6, 9, 5, 5, 7, 9, 5]), np.array([0, 1, 2, 0, 0, 1, 1, 0.0])
    assert answers(targets, weights, end=9) == [(1, 3), (5, 7)]


def test_scores_agree_with_what_the_model_writes(
    model: Qwen3ForCausalLM, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    path = tmp_path / "d.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    dialogues = read_dialogues(path, tokenizer, Weights(), longest=200)
    before = score_calls(model, dialogues, tokenizer, limit=9)
    assert before["calls"] == 0.0
    loop = LoopConfig(steps=35, rows=3, learning_rate=3e-3, threads=1, log_steps=50)
    config = Config(out=str(tmp_path / "run"), loop=loop)
    train(InstructionTuning(config, model, tokenizer, dialogues, None), loop, tmp_path / "run")
    after = score_calls(model.eval(), dialogues, tokenizer, limit=9)
    assert after["loss"] < 0.1 * before["loss"]
    assert (after["calls"], after["tools"], after["silence"]) == (1.0, 1.0, 1.0)
    for row in ROWS:
        prompt = render_text(row["messages"][:1]) + "<|im_start|>assistant\n"
        wanted = render_text(row["messages"]).removeprefix(prompt).removesuffix("<|im_end|>\n")
        words = PreTrainedTokenizerFast(tokenizer_object=tokenizer)
        assert reply(model, words, prompt) == wanted
    only_text = score_calls(model, read_only_text(tokenizer, tmp_path), tokenizer, limit=9)
    assert math.isnan(only_text["calls"])


def read_only_text(tokenizer: Tokenizer, folder: Path):
    path = folder / "text.jsonl"
    path.write_text(json.dumps(ROWS[2]) + "\n")
    return read_dialogues(path, tokenizer, Weights(), longest=200)


def test_loss_is_the_mean_over_weights(model: Qwen3ForCausalLM, tokenizer: Tokenizer, tmp_path):
    # With its zero output layers the new model knows only the last token: compare with plain torch.
    dialogues = read_only_text(tokenizer, tmp_path)
    ids, weights = dialogues[0]
    with torch.no_grad():
        logits = model(torch.tensor(ids[None, :-1].astype(np.int64))).logits[0].float()
    losses = torch.nn.functional.cross_entropy(
        logits, torch.tensor(ids[1:].astype(np.int64)), reduction="none"
    )
    expected = float((losses * torch.tensor(weights[1:])).sum() / weights[1:].sum())
    scores = score_calls(model, dialogues, tokenizer, limit=1)
    assert scores["loss"] == pytest.approx(expected, rel=0.01)


def test_processes_score_in_as_many_rounds_and_add_up_to_plain_torch(
    model: Qwen3ForCausalLM, tokenizer: Tokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten dialogues of other lengths, two forward passes, logits of three rows at a time."""
    path = tmp_path / "d.jsonl"
    path.write_text("".join(json.dumps(ROWS[n % 3]) + "\n" for n in range(12)))
    dialogues = read_dialogues(path, tokenizer, Weights(), longest=200)
    nats = weight = 0.0
    for ids, weights in (dialogues[number] for number in range(10)):
        with torch.no_grad():
            logits = model(torch.tensor(ids[None, :-1].astype(np.int64))).logits[0]
        losses = torch.nn.functional.cross_entropy(
            logits, torch.tensor(ids[1:].astype(np.int64)), reduction="none"
        )
        nats += float((losses * torch.tensor(weights[1:])).sum())
        weight += float(weights[1:].sum())
    parts, rounds, sizes = list[tuple[float, ...]](), list[int](), list[int]()
    states, loss = calls.hidden_states, calls.cross_entropy

    def total(*values: float) -> list[float]:
        parts.append(values)
        return [sum(column) for column in zip(*parts, strict=True)]

    monkeypatch.setattr(calls, "ROWS", 3)
    monkeypatch.setattr(distributed, "total", total)
    monkeypatch.setattr(distributed, "world", lambda: 3)
    monkeypatch.setattr(calls, "hidden_states", lambda *a: rounds.append(len(parts)) or states(*a))
    monkeypatch.setattr(
        calls, "cross_entropy", lambda x, *a, **b: sizes.append(len(x)) or loss(x, *a, **b)
    )
    for rank in range(3):
        monkeypatch.setattr(distributed, "rank", lambda rank=rank: rank)
        scores = score_calls(model, dialogues, tokenizer, limit=10)
    assert rounds == [0, 1, 2]
    assert max(sizes) == 3
    assert scores["loss"] == pytest.approx(nats / weight, rel=1e-5)
    assert [sum(column) for column in zip(*parts, strict=True)][5:] == [7, 7, 3]


def test_a_tool_without_a_token_of_its_own_has_no_share(
    model: Qwen3ForCausalLM, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    call = {"role": "assistant", "tool_calls": [{"name": "dance", "arguments": {}}]}
    path = tmp_path / "d.jsonl"
    path.write_text(json.dumps({"messages": [{"role": "user", "content": "a coin"}, call]}))
    data = read_dialogues(path, tokenizer, Weights(), longest=200)
    scores = score_calls(model, data, tokenizer, limit=1)
    assert scores["calls"] == 0.0
    assert math.isnan(scores["tools"])
