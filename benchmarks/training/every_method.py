"""Every training method once, small: what it should improve, before and after.

    python -m benchmarks.training.every_method --work FOLDER [--only NAME …]

All data are made here: Assay's guides, tool dialogues, reports, kinds of protocols. What is
measured on is held out: other sections, wordings and questions. A run from random weights is
compared with itself after one step at no rate. Each run is a program of its own with two threads;
minutes and peak memory are the program's. A finished run is a line in FOLDER/results.jsonl and is
not done again; to repeat one, remove its line and its folder.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch

from benchmarks.training import held_out, rl, starter
from benchmarks.training.forgetting import folder_name
from benchmarks.training.programs import ROOT, Cost, cost
from training.loop.log import read_metrics

BASE = ROOT / "resources" / "models" / "starter-base"
THREADS = 2
Measure = Callable[[Path, Path], held_out.Figures]


@dataclass(frozen=True)
class Run:
    """name; command and settings, paths being relative to the work folder; measure: figures of a
    model, none for what only prepares; after: another measure for the result.

    start: "base" (pretrained only), "starter" (finished), the run whose model it goes on from, or
    "" for random weights.
    """

    name: str
    command: str
    settings: dict[str, Any]
    start: str = ""
    measure: Measure | None = None
    after: Measure | None = None


def _groups(*names: str) -> str:
    parts = (f'{{name = "{n}", weight = 1, selections = [{{file = "{n}"}}]}}' for n in names)
    return f"[{', '.join(parts)}]"


def _loop(steps: int, rate: float, rows: int = 16, **more: Any) -> dict[str, Any]:
    named = {f"loop.{key}": value for key, value in more.items()}
    return {"loop.steps": steps, "loop.rows": rows, "loop.learning_rate": rate, **named}


CORPUS = {"corpus": "corpus", "groups": _groups("guides", "talks")}
WORDS, BYTES = 2048, 256 + 41
TINY = {"shape": "tiny", "context": 256, "long_share": 0} | _loop(80, 4e-3, optimizer="muon")


def _vocabulary(size: int) -> list[Run]:
    """A tokenizer, its cache, and a small model on it."""
    name = "Tokenizer" if size == WORDS else "bytes"
    settings = {"tokenizer": name, "cache": f"cache_{size}", "groups": CORPUS["groups"]}
    model = f"Pretraining, {'2,048 words' if size == WORDS else 'bytes'}"
    learnt = CORPUS | {"vocab_size": size, "context": 256}
    return [
        Run(name, "tokenizer", learnt, "", held_out.compressed if size == WORDS else None),
        Run(f"cache_{size}", "cache", CORPUS | {"tokenizer": name, "out": f"cache_{size}"}),
        Run(model, "pretrain", settings | TINY, "", held_out.bits),
    ]


SMALL = {"tokenizer": "Tokenizer", "cache": f"cache_{WORDS}", "groups": CORPUS["groups"]}
LONG = SMALL | {"context": 1024, "long_context": 1024, "long_share": 0}
TALKS = {"data": "talks.jsonl", "context": 1024}
TUNED = "Tuned on flawed reports"
KINDS = "Tuned on kinds of protocols"
TEACHER = "DAPO"


def _adapter(name: str) -> Run:
    settings = TALKS | {"adapter.kind": name.lower(), "adapter.rank": 16}
    return Run(name, "sft", settings | _loop(20, 2e-3, 8), "base", held_out.calls)


def _policy(name: str, loss: str, rate: float = 5e-4, **more: Any) -> Run:
    settings = {
        "data": "questions.jsonl", "rewards": '[{name = "report_format"}, {name = "safety"}]',
        "loss": loss, "context": 512, "longest": rl.LONGEST, "prompts": 4, "group": 8, "kl": 0.05,
    }  # fmt: skip
    return Run(name, "grpo", settings | more | _loop(15, rate), TUNED, held_out.answers)


def _distil(name: str, **more: Any) -> Run:
    settings = {"data": "reports.jsonl", "context": 512, "longest": rl.LONGEST, "alpha": 0.0}
    if "topk" not in more:
        settings["teacher"] = f"{folder_name(TEACHER)}/model"
    measure = partial(held_out.student, teacher=folder_name(TEACHER))
    return Run(name, "distil", settings | more | _loop(20, 5e-4), TUNED, measure)


def _preference(name: str, objective: str, rate: float = 2e-4, **more: Any) -> Run:
    settings = {"data": "pairs.jsonl", "context": 512, "objective": objective} | more
    return Run(name, "dpo", settings | _loop(20, rate), TUNED, held_out.preferred)


def _thinking(name: str, rate: float) -> Run:
    settings = {
        "rewards": '[{name = "right_answer"}, {name = "think_format"}]', "thinking": 0.5,
        "data": "kinds_asked.jsonl", "context": 256, "longest": 48, "prompts": 4, "group": 8,
        "kl": 0.05,
    }  # fmt: skip
    return Run(name, "grpo", settings | _loop(20, rate), KINDS, held_out.thoughts)


def _stretched(name: str, start: str, longest: int) -> Run:
    page = f"{folder_name(name)}.html"
    settings = {"data": "texts_held_out.jsonl", "out": page, "longest": longest, "buckets": 4}
    after = partial(held_out.lengths, factor=4.0)
    return Run(name, "lengths", settings, start, held_out.lengths, after)


RUNS = (
    *_vocabulary(BYTES),
    *_vocabulary(WORDS),
    _stretched("YaRN × 4, not trained", "Pretraining, 2,048 words", 1024),
    _stretched("YaRN × 4, starter model", "base", 8192),
    Run("YaRN × 4, trained", "pretrain", LONG | {"yarn": 4} | _loop(30, 1e-3, 4),
        "Pretraining, 2,048 words", held_out.lengths),
    Run("The same without YaRN", "pretrain", LONG | _loop(30, 1e-3, 4),
        "Pretraining, 2,048 words", held_out.lengths),
    Run("SFT on tool dialogues", "sft", TALKS | _loop(60, 2e-3, 8, optimizer="muon"), "base",
        held_out.calls),
    _adapter("LoRA"),
    _adapter("rsLoRA"),
    _adapter("DoRA"),
    Run("Tool RL", "tools", {
        "rewards": '[{name = "tool_success"}, {name = "repetition", weight = 0.5}]', "calls": 2,
        "questions": 300, "held_out_questions": 8, "context": 1024, "longest": 96, "prompts": 4,
        "group": 8, "loss": "cispo", "low": 1.0, "high": 4.0, "kl": 0.02}
        | _loop(20, 1e-4, 8), "starter", held_out.tools),
    Run(TUNED, "sft", {"data": "reports.jsonl", "context": 512}
        | _loop(40, 2e-3, optimizer="muon"), "base"),
    _policy("Dr. GRPO", "dr_grpo"),
    _policy("Dr. GRPO, lower rate", "dr_grpo", rate=2e-4),
    _policy(TEACHER, "dapo", high=0.28, resample=3),
    _distil("Cross entropy alone, same data", alpha=1.0),
    _distil("Black-box distillation", kind="black_box", data="asked_questions.jsonl"),
    _distil("White-box, forward KL"),
    _distil("White-box, reverse KL", beta=1.0),
    _distil("White-box, Jensen-Shannon", beta=0.5),
    _distil("On-policy, reverse KL", kind="on_policy", beta=1.0),
    Run("topk", "topk", {"teacher": f"{folder_name(TEACHER)}/model", "data": "reports.jsonl",
        "context": 512, "out": "topk"}),
    _distil("Stored top-50 logits, forward KL", topk="topk"),
    _preference("DPO", "dpo"),
    _preference("DPO, lower rate", "dpo", rate=2e-5),
    _preference("LD-DPO, α = 0.5", "dpo", length_alpha=0.5),
    _preference("IPO", "ipo"),
    _preference("SimPO", "simpo", beta=2.0),
    _preference("SimPO, lower rate", "simpo", rate=2e-5, beta=2.0),
    _preference("ORPO", "orpo"),
    Run("Reward model", "reward", {"data": "pairs.jsonl", "context": 512} | _loop(20, 3e-4),
        TUNED, held_out.ranked),
    Run(KINDS, "sft", {"data": "kinds.jsonl", "context": 256}
        | _loop(40, 2e-3, optimizer="muon"), "base"),
    _thinking("Adaptive thinking", 5e-4),
    _thinking("Adaptive thinking, lower rate", 5e-5),
    Run("Mixture of experts", "pretrain", SMALL | {"shape": "moe", "long_share": 0, "context": 256}
        | _loop(24, 4e-3, 4, optimizer="muon"), "", held_out.bits),
)  # fmt: skip


def main() -> None:
    """Make the data, do what is missing, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--only", nargs="+", choices=[run.name for run in RUNS])
    given = parser.parse_args()
    work: Path = given.work.absolute()
    if not (work / "kinds_held_out.jsonl").exists():
        starter.unpack(work / "starter" / "model")
        held_out.write_data(work)
    results = work / "results.jsonl"
    # Models are measured in a process of their own: a program that this one starts is charged with
    # the memory this one has taken until then.
    with ProcessPoolExecutor(1, get_context("spawn"), torch.set_num_threads, (THREADS,)) as beside:
        for run in RUNS:
            lines = results.read_text().splitlines() if results.exists() else []
            if run.name in {json.loads(line)["name"] for line in lines}:
                continue
            if given.only is None or run.name in given.only:
                row = carry_out(run, work, beside)
                print(json.dumps(row), flush=True)
                with results.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(row) + "\n")
    print(table([json.loads(line) for line in results.read_text().splitlines()]))


def carry_out(run: Run, work: Path, beside: Executor) -> dict[str, Any]:
    """Train, and measure before and after."""
    out, model = work / folder_name(run.name), work / folder_name(run.start) / "model"
    origin = {"base": BASE, "": None}.get(run.start, model)
    given = run.settings | ({} if origin is None else {"model": origin})
    spent = _train(run.command, given, out, work)
    lines = read_metrics(out)
    row: dict[str, Any] = {
        "name": run.name, "steps": lines[-1]["step"] if lines else 0,
        "minutes": round(spent.wall / 60, 2), "mb": round(spent.memory / 1e6),
    }  # fmt: skip
    if run.measure is None:
        return row
    if run.command == "reward" or (run.command == "pretrain" and origin is None):
        # It begins with random weights, of the head at least; a step at no rate writes them down.
        _train(run.command, given | _loop(1, 1e-30, 2), work / f"{out.name}_0", work)
        origin = work / f"{out.name}_0" / "model"
    before = beside.submit(run.measure, origin, work).result() if origin else {}
    end = out / "model" if (out / "model").exists() else origin or out
    after = beside.submit(run.after or run.measure, end, work).result()
    return row | {"before": before, "after": after}


def table(rows: Iterable[dict[str, Any]]) -> str:
    """A Markdown table of the runs that were measured."""
    order = [run.name for run in RUNS]
    lines = ["| Method | Held out, before → after | Steps | Minutes | Peak MB |", "|---" * 5 + "|"]
    for row in sorted(rows, key=lambda row: order.index(row["name"])):
        if "after" in row:
            figures = "; ".join(
                f"{name} {_short(row['before'][name])} → {_short(value)}"
                if name in row["before"]
                else f"{name} {_short(value)}"
                for name, value in row["after"].items()
            )
            spent = f"{row['steps']} | {row['minutes']:.1f} | {row['mb']:,}"
            lines.append(f"| {row['name']} | {figures} | {spent} |")
    return "\n".join(lines)


def _train(command: str, settings: dict[str, Any], out: Path, work: Path) -> Cost:
    flags = [word for key, value in settings.items() for word in (f"--{key}", str(value))]
    flags += [] if "out" in settings else ["--out", str(out)]
    return cost([sys.executable, "-m", "training.cli", command, *flags], work, THREADS)


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.{1 if abs(value) >= 10 else 3}f}"


if __name__ == "__main__":
    main()
