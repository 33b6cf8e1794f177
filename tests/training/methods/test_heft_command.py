"""HEFT as a command: what it trains, what it leaves, and that it goes on where it was stopped."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

import training
from engine.core.errors import KnownError
from training.cli import main
from training.models.loading import load

TOKENS = torch.arange(30)[None]


@pytest.fixture
def folder(model_folder: Path, tmp_path: Path) -> Path:
    """A model in whose second layer the gradients are the larger ones."""
    target = Path(shutil.copytree(model_folder, tmp_path / "start"))
    model = load(target)
    for index, size in ((0, 0.001), (1, 0.2)):
        torch.nn.init.normal_(model.model.layers[index].mlp.down_proj.weight, 0, size)
        torch.nn.init.normal_(model.model.layers[index].self_attn.o_proj.weight, 0, size)
    model.save_pretrained(target)
    return target


def command(folder: Path, dialogues: Path, out: Path, *more: str) -> list[str]:
    return [
        "heft", str(folder), "--data", str(dialogues), "--out", str(out), "--adapter.rank", "2",
        "--loop.rows", "4", "--loop.threads", "1", "--loop.learning_rate", "0.01", *more,
    ]  # fmt: skip


def changed(before: Path, after: Path) -> set[str]:
    old, new = (load(path).state_dict() for path in (before, after))
    return {name for name, value in new.items() if not torch.equal(value, old[name])}


def test_only_the_chosen_layer_and_rows_change(
    folder: Path, dialogues: Path, tmp_path: Path
) -> None:
    terms, out = tmp_path / "terms.txt", tmp_path / "run"
    terms.write_text("# a comment\nthe | of\n\na\n")
    recipe = Path(training.__file__).parent / "recipes" / "heft.toml"
    steps = [
        "--recipe",
        str(recipe),
        "--loop.epochs",
        "0.3",
        "--loop.accumulate",
        "1",
        "--top_layers",
        "1",
        "--common_tokens",
        "0",
        "--terms",
        str(terms),
    ]
    assert main(command(folder, dialogues, out, *steps, "--loop.checkpointing", "true")) == 0
    layers = len(json.loads((out / "gradient_norms.json").read_text()))
    moved = changed(folder, out / "model")
    tied = {"model.embed_tokens.weight", "lm_head.weight"}
    assert tied < moved
    assert {name.split(".")[2] for name in moved - tied} == {str(layers - 1)}
    assert len(moved - tied) == 7
    old, new = (load(path).get_output_embeddings().weight for path in (folder, out / "model"))
    rows = (old != new).any(1).nonzero().flatten().tolist()
    vocabulary = json.loads((folder / "tokenizer.json").read_text())["model"]["vocab"]
    allowed = {
        vocabulary.get(s + w) for w in ("the", "The", "THE", "of", "a", "A") for s in ("", "Ġ")
    }
    assert rows
    assert set(rows) <= allowed


def test_rows_of_the_commonest_tokens_change(folder: Path, dialogues: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    assert main(command(folder, dialogues, out, "--loop.steps", "3", "--common_tokens", "4")) == 0
    old, new = (load(path).get_output_embeddings().weight for path in (folder, out / "model"))
    assert 1 <= (old != new).any(1).sum() <= 4


def test_without_adapters_the_chosen_layer_itself(
    folder: Path, dialogues: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    plain = ["--loop.steps", "2", "--top_layers", "1", "--adapter.kind", "none"]
    assert main(command(folder, dialogues, out, *plain)) == 0
    moved = changed(folder, out / "model")
    assert len(moved) == 7
    assert len({name.split(".")[2] for name in moved}) == 1
    with pytest.raises(KnownError, match="a part of the model"):
        load(next(out.glob("step-*")))


def test_windows_stay_in_the_result(folder: Path, dialogues: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    window = ["--window", "8", "--windowed_layers", "1"]
    assert main(command(folder, dialogues, out, "--loop.steps", "1", *window)) == 0
    for place in (out / "model", out / "adapter", next(out.glob("step-*"))):
        model = load(place)
        assert model.config.layer_types == ["sliding_attention", "full_attention"]
        assert model.config.sliding_window == 8
    with torch.no_grad():
        near, far = (load(path).eval()(TOKENS).logits for path in (out / "model", folder))
    assert (near - far).abs().amax() > 1e-3


def test_stopped_and_continued_is_the_same_run(
    folder: Path, dialogues: Path, tmp_path: Path
) -> None:
    """The schedule is constant, so that shorter runs are beginnings of longer ones."""
    flat = ["--loop.warmup", "0", "--loop.decay", "0", "--top_layers", "1"]
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    assert main(command(folder, dialogues, whole, "--loop.steps", "4", *flat)) == 0
    for steps in ("2", "4"):
        assert main(command(folder, dialogues, parts, "--loop.steps", steps, *flat)) == 0
    first, second = (
        load_file(path / "step-0000004" / "model.safetensors") for path in (whole, parts)
    )
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--adapter.kind", "none", "--terms", "x"), "need adapters"),
        (("--adapter.kind", "none", "--common_tokens", "9"), "need adapters"),
        (("--share", "0"), "which layers to train"),
        (("--window", "8", "--windowed_layers", "2"), "top layer"),
        (("--window", "8"), "window and windowed_layers need each other"),
        (("--windowed_layers", "1"), "window and windowed_layers need each other"),
        (("--adapter.layers", "[1]"), "top_layers and share say which layers"),
        (("--terms", "nowhere.txt"), "nowhere.txt"),
        (("--loop.patience", "2", "--loop.evaluate_steps", "1"), "held_out is missing"),
    ],
)
def test_refusals(
    arguments: tuple[str, ...], sentence: str, model_folder: Path, dialogues: Path,
    tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    assert main(command(model_folder, dialogues, tmp_path / "run", *arguments)) == 1
    assert sentence in capsys.readouterr().err


def test_terms_that_train_nothing_are_told(
    model_folder: Path, dialogues: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    terms = tmp_path / "terms.txt"
    terms.write_text("impermanent loss | hyperledger\n")
    arguments = command(model_folder, dialogues, tmp_path / "run", "--terms", str(terms))
    assert main(arguments) == 1
    assert "is one token of the vocabulary" in capsys.readouterr().err
