"""Recipes: which there are, what they ask for, and what is checked before anything starts."""

import importlib.util
from pathlib import Path

import pytest

from engine.core.errors import KnownError
from engine.training_runs import recipes
from engine.training_runs.recipes import check, find_recipe, has_train_extra, read_recipe
from tests.engine.training_runs.started import LOOP, RECIPE, data_file, model_folder


@pytest.fixture
def sft(tmp_path: Path) -> recipes.Recipe:
    path = tmp_path / "sft.toml"
    path.write_text(RECIPE + LOOP)
    return read_recipe(path)[0]


def test_a_recipe_asks_for_its_places_only(sft: recipes.Recipe) -> None:
    assert (sft.name, sft.method) == ("sft", "sft")
    assert sft.text == "Tunes a model on your dialogues."
    assert dict(sft.places) == {"model": "", "data": "", "held_out": ""}
    assert "held_out" in sft.optional
    assert not {"model", "data"} & sft.optional


def test_a_file_for_several_methods_gives_a_recipe_for_each_that_trains() -> None:
    found = {one.name: one for one in recipes.recipes()}
    assert {"starter/pretrain", "starter/sft"} <= set(found)
    assert not any(one.method in ("tokenizer", "cache") for one in found.values())
    assert found["starter/sft"].places["data"] == "work/dialogues.jsonl"
    assert all(one.text and one.path.is_file() for one in found.values())


def test_the_method_stands_in_the_comments_or_is_the_name(tmp_path: Path) -> None:
    path = tmp_path / "lora.toml"
    other = "# after: assay-train pretrain --recipe recipes/starter.toml\n"
    path.write_text(f"{other}# assay-train sft --recipe recipes/lora.toml\n" + LOOP)
    assert [(one.name, one.method) for one in read_recipe(path)] == [("lora", "sft")]
    path.write_text(other + LOOP)
    (lora,) = read_recipe(path)
    assert (lora.name, lora.method, dict(lora.places)) == ("lora", "lora", {})
    path.write_text("vocab_size = 8192\n")
    assert read_recipe(path) == []
    path.write_text(
        "# assay-train sft --recipe lora.toml --model m --until 1h\nteacher = ''\n" + LOOP
    )
    (lora,) = read_recipe(path)
    assert dict(lora.places) == {"model": "m", "teacher": ""}
    assert "teacher" in lora.optional
    nested = tmp_path / "dpcd.toml"
    nested.write_text('[teacher]\nmodel = "work/big"\n' + LOOP)
    assert dict(read_recipe(nested)[0].places) == {"teacher.model": "work/big"}


def test_a_recipe_is_told_by_a_whole_sentence(tmp_path: Path) -> None:
    path = tmp_path / "two.toml"
    path.write_text("# Learns a\n# domain, at 0.5 or less. More.\n#\n# Other.\n" + LOOP)
    assert read_recipe(path)[0].text == "Learns a domain, at 0.5 or less."
    commands = "# assay-train a --recipe two.toml\n# assay-train b --recipe two.toml\n"
    tables = "[a]\nloop = {}\n\n# Does b, on\n# two lines.\n[b]\nloop = {}\n"
    path.write_text(f"# Both.\n{commands}\n{tables}")
    assert [one.text for one in read_recipe(path)] == ["Both.", "Does b, on two lines."]
    assert all(one.text.endswith(".") for one in recipes.recipes())


@pytest.mark.parametrize("content", [b"= =", b"\xff\xfe", b"a = [", b"[loop]\nx = 1\n[loop]\n"])
def test_a_file_that_is_no_recipe_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.toml"
    path.write_bytes(content)
    with pytest.raises(KnownError, match=r"x\.toml is no recipe"):
        find_recipe(str(path))
    with pytest.raises(KnownError, match="is no recipe"):
        find_recipe(str(tmp_path / "missing.toml"))
    with pytest.raises(KnownError, match="There is no recipe nonsense"):
        find_recipe("nonsense")


def test_everything_is_checked_before_a_start(sft: recipes.Recipe, tmp_path: Path) -> None:
    data, model, out = data_file(tmp_path), model_folder(tmp_path / "model"), tmp_path / "out"
    good = {"model": str(model), "data": str(data), "held_out": "", "loop.rows": "4"}
    assert check(sft, good, out, "90m") == good
    out.mkdir()
    assert check(sft, good, out, "") == good
    wrong: list[tuple[dict[str, str], str, str]] = [
        ({"model": str(data)}, "", "holds no model"),
        ({"model": str(tmp_path / "none")}, "", "none is not there"),
        ({"model": ""}, "", "Model folder: it is missing"),
        ({"data": str(tmp_path / "x.jsonl")}, "", r"Training data: .*x\.jsonl is not there"),
        ({"held_out": str(tmp_path / "x")}, "", "Held-out data: .* is not there"),
        ({}, "soon", "soon is no time limit"),
        ({}, "20", "20 is no time limit"),
    ]
    for values, until, sentence in wrong:
        with pytest.raises(KnownError, match=sentence):
            check(sft, good | values, out, until)
    (out / "something").touch()
    with pytest.raises(KnownError, match="There is something in"):
        check(sft, good, out, "")


def test_without_torch_training_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "torch" else find(name)
    )
    assert not has_train_extra()
