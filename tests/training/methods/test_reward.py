import json
from pathlib import Path

import pytest

pytest.importorskip("torch")

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from engine.core.errors import KnownError
from tests.training.conftest import sentences
from training.cli import main
from training.data.chat import render_text
from training.data.pairs import read_pairs
from training.loop.config import LoopConfig
from training.loop.log import read_metrics
from training.methods.reward import Config, RewardModelling, fresh
from training.models.loading import load
from training.rewards.model import reward_model, score_texts
from training.rewards.sample import Sample
from training.tokenizer import load_tokenizer


def write(path: Path, seed: int, count: int) -> Path:
    rows = [{"prompt": "x", "chosen": s, "rejected": s.upper()} for s in sentences(count, seed)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def dialogue(answer: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": "x"}, {"role": "assistant", "content": answer}]


@pytest.mark.parametrize("adapter", ["none", "lora"])
def test_a_trained_reward_model_is_a_sequence_classifier(
    adapter: str, model_folder: Path, tmp_path: Path
) -> None:
    data, held_out = write(tmp_path / "p.jsonl", 1, 24), write(tmp_path / "h.jsonl", 2, 8)
    arguments = {
        "recipe": "training/recipes/reward.toml", "model": model_folder, "data": data,
        "held_out": held_out, "out": tmp_path / "run", "adapter.kind": adapter, "loop.steps": 10,
        "loop.evaluate_steps": 0, "loop.patience": 0, "loop.learning_rate": 3e-4,
        "loop.accumulate": 1, "loop.log_steps": 1, "loop.threads": 1, "loop.mixed": "false",
    }  # fmt: skip
    words = [word for key, value in arguments.items() for word in (f"--{key}", str(value))]
    assert main(["reward", *words]) == 0
    lines = read_metrics(tmp_path / "run")
    assert lines[0]["accuracy"] < 1.0
    assert lines[-1]["held_out/accuracy"] == 1.0
    assert lines[-1]["held_out/loss"] < 0.2

    folder = tmp_path / "run" / "model"
    texts = [render_text(dialogue(s)) for s in sentences(4, 3)]
    found = score_texts(folder)([*texts, *(text.upper() for text in texts)])
    assert min(found[:4]) > max(found[4:])

    classifier = AutoModelForSequenceClassification.from_pretrained(folder, num_labels=1)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    for text, reward in zip(texts, found, strict=False):
        logits = classifier(torch.tensor([tokenizer.encode(text)])).logits
        assert logits.shape == (1, 1)
        assert logits.item() == pytest.approx(reward, abs=1e-4)
    sample = Sample(render_text(dialogue("")[:1]) + "<|im_start|>assistant\n", sentences(1, 3)[0])
    assert reward_model(str(folder))([sample]) == [pytest.approx(found[0], abs=1e-4)]
    with pytest.raises(KnownError, match="is a reward model, not a language model"):
        load(folder)


def test_the_reward_is_read_after_the_last_token(model_folder: Path, tmp_path: Path) -> None:
    """What training reads equals what transformers' classifier of the same weights reads."""
    data = write(tmp_path / "p.jsonl", 1, 3)
    config = Config(model=str(model_folder), out="x", loop=LoopConfig(rows=4), centre=0.0)
    model = fresh(config)
    pairs = read_pairs(data, load_tokenizer(model_folder), 200)
    loss = RewardModelling(config, model, pairs, None).loss(pairs.batch([0, 2], whole=True))
    answers = [sentences(3, 1)[number] for number in (0, 2)]
    rewards = []
    for answer in (*answers, *(answer.upper() for answer in answers)):
        ids = load_tokenizer(model_folder).encode(render_text(dialogue(answer))).ids
        hidden = model.policy.model(input_ids=torch.tensor([ids])).last_hidden_state
        rewards.append(hidden[0, -1] @ model.value.weight[0])
    good, bad = torch.stack(rewards).chunk(2)
    torch.testing.assert_close(loss.sum, -torch.log(torch.sigmoid(good - bad)).sum())
    assert loss.figures["margin"] == pytest.approx((good - bad).sum().item(), abs=1e-4)


def test_a_folder_without_a_reward_model_is_told(model_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(KnownError, match="no reward model"):
        score_texts(tmp_path)
    with pytest.raises(KnownError, match="no single reward"):
        score_texts(model_folder)
