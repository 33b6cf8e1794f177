"""The whole way from a corpus to an instruction-tuned model, with a very small one."""

import json
from pathlib import Path

import pytest

pytest.importorskip("torch")

from transformers import AutoTokenizer

from training import checkpoint
from training.chat import reply
from training.cli import main
from training.tokenizer import load_tokenizer

RECIPE = """
name = "small"
preset = "tiny"
seed = 1
[tokenizer]
vocab_size = 377
sample_megabytes = 1.0
[pretrain]
context = 32
long_context = 64
long_share = 0.25
held_out_windows = 2
[pretrain.train]
total_tokens = 2048
rows = 4
threads = 1
log_steps = 4
evaluate_tokens = 1024
[sft]
epochs = 4.0
[sft.train]
rows = 4
threads = 1
log_steps = 4
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
DIALOGUE = {
    "messages": [
        {"role": "user", "content": "the price"},
        {"role": "assistant", "content": "It moves."},
    ],
    "tools": ["price"],
}


def test_from_corpus_to_model(corpus: Path, tmp_path: Path, capsys) -> None:
    recipe, work = tmp_path / "small.toml", tmp_path / "work"
    recipe.write_text(RECIPE)
    dialogues = tmp_path / "dialogues.jsonl"
    dialogues.write_text((json.dumps(DIALOGUE) + "\n") * 12)
    common = ["--recipe", str(recipe), "--work", str(work)]
    assert main(["tokenizer", *common, "--corpus", str(corpus)]) == 0
    assert main(["cache", *common, "--corpus", str(corpus)]) == 0
    assert main(["pretrain", *common]) == 0
    newest = max(checkpoint.finished(work / "pretrain"))
    progress = checkpoint.read_progress(newest)
    assert progress.tokens == sum(progress.stream) == 2048
    assert progress.stream[0] == pytest.approx(0.75 * 2048, abs=2 * 64)
    assert "held out: even" in capsys.readouterr().out
    assert main(["pretrain", *common]) == 0  # nothing is left to do
    assert checkpoint.finished(work / "pretrain")[-1] == newest
    assert main(["sft", *common, "--dialogues", str(dialogues), "--held-out", str(dialogues)]) == 0
    assert "silence" in capsys.readouterr().out
    model = checkpoint.load_weights(work / "model").eval()
    assert len(AutoTokenizer.from_pretrained(work / "model")) == 377
    assert reply(model, load_tokenizer(work / "model"), "the price", longest=3)


def test_what_overlaps_a_benchmark_is_left_out(corpus: Path, tmp_path: Path, capsys) -> None:
    recipe, work = tmp_path / "small.toml", tmp_path / "work"
    recipe.write_text(RECIPE)
    benchmarks = tmp_path / "benchmarks"
    benchmarks.mkdir()
    first = json.loads((corpus / "texts.jsonl").read_text().splitlines()[0])["text"]
    (benchmarks / "b.jsonl").write_text(json.dumps(first))
    common = ["--recipe", str(recipe), "--corpus", str(corpus), "--work"]
    main(["tokenizer", *common, str(work)])
    main(["cache", *common, str(work)])
    whole = capsys.readouterr().out
    (tmp_path / "clean").mkdir()
    (work / "tokenizer").rename(tmp_path / "clean" / "tokenizer")
    main(["cache", *common, str(tmp_path / "clean"), "--benchmarks", str(benchmarks)])
    clean = capsys.readouterr().out
    assert whole.splitlines()[1] == clean.splitlines()[1]
    assert whole.splitlines()[0] != clean.splitlines()[0]


def test_mistakes_are_one_sentence(tmp_path: Path, capsys) -> None:
    recipe = tmp_path / "small.toml"
    recipe.write_text(RECIPE)
    status = main(["sft", "--recipe", str(recipe), "--work", str(tmp_path), "--dialogues", "x"])
    assert status == 1
    assert "assay-train:" in capsys.readouterr().err
