"""The whole way from a corpus to an instruction-tuned model, with a very small one."""

import json
from pathlib import Path

import pytest

pytest.importorskip("torch")

from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from engine.core.errors import KnownError
from training.cli import main
from training.data import cache
from training.loop import checkpoint
from training.loop.log import read_metrics

RECIPE = """
tokenizer = { out = "WORK/tokenizer", vocab_size = 377, sample_megabytes = 1.0, context = 64 }
cache = { tokenizer = "WORK/tokenizer", out = "WORK/cache" }
[pretrain]
tokenizer = "WORK/tokenizer"
cache = "WORK/cache"
out = "WORK/pretrain"
shape = "tiny"
tokens = 2048
context = 32
long_context = 64
long_share = 0.25
held_out_windows = 2
[pretrain.loop]
rows = 4
threads = 1
log_steps = 4
[sft]
model = "WORK/pretrain/model"
out = "WORK/sft"
[sft.loop]
epochs = 2.0
rows = 8
threads = 1
log_steps = 2
[[groups]]
name = "even"
weight = 3.0
[[groups.selections]]
file = "texts"
sources = ["made/0"]
[[groups]]
name = "odd"
weight = 1.0
[[groups.selections]]
file = "texts"
sources = ["made/1"]
"""


@pytest.fixture
def recipe(tmp_path: Path) -> list[str]:
    path = tmp_path / "small.toml"
    path.write_text(RECIPE.replace("WORK", str(tmp_path)))
    return ["--recipe", str(path)]


def test_from_corpus_to_model(
    recipe: list[str], corpus: Path, dialogues: Path, tmp_path: Path, capsys
) -> None:
    assert main(["tokenizer", *recipe, "--corpus", str(corpus)]) == 0
    report = json.loads((tmp_path / "tokenizer" / "compression.json").read_text("utf-8"))
    assert list(report["groups"]) == ["even", "odd"]
    assert all(1 < group["bytes_per_token"] < 20 for group in report["groups"].values())
    assert "even  bytes_per_token" in capsys.readouterr().out
    assert main(["cache", *recipe, "--corpus", str(corpus)]) == 0
    assert main(["pretrain", *recipe]) == 0
    newest = max(checkpoint.finished(tmp_path / "pretrain"))
    progress = checkpoint.read_progress(newest)
    drawn = progress.data["drawn"]
    assert progress.tokens == sum(drawn) == 2048
    assert drawn[0] == pytest.approx(0.75 * 2048, abs=2 * 64)
    assert main(["pretrain", *recipe]) == 0  # nothing is left to do
    assert max(checkpoint.finished(tmp_path / "pretrain")) == newest
    sft = ["sft", *recipe, "--data", str(dialogues), "--held_out", str(dialogues)]
    assert main(sft) == 0
    assert "silence" in capsys.readouterr().out
    folder = tmp_path / "sft" / "model"
    model, tokenizer = (
        AutoModelForCausalLM.from_pretrained(folder),
        AutoTokenizer.from_pretrained(folder),
    )
    assert len(tokenizer) == model.config.vocab_size == 377
    ids = tokenizer("the price", return_tensors="pt").input_ids
    assert model.generate(ids, max_new_tokens=3).shape[1] > ids.shape[1]


def test_a_group_without_text_is_named_and_what_to_do(
    recipe: list[str], corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = Path(recipe[1])
    path.write_text(path.read_text().replace("made/1", "nowhere"))
    assert main(["tokenizer", *recipe, "--corpus", str(corpus)]) == 0
    report = json.loads((tmp_path / "tokenizer" / "compression.json").read_text("utf-8"))
    assert list(report["groups"]) == ["even"]
    assert f"odd  has no text in {corpus}\n" in capsys.readouterr().out
    assert main(["cache", *recipe, "--corpus", str(corpus)]) == 0
    assert "odd is empty: leave it out of groups" in capsys.readouterr().out
    assert main(["pretrain", *recipe]) == 1
    said = capsys.readouterr().err
    assert "The group odd has 0 tokens, less than one window of 65. Leave it out" in said


def test_a_run_in_two_parts_equals_one(model_folder: Path, dialogues: Path, tmp_path: Path) -> None:
    common = ["sft", "--model", str(model_folder), "--data", str(dialogues), "--context", "128"]
    common += ["--loop.rows", "4", "--loop.threads", "1", "--loop.decay", "0", "--loop.warmup", "0"]
    assert main([*common, "--out", str(tmp_path / "one"), "--loop.steps", "12"]) == 0
    for steps in ("7", "12"):  # 10 batches an epoch: the second part begins within the first
        assert main([*common, "--out", str(tmp_path / "two"), "--loop.steps", steps]) == 0
    one, two = (load_file(tmp_path / run / "model" / "model.safetensors") for run in ("one", "two"))
    assert one.keys() == two.keys()
    assert all(one[name].equal(two[name]) for name in one)


def test_what_overlaps_a_benchmark_is_left_out(
    recipe: list[str], corpus: Path, tmp_path: Path, capsys
) -> None:
    benchmarks = tmp_path / "benchmarks"
    benchmarks.mkdir()
    first = json.loads((corpus / "texts.jsonl").read_text().splitlines()[0])["text"]
    (benchmarks / "b.jsonl").write_text(json.dumps(first))
    common = [*recipe, "--corpus", str(corpus)]
    assert main(["tokenizer", *common]) == 0
    capsys.readouterr()
    assert main(["cache", *common]) == 0
    whole = capsys.readouterr().out.splitlines()
    clean_folder = ["--out", str(tmp_path / "clean"), "--benchmarks", str(benchmarks)]
    assert main(["cache", *common, *clean_folder]) == 0
    told, *clean = capsys.readouterr().out.splitlines()
    assert told == f"{benchmarks}: 1 benchmark text"
    assert whole[1] == clean[1]
    assert whole[0] != clean[0]


def test_mistakes_are_one_sentence(recipe: list[str], tmp_path: Path, capsys) -> None:
    assert main(["sft", *recipe, "--data", str(tmp_path / "gone.jsonl")]) == 1
    assert capsys.readouterr().err.startswith("assay-train: ")


def test_a_run_that_goes_on_says_so_and_what_has_changed(
    model_folder: Path, dialogues: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.jsonl"
    other.write_text(dialogues.read_text())
    out = tmp_path / "run"
    words = ["sft", str(model_folder), "--out", str(out), "--loop.rows", "4", "--loop.threads", "1"]
    assert main([*words, "--data", str(dialogues), "--loop.steps", "1"]) == 0
    assert "Goes on" not in capsys.readouterr().out
    changed = ["--data", str(other), "--loop.steps", "2", "--weights.value", "3"]
    assert main([*words, *changed]) == 0
    said = capsys.readouterr().out
    assert "Goes on from step 1" in said
    assert f"data is now {other}; it was {dialogues}." in said
    assert "\nweights.value is now 3.0; it was 4.0.\n" in said
    assert said.count("it was") == 2
    assert [row["step"] for row in read_metrics(out)] == [1, 2]


def test_pretraining_without_a_cache_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(KnownError, match="no token cache of the group docs in") as told:
        cache.open_group(tmp_path, "docs")
    assert "assay-train cache" in str(told.value)
