"""The whole way from a corpus to an instruction-tuned model, with a very small one."""

import json
import shutil
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
    assert main(["pretrain", *recipe, "--loop.seed", "2"]) == 1
    assert "samples would come twice" in capsys.readouterr().err
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


def test_a_mixture_in_two_parts_equals_one(
    model_folder: Path, dialogues: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a recipe as docs/training-data.md shows it."""
    text = (Path(__file__).parents[3] / "docs" / "training-data.md").read_text("utf-8")
    excerpt = text[text.index("[[mixture]]") : text.index("```", text.index("[[mixture]]"))]
    lines = dialogues.read_text().splitlines(keepends=True)
    for name, part in (("crypto", lines), ("finance", lines[:9]), ("general", lines[:7])):
        (tmp_path / f"{name}.jsonl").write_text("".join(part))
    for shown, meant in (
        ("work/crypto", "crypto.jsonl"), ("work/finance.jsonl", "finance.jsonl"),
        ("work/general/*.parquet", "general.*"),
    ):  # fmt: skip
        excerpt = excerpt.replace(f'"{shown}"', json.dumps(str(tmp_path / meant)))
    recipe = tmp_path / "mixed.toml"
    recipe.write_text(excerpt)
    common = ["sft", "--recipe", str(recipe), "--model", str(model_folder), "--context", "128"]
    common += ["--loop.rows", "4", "--loop.threads", "1", "--loop.decay", "0", "--loop.warmup", "0"]
    assert main([*common, "--out", str(tmp_path / "one"), "--loop.steps", "14"]) == 0
    assert "crypto.jsonl: 22 of 38 in an epoch" in capsys.readouterr().out  # 9 / 11.2 * 27.8
    for steps in ("5", "14"):  # 10 batches an epoch
        assert main([*common, "--out", str(tmp_path / "two"), "--loop.steps", steps]) == 0
    one, two = (load_file(tmp_path / run / "model" / "model.safetensors") for run in ("one", "two"))
    assert all(one[name].equal(two[name]) for name in one)
    assert main([*common, "--out", str(tmp_path / "no"), "--data", str(dialogues)]) == 1
    assert "Give data or mixture, not both." in capsys.readouterr().err


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


def test_settings_that_do_nothing_are_told(
    recipe: list[str],
    corpus: Path,
    model_folder: Path,
    dialogues: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for command in ("tokenizer", "cache"):
        assert main([command, *recipe, "--corpus", str(corpus)]) == 0
    assert main(["pretrain", *recipe, "--plan"]) == 0
    assert "counts, not tokens" not in capsys.readouterr().out
    assert main(["pretrain", *recipe, "--plan", "--loop.steps", "3"]) == 0
    assert "loop.steps = 3 counts, not tokens." in capsys.readouterr().out
    words = ["sft", str(model_folder), "--data", str(dialogues), "--out", str(tmp_path / "run")]
    words += ["--plan", "--packing", "true", "--context", "250", "--loop.rows"]
    assert main([*words, "65"]) == 0
    assert "A forward pass has at most" not in capsys.readouterr().out
    assert main([*words, "66"]) == 0  # 66 * 250 > 16,384
    told = "at most 16,384 tokens: of rows of 250 it takes 65, not 66."
    assert told in capsys.readouterr().out


def test_dialogues_longer_than_what_the_model_reads_are_refused(
    model_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, out = tmp_path / "long.jsonl", tmp_path / "run"
    rows = [{"text": "coin " * 20}, {"text": "coin " * 140}]
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    words = ["sft", str(model_folder), "--data", str(data), "--out", str(out), "--loop.steps", "1"]
    assert main(words) == 1
    said = capsys.readouterr().err
    assert "and the model reads 256. context = 256 leaves out longer ones" in said
    assert main([*words, "--plan", "--yarn", "4"]) == 0
    assert main([*words, "--plan", "--context", "256"]) == 0
    settings = json.loads((model_folder / "config.json").read_text())
    stretched = Path(shutil.copytree(model_folder, tmp_path / "stretched"))
    settings["rope_parameters"] |= {
        "rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 256,
    }  # fmt: skip
    (stretched / "config.json").write_text(json.dumps(settings))
    assert main(["sft", str(stretched), *words[2:], "--plan"]) == 0


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
    assert "\nloop.steps is now 2; it was 1.\n" in said
    assert said.count("it was") == 3
    assert [row["step"] for row in read_metrics(out)] == [1, 2]


def test_a_run_goes_on_with_its_own_method_and_model_only(
    model_folder: Path, dialogues: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, other = tmp_path / "run", Path(shutil.copytree(model_folder, tmp_path / "other"))
    given = ["--data", str(dialogues), "--out", str(out), "--loop.rows", "4", "--loop.threads", "1"]
    assert main(["sft", str(model_folder), *given, "--loop.steps", "1"]) == 0
    before = (out / "config.json").read_bytes()
    for method, model in (("heft", model_folder), ("sft", other)):
        assert main([method, str(model), *given, "--loop.steps", "2"]) == 1
        told = capsys.readouterr().err
        assert f"holds a run of sft from {model_folder}, not of {method} from {model}" in told
        assert (out / "config.json").read_bytes() == before
    assert main(["sft", str(model_folder), *given, "--loop.steps", "1"]) == 0
    assert "it is at its end, nothing is left to train" in capsys.readouterr().out


def test_a_run_goes_on_with_the_order_it_began_with_only(
    model_folder: Path, dialogues: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else, after one epoch and a half, samples would be repeated or left out without a word."""
    shorter = tmp_path / "shorter.jsonl"
    shorter.write_text("".join(dialogues.read_text().splitlines(keepends=True)[:-1]))
    common = ["sft", str(model_folder), "--out", str(tmp_path / "run"), "--loop.threads", "1"]
    begun = {"--data": str(dialogues), "--loop.rows": "2", "--loop.steps": "2"}

    def go_on(**changed: str) -> int:
        words = {**begun, **{f"--{key.replace('_', '.')}": v for key, v in changed.items()}}
        return main([*common, *(word for pair in words.items() for word in pair)])

    assert go_on() == 0
    for changed in ({"loop_rows": "8"}, {"loop_seed": "5"}, {"data": str(shorter)}):
        assert go_on(loop_steps="4", **changed) == 1
        assert "is not what this run began with" in capsys.readouterr().err
    assert go_on(loop_steps="4") == 0
    assert go_on(loop_steps="5", loop_accumulate="2") == 0
    assert "loop.steps is now 5; it was 4." in capsys.readouterr().out


def test_pretraining_without_a_cache_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(KnownError, match="no token cache of the group docs in") as told:
        cache.open_group(tmp_path, "docs", {})
    assert "assay-train cache" in str(told.value)


def test_a_token_cache_of_another_tokenizer_or_selection_is_refused(
    recipe: list[str], corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [*recipe, "--corpus", str(corpus)]

    def told(command: str, *words: str) -> str:
        assert main([command, *words]) == 1
        return capsys.readouterr().err

    assert main(["tokenizer", *given]) == 0
    assert main(["cache", *given]) == 0
    assert main(["cache", *given]) == 0  # nothing is left to do
    assert "benchmarks" in told("cache", *given, "--benchmarks", str(corpus))
    path = Path(recipe[1])
    kept = path.read_text()
    path.write_text(kept.replace("made/1", "made/0"))
    for words in (["pretrain", *recipe], ["cache", *given]):
        said = told(*words)
        assert "of the group odd in" in said
        assert "made with a different selection of documents." in said
        assert f"Delete {tmp_path / 'cache' / 'odd'}.json" in said
    path.write_text(kept)
    assert main(["tokenizer", *given, "--sample_megabytes", "0.001"]) == 0
    for words in (["pretrain", *recipe], ["cache", *given]):
        assert "made with a different tokenizer." in told(*words)
    described = tmp_path / "cache" / "even.json"
    described.write_text('{"train": 9, "val": 0, "type": "uint16"}')  # as it was written before
    assert "or before this was noted." in told("pretrain", *recipe)
