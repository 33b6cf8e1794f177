import json
import math
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

import torch
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer
from torch import nn

from training.cli import main
from training.evaluate.benchmarks import continuations, score
from training.evaluate.likelihood import encode_pair, log_likelihoods, perplexity, windows
from training.evaluate.tasks import Item, Task
from training.methods import evaluate
from training.models.loading import load


@pytest.fixture
def opinionated(model: Any) -> Any:
    """A random model with large weights: its probabilities are far from uniform."""
    torch.manual_seed(0)
    for parameter in model.parameters():
        if parameter.ndim == 2:
            nn.init.normal_(parameter, std=0.1)
    return model.eval()


def plain(model: Any, context: list[int], answer: list[int]) -> float:
    """Log-likelihood of one answer from transformers' own logits."""
    with torch.no_grad():
        logs = model(torch.tensor([context + answer])).logits[0].log_softmax(-1)
    places = range(len(context) - 1, len(context) + len(answer) - 1)
    return sum(float(logs[p, token]) for p, token in zip(places, answer, strict=True))


def test_log_likelihoods_equal_those_of_plain_logits(opinionated: Any) -> None:
    pairs = [
        ([5, 6, 7], [8]),
        ([5, 6, 7], [9]),
        ([1, 2], [3, 4, 5, 6]),
        (list(range(20)), [40, 41]),
    ]
    found = log_likelihoods(opinionated, pairs, rows=2, longest=64)
    assert found == pytest.approx([plain(opinionated, *pair) for pair in pairs], rel=1e-4)
    cut = log_likelihoods(opinionated, pairs[3:], rows=2, longest=6)
    assert cut == pytest.approx([plain(opinionated, list(range(15, 20)), [40, 41])], rel=1e-4)


def test_spaces_before_an_answer_belong_to_it(tokenizer: Tokenizer) -> None:
    context, answer = encode_pair(tokenizer, "the price is ", "worth")
    assert tokenizer.decode(context) == "the price is"
    assert tokenizer.decode(answer) == " worth"


@given(st.lists(st.integers(1, 99), min_size=1, max_size=60), st.integers(1, 20))
def test_windows_predict_every_token_once(tokens: list[int], length: int) -> None:
    predicted: list[int] = []
    whole = [0, *tokens]
    for window, count in windows(tokens, 0, length):
        predicted += window[-count:]
        assert len(window) <= length + 1
        end = len(predicted) + 1
        assert window == whole[end - len(window) : end]
        assert len(window) == min(length + 1, end)  # as much before them as there is room
    assert predicted == tokens


def test_perplexity_equals_a_token_by_token_sum(opinionated: Any, tokenizer: Tokenizer) -> None:
    texts = ["liquidity providers earn fees — from every swap", "a coin"]
    nats = tokens = 0.0
    for text in texts:
        ids = tokenizer.encode(text).ids
        nats -= plain(opinionated, [7], ids)
        tokens += len(ids)
    found = perplexity(opinionated, tokenizer, texts, prefix=7, length=100)
    size = sum(len(text.encode()) for text in texts)
    assert found["bits_per_byte"] == pytest.approx(nats / math.log(2) / size, rel=1e-4)
    assert found["perplexity"] == pytest.approx(math.exp(nats / tokens), rel=1e-3)
    assert math.log(found["byte_perplexity"]) == pytest.approx(nats / size, rel=1e-4)
    assert math.log(found["word_perplexity"]) == pytest.approx(nats / 10, rel=1e-4)
    assert math.isnan(perplexity(opinionated, tokenizer, [], 7, 100)["bits_per_byte"])


def test_the_three_accuracies_by_hand(opinionated: Any, tokenizer: Tokenizer) -> None:
    """The choice that each rule takes is the target of one question each."""
    choices, prompt = ("a", "fees", "coin é worth the risk", "swap é"), "the price of"
    logs = [plain(opinionated, *encode_pair(tokenizer, prompt, f" {c}")) for c in choices]
    best = logs.index(max(logs))
    by_length = [log / len(c) for log, c in zip(logs, choices, strict=True)]
    by_bytes = [log / len(c.encode()) for log, c in zip(logs, choices, strict=True)]
    norm, byte = by_length.index(max(by_length)), by_bytes.index(max(by_bytes))
    assert best != norm  # else the test could not tell the rules apart
    items = tuple(Item(prompt, choices[n], choices) for n in range(4))
    found = score(opinionated, tokenizer, Task("t", items), 2, 64, 8)
    assert found["acc"] == found["acc_norm"] == 0.25
    one = score(opinionated, tokenizer, Task("t", items[best : best + 1]), 2, 64, 8)
    assert (one["acc"], one["acc_norm"], one["acc_bytes"]) == (1, 0, float(byte == best))
    assert found["stderr"] == pytest.approx(math.sqrt(0.25 * 0.75 / 3))


def test_greedy_answers_are_those_of_step_by_step_decoding(
    opinionated: Any, tokenizer: Tokenizer
) -> None:
    prompts = [tokenizer.encode(text).ids for text in ("the price of a coin", "fees", "every swap")]
    for ids, text in zip(prompts, continuations(opinionated, tokenizer, prompts, 6), strict=True):
        made: list[int] = []
        for _ in range(6):
            with torch.no_grad():
                made.append(int(opinionated(torch.tensor([ids + made])).logits[0, -1].argmax()))
        assert text
        assert tokenizer.decode(made).startswith(text)
    (first,) = continuations(opinionated, tokenizer, prompts[:1], 6)
    task = Task("t", (Item("the price of a coin", first.strip()),) * 2, pattern=r"(?s)\S.*")
    assert score(opinionated, tokenizer, task, 2, 64, 6)["exact_match"] == 1


def test_the_command_prints_and_writes_figures(
    model_folder: Path,
    tokenizer: Tokenizer,
    corpus: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (corpus / "notes.txt").write_text("the price of a coin")
    questions = tmp_path / "sums.csv"
    questions.write_text("one?,a,b,c,d,A\ntwo?,a,b,c,d,B\n")
    command = ["evaluate", "--model", str(model_folder), "--data", str(corpus), "--limit", "3"]
    command += ["--tasks", str(questions)]
    out = tmp_path / "figures.json"
    assert main([*command, "--out", str(out)]) == 0
    figures = json.loads(out.read_text())
    assert figures["domains"].keys() == {"texts", "notes"}
    assert figures["tasks"]["sums"]["questions"] == 2
    end = tokenizer.token_to_id("<|im_end|>")  # the tokenizer names no other first token
    expected = perplexity(load(model_folder), tokenizer, ["the price of a coin"], end, 128)
    assert figures["domains"]["notes"] == pytest.approx(expected)
    assert "bits_per_byte" in capsys.readouterr().out
    assert main(["evaluate", "--model", str(model_folder)]) == 1
    for data, names in ((corpus / "notes.txt", {"notes"}), (corpus / "t*.jsonl", {"texts"})):
        command[command.index("--data") + 1] = str(data)
        assert main([*command, "--out", str(out)]) == 0
        assert json.loads(out.read_text())["domains"].keys() == names


def test_what_was_measured_before_a_stop_is_kept(
    model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(_model: Any, _tokenizer: Tokenizer, task: Task, *_sizes: int) -> dict[str, float]:
        if task.name == "b":
            raise KeyboardInterrupt
        return {"acc": 0.5}

    monkeypatch.setattr(evaluate, "score", stopped)
    for name in "ab":
        (tmp_path / f"{name}.csv").write_text("one?,a,b,c,d,A\n")
    out = tmp_path / "figures.json"
    command = ["evaluate", str(model_folder), "--tasks", str(tmp_path), "--out", str(out)]
    assert main(command) == 3
    assert json.loads(out.read_text()) == {"domains": {}, "tasks": {"a": {"acc": 0.5}}}


def test_the_same_questions_are_written_for_the_harness(
    model_folder: Path, corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "q").mkdir()
    (tmp_path / "q" / "law.csv").write_text("one?,a,b,c,d,C\n")
    (tmp_path / "q" / "sums.jsonl").write_text('{"question": "How many?", "answer": "#### 1,2"}\n')
    folder = tmp_path / "harness"
    command = ["evaluate", "--model", str(model_folder), "--tasks", str(tmp_path / "q")]
    assert main([*command, "--data", str(corpus), "--harness", str(folder)]) == 0
    said = capsys.readouterr().out
    assert "lm_eval --model hf" in said
    assert "--tasks assay_law,assay_sums,assay_text_texts" in said
    law = json.loads((folder / "assay_law.yaml").read_text())
    row = json.loads((folder / "assay_law.jsonl").read_text())
    assert law["dataset_kwargs"]["data_files"]["test"] == str(folder / "assay_law.jsonl")
    assert (row["choices"][row["gold"]], law["doc_to_target"]) == ("C", "gold")
    sums = json.loads((folder / "assay_sums.yaml").read_text())
    assert sums["metric_list"] == [{"metric": "exact_match", "regexes_to_ignore": [","]}]
    text = json.loads((folder / "assay_text_texts.yaml").read_text())
    assert text["output_type"] == "loglikelihood_rolling"
    assert len((folder / "assay_text_texts.jsonl").read_text().splitlines()) == 200
