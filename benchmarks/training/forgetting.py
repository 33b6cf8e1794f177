"""How much of its reasoning a model keeps while it learns a domain: DPCD, its parts, and others.

    python -m benchmarks.training.forgetting --work FOLDER [--seeds 3] [--small]

A small Qwen3 first learns arithmetic written out step by step, and to read the words of the
domain. Then each method teaches it kinds of crypto protocols, from dialogues of which some have
no chain of thought and some a broken one. Measured on unseen questions: arithmetic chains that
are complete, right results, right kinds. Replayed are questions of arithmetic with the chains
that the model itself wrote before. A seed draws the data, their order and the questions; the
model to start from is the same. Each run is a line in FOLDER/results.jsonl and is not run again.
"""

import argparse
import json
import math
import random
import shutil
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.training.chains import arithmetic, is_complete, is_right, kind, reading
from training.cli import main as assay_train
from training.data.answers import write_answers
from training.data.chat import render_text
from training.methods.tokenizer import TEMPLATE
from training.models.loading import load
from training.models.sampling import sample, stop_tokens
from training.models.shapes import Shape, build
from training.tokenizer import load_tokenizer, save_tokenizer, train_tokenizer
from training.vocabulary import RESERVED_TOKENS

SHAPE = Shape(96, 3, 256, 4, 2, head_dim=24, context=256)
RATE = 1e-3
NO_KL = {"dpcd.lambda_base": 0, "dpcd.lambda_high": 0}
PLAIN = {"dpcd.filter": "false", "dpcd.beta": 0, "dpcd.delta": 0, "dpcd.by_task": "false"}
METHODS: dict[str, tuple[str, dict[str, object]]] = {
    "SFT": ("sft", {}),
    "SFT, rate / 10": ("sft", {"loop.learning_rate": RATE / 10}),
    "SFT, rate / 30": ("sft", {"loop.learning_rate": RATE / 30}),
    "SFT with replay": ("sft", {"data": "mixed.jsonl"}),
    "LoRA": ("sft", {"adapter.kind": "lora"}),
    "KL only": ("dpcd", PLAIN),
    "filter only": ("dpcd", NO_KL | {"dpcd.beta": 0}),
    "DPCD": ("dpcd", {}),
    "DPCD without KL": ("dpcd", NO_KL),
    "DPCD without filter": ("dpcd", {"dpcd.filter": "false"}),
    "DPCD without quality": ("dpcd", {"dpcd.beta": 0}),
    "DPCD without decay": ("dpcd", {"dpcd.delta": 0}),
    "DPCD without task weights": ("dpcd", {"dpcd.by_task": "false"}),
    "DPCD without replay": ("dpcd", {"replay": 0}),
}
FIGURES = ("chains complete", "results right", "kinds right")
# 97.5 % quantile of Student's t for n - 1 degrees of freedom, by the number n of seeds.
_T = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776, 6: 2.571, 7: 2.447, 8: 2.365, 9: 2.306, 10: 2.262}


@dataclass(frozen=True)
class Size:
    """Steps of the first model and of each method, rows of data, and questions asked."""

    first_steps: int = 2000
    learnt: int = 60_000
    domain: int = 3000
    replay: int = 1000
    questions: int = 300
    steps: int = 300


SMALL = Size(first_steps=500, learnt=30_000, domain=400, replay=120, questions=60, steps=60)


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--small", action="store_true", help="only to see that it runs")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    arguments = parser.parse_args()
    size, work = SMALL if arguments.small else Size(), arguments.work
    base = first_model(work, size)
    results = work / "results.jsonl"
    lines = results.read_text().splitlines() if results.exists() else []
    done = {(row["method"], row["seed"]) for row in map(json.loads, lines)}
    for seed in range(1, arguments.seeds + 1):
        data = seed_data(work / f"seed-{seed}", base, seed, size)
        for method in ("before", *arguments.methods):
            if (method, seed) not in done:
                row = {"method": method, "seed": seed, **measure(method, base, data, seed, size)}
                with results.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(row) + "\n")
    print(table([json.loads(line) for line in results.read_text().splitlines()]))
    return 0


def first_model(work: Path, size: Size) -> Path:
    """The model that knows arithmetic; made once."""
    folder = work / "base" / "model"
    if folder.exists():
        return folder
    chooser = random.Random(0)
    makers: list[Callable[[random.Random], dict[str, Any]]] = [arithmetic, arithmetic, reading]
    rows = [makers[number % 3](chooser) for number in range(size.learnt)]
    data = _write(work / "learnt.jsonl", rows)
    sample_text = [render_text(row["messages"]) for row in rows[:3000]]
    sample_text += [render_text(kind(chooser, "sound")["messages"]) for _ in range(500)]
    tokenizer = train_tokenizer(sample_text, 256 + 120 + len(RESERVED_TOKENS))
    empty = work / "empty"
    save_tokenizer(tokenizer, empty, TEMPLATE.read_text(encoding="utf-8"), SHAPE.context)
    build(SHAPE, tokenizer.get_vocab_size(), seed=0).save_pretrained(empty)
    _train("sft", {
        "model": empty, "data": data, "out": work / "base", "loop.steps": size.first_steps,
        "loop.rows": 64, "loop.learning_rate": 3e-3, "loop.optimizer": "muon",
        "loop.log_steps": 50, "loop.mixed": "false",
    })  # fmt: skip
    return folder


def seed_data(folder: Path, base: Path, seed: int, size: Size) -> Path:
    """domain.jsonl, replay.jsonl, both mixed, and the questions; made once per seed."""
    if (folder / "mixed.jsonl").exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    chooser = random.Random(seed)
    chains = ("none", "none", "sound", "broken")
    domain = [kind(chooser, chains[number % 4]) for number in range(size.domain)]
    _write(folder / "domain.jsonl", domain)
    asked = _write(folder / "asked.jsonl", [arithmetic(chooser) for _ in range(size.replay)])
    write_answers(
        load(base), load_tokenizer(base), base, asked, folder / "replay.jsonl", 200, 120, 0.0, seed
    )
    replay = [json.loads(line) for line in (folder / "replay.jsonl").read_text().splitlines()]
    known = {row["messages"][0]["content"] for row in replay}
    drawn = (arithmetic(chooser) for _ in range(2 * size.questions))
    unseen = [row for row in drawn if row["messages"][0]["content"] not in known]
    _write(folder / "arithmetic.jsonl", unseen[: size.questions])
    _write(folder / "kinds.jsonl", [kind(chooser, "none") for _ in range(size.questions)])
    share = round(size.domain * 0.3 / 0.7)
    _write(folder / "mixed.jsonl", [*domain, *(replay * share)[:share]])
    return folder


def measure(method: str, base: Path, data: Path, seed: int, size: Size) -> dict[str, float]:
    """Train by a method and ask; the shares of FIGURES and the seconds of training."""
    model, started = base, time.monotonic()
    if method != "before":
        command, given = METHODS[method]
        run = data / folder_name(method)
        settings: dict[str, object] = {
            "model": base, "out": run, "data": "domain.jsonl", "loop.steps": size.steps,
            "loop.rows": 16, "loop.accumulate": 2, "loop.learning_rate": RATE,
            "loop.seed": seed, "loop.log_steps": 50, "loop.mixed": "false",
        }  # fmt: skip
        if command == "dpcd":
            settings |= {"replay_data": data / "replay.jsonl", "replay": 0.3}
        settings |= given
        settings["data"] = data / str(settings["data"])
        _train(command, settings)
        model = run / "model"
    seconds = time.monotonic() - started
    sums, kinds = _ask(model, data / "arithmetic.jsonl"), _ask(model, data / "kinds.jsonl")
    values = (
        statistics.mean(is_complete(row, text) for row, text in sums),
        statistics.mean(is_right(row, text) for row, text in sums),
        statistics.mean(is_right(row, text) for row, text in kinds),
    )
    if method != "before":
        shutil.rmtree(model.parent)
    return dict(zip(FIGURES, values, strict=True)) | {"seconds": round(seconds, 1)}


def table(rows: list[dict[str, Any]]) -> str:
    """Mean of each figure in percent with its 95 % interval over the seeds, by Student's t."""
    lines = [f"{'method':28}" + "".join(f"{name:>22}" for name in FIGURES)]
    for method in dict.fromkeys(row["method"] for row in rows):
        line = f"{method:28}"
        for name in FIGURES:
            values = [100 * row[name] for row in rows if row["method"] == method]
            line += f"{_interval(values):>22}"
        lines.append(line)
    return "\n".join(lines)


def folder_name(method: str) -> str:
    """A method's name as that of a folder."""
    return "".join(letter if letter.isalnum() else "_" for letter in method)


def _interval(values: list[float]) -> str:
    mean = statistics.mean(values)
    if len(values) < 2:
        return f"{mean:.1f}"
    half = _T.get(len(values), 1.96) * statistics.stdev(values) / math.sqrt(len(values))
    return f"{mean:.1f} ± {half:.1f}"


def _ask(folder: Path, questions: Path) -> list[tuple[dict[str, Any], str]]:
    """Each question with the model's likeliest answer."""
    model, tokenizer = load(folder), load_tokenizer(folder)
    rows = [json.loads(line) for line in questions.read_text().splitlines()]
    prompts = [
        tokenizer.encode(render_text(row["messages"][:1]) + "<|im_start|>assistant\n").ids
        for row in rows
    ]
    written: list[list[int]] = []
    for first in range(0, len(prompts), 100):
        part = prompts[first : first + 100]
        written += sample(model, part, stop_tokens(tokenizer, folder), 120, 0.0, seed=0)
    return list(zip(rows, map(tokenizer.decode, written), strict=True))


def _train(command: str, settings: dict[str, object]) -> None:
    words = [word for key, value in settings.items() for word in (f"--{key}", str(value))]
    if assay_train([command, *words]):
        raise SystemExit(f"{command} did not finish; the same command goes on.")


def _write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


if __name__ == "__main__":
    raise SystemExit(main())
