"""Tokens per second against MiniMind's own training script: same texts, tokenizer and shape.

    python -m benchmarks.training.minimind --minimind CLONE --python PYTHON [--stage sft]

CLONE: a clone of the public repository; PYTHON: an interpreter with what its scripts import
(torch, transformers, datasets). Each side runs twice a round, with a quarter of the samples and
with all; the difference is free of start-up. MiniMind keeps its defaults but for the shape, one
epoch, one loading process (its eight would share two cores) and no checkpoint on the way.
Tokens are those of the texts; what is filled up does not count. Rounds alternate.
"""

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path

from benchmarks.training.programs import Cost, cost, exchanges, messages, middle
from training.models.shapes import Shape, build
from training.tokenizer import load_tokenizer

BAR = 3.0
SHAPE = Shape(512, 8, 1664, 8, 4, head_dim=64, rope_theta=1e6)
DEFAULTS = {"pretrain": (32, 340), "sft": (16, 768)}  # MiniMind's rows and longest sample


def samples(stage: str, count: int) -> list[dict[str, object]]:
    """The same short samples in MiniMind's format, every time."""
    if stage == "pretrain":
        return [{"text": answer} for _, answer in exchanges(count)]
    return [{"conversations": messages(exchange)} for exchange in exchanges(count)]


def words(row: dict[str, object]) -> str:
    """All text of a sample."""
    turns = row.get("conversations")
    return str(row["text"]) if turns is None else " ".join(turn["content"] for turn in turns)  # type: ignore[attr-defined]  # made above


def theirs(clone: Path, python: Path, stage: str, data: Path, threads: int) -> Cost:
    """MiniMind's script on a file of samples."""
    script = "train_pretrain.py" if stage == "pretrain" else "train_full_sft.py"
    settings = {
        "data_path": data,
        "device": "cpu",
        "epochs": 1,
        "hidden_size": SHAPE.hidden_size,
        "num_hidden_layers": SHAPE.layers,
        "from_weight": "none",
        "num_workers": 1,
        "save_interval": 1_000_000,
        "save_dir": data.parent / "minimind-out",
    }
    flags = [part for name, value in settings.items() for part in (f"--{name}", str(value))]
    return cost([python, script, *flags], clone / "trainer", threads)


def ours(folder: Path, stage: str, data: Path, threads: int) -> Cost:
    """assay-train on the same file."""
    out = data.parent / "assay-out"
    shutil.rmtree(out, ignore_errors=True)
    common = ["--model", folder, "--out", out, "--loop.threads", str(threads)]
    common += ["--loop.learning_rate", "5e-4", "--loop.log_steps", "1000"]
    program = [sys.executable, "-m", "training.cli", stage]
    if stage == "sft":
        flags = ["--data", data, "--context", "768", "--loop.rows", "16"]
        return cost([*program, *common, *flags], data.parent, threads)
    corpus = data.parent / "corpus"
    shutil.rmtree(corpus, ignore_errors=True)
    corpus.mkdir()
    shutil.copyfile(data, corpus / "texts.jsonl")
    tokens = sum(
        len(load_tokenizer(folder).encode(words(json.loads(line))).ids) + 1
        for line in data.read_text().splitlines()
    )
    recipe = data.parent / "recipe.toml"
    recipe.write_text(
        '[[groups]]\nname = "texts"\nweight = 1.0\n[[groups.selections]]\nfile = "texts"\n'
    )
    cache = data.parent / "cache"
    shutil.rmtree(cache, ignore_errors=True)
    places = ["--recipe", recipe, "--tokenizer", folder, "--cache", cache]
    filling = [*program[:-1], "cache", "--recipe", recipe, "--tokenizer", folder]
    made = cost([*filling, "--out", cache, "--corpus", corpus], data.parent, threads)
    flags = ["--context", "340", "--long_share", "0", "--loop.rows", "32"]
    flags += ["--tokens", str(tokens), "--held_out_windows", "1"]
    spent = cost([*program, *common, *places, *flags], data.parent, threads)
    return Cost(made.wall + spent.wall, made.cpu + spent.cpu, spent.memory)


def main() -> None:
    """Print both speeds and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minimind", type=Path, required=True)
    parser.add_argument("--python", type=Path, required=True)
    parser.add_argument("--stage", choices=sorted(DEFAULTS), default="pretrain")
    parser.add_argument("--samples", type=int, default=1280)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    stage, rows = options.stage, samples(options.stage, options.samples)
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        model = work / "model"
        for file in ("tokenizer.json", "tokenizer_config.json"):
            model.mkdir(exist_ok=True)
            shutil.copyfile(options.minimind / "model" / file, model / file)
        tokenizer = load_tokenizer(model)
        build(SHAPE, tokenizer.get_vocab_size(), seed=1).save_pretrained(model)
        parts = []
        for label, kept in (("quarter", rows[: len(rows) // 4]), ("all", rows)):
            part = work / label
            part.mkdir()
            parts.append(part / "texts.jsonl")
            parts[-1].write_text("".join(json.dumps(row) + "\n" for row in kept))
        rest = rows[len(rows) // 4 :]
        tokens = sum(len(tokenizer.encode(words(row)).ids) for row in rest)
        wall, cpu = [], []
        for number in range(options.rounds):
            python = options.python.absolute()
            a, b = (theirs(options.minimind, python, stage, p, options.threads) for p in parts)
            c, d = (ours(model, stage, p, options.threads) for p in parts)
            peer, own = b - a, d - c
            wall.append(peer.wall / own.wall)
            cpu.append(peer.cpu / own.cpu)
            print(
                f"round {number + 1}: MiniMind {peer.speed(tokens)}, Assay {own.speed(tokens)}",
                flush=True,
            )
    print(f"{stage}: {middle(wall)} × by the clock, {middle(cpu)} × by CPU time; bar {BAR} ×")


if __name__ == "__main__":
    main()
