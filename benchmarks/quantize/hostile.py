"""Damaged models and files against assay-quantize: each ends in a result or in one sentence.

    nice python -m benchmarks.quantize.hostile --count 5000 --seed 1

Seven cases of ten are model folders given to `convert`, the others GGUF files, importance matrices
and recipes given to `quantize`, `imatrix`, `compare` and `search`. They run in a process of their
own, whose death would be counted and survived. What needs llama.cpp is really done, in children,
for the first --children cases that get so far; for the others a stand-in answers. Passed if every
case ended in a result or a sentence, within 10 s of the processor and 1 GiB of memory more than
there was at the start, nothing was changed but the target and its recipe, and no part of a file
was left.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.quantize.hostile_bench import Bench, as_line

ROOT = Path(__file__).resolve().parents[2]
MEMORY = 1 << 30  # bytes a process may have more than it begins with
SILENT = 90  # seconds after which a process that says nothing is ended
ENOUGH = 20  # deaths that are worth counting
WORDS = {
    "done": "carried out",
    "accepted": "accepted, not given to a child",
    "refused": "refused with a sentence",
    "hung": "stopped after 60 s",
    "crash": "other exceptions",
}


def make_models(folder: Path) -> None:
    """Small good models of three kinds, and an adapter for the first."""
    sys.path.insert(0, str(ROOT / "tests" / "quantize"))
    tiny = import_module("tiny_models")
    classes = import_module("transformers")
    small = {"hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 2}
    experts = {"num_experts": 2, "num_experts_per_tok": 1, "moe_intermediate_size": 32}
    for kind, settings in {
        "Qwen3": small | {"head_dim": 8},
        "Llama": small,
        "Qwen3Moe": small | experts | {"head_dim": 8, "norm_topk_prob": True},
    }.items():
        place = folder / "models" / kind
        types = getattr(classes, f"{kind}Config"), getattr(classes, f"{kind}ForCausalLM")
        tiny.make_other(place, *types, **settings)
        (tiny.make_pieces if kind == "Llama" else tiny.make_tokenizer)(place)
    tiny.make_adapter(folder / "models" / "Qwen3", folder / "adapter")


def work(folder: Path, count: int, seed: int, first: int, children: int) -> None:
    """Do the cases from number `first` on; a line of JSON on stdout for each."""
    models = sorted((folder / "models").iterdir())
    bench = Bench(folder, models, folder / "adapter", seed, children)
    limit = 1024 * _kibibytes("VmSize") + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))
    before = _kibibytes("VmRSS")
    for index in range(first, count):
        line = as_line(bench.run(index)) | {"memory": _kibibytes("VmHWM") - before}
        print(json.dumps(line), flush=True)


def _kibibytes(name: str) -> int:
    return int(Path("/proc/self/status").read_text().split(f"{name}:")[1].split()[0])


@dataclass
class Tally:
    """What became of all cases. memory: KiB; slowest: seconds of the processor, by
    the clock, and the case."""

    outcomes: Counter[str] = field(default_factory=Counter)
    sentences: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    deaths: int = 0
    memory: int = 0
    slowest: tuple[float, float, str] = (0.0, 0.0, "")

    def add(self, line: dict[str, Any]) -> None:
        """Count one line of a worker."""
        self.outcomes[line["outcome"]] += 1
        if line["sentence"]:
            self.sentences[line["sentence"]] += 1
        self.memory = max(self.memory, line["memory"])
        self.slowest = max(self.slowest, (line["used"], line["seconds"], line["words"]))
        if line["trouble"]:
            what = f"{line['trouble']} {line['sentence']}"
            self.failures.append(f"{line['case']} {line['words']}: {what}")

    @property
    def passed(self) -> bool:
        """Whether nothing happened that must not."""
        return not self.deaths and not self.failures

    def table(self) -> str:
        """The summary as Markdown."""
        used, seconds, words = self.slowest
        rows = [("cases", sum(self.outcomes.values()))]
        rows += [(name, self.outcomes[key]) for key, name in WORDS.items()]
        rows += [("different sentences", len(self.sentences)), ("deaths", self.deaths)]
        return "\n".join(
            [
                "| | |",
                "|---|---:|",
                *(f"| {name} | {number:,} |" for name, number in rows),
                f"| most memory, beside the program's own | {self.memory / 1024:.0f} MB |",
                f"| slowest ({words}), processor and clock | {used:.1f} s, {seconds:.1f} s |",
            ]
        )


def run(folder: Path, count: int, seed: int, children: int) -> Tally:
    """Do all cases in worker processes, a new one where one ends too early."""
    tally = Tally()
    make_models(folder)
    while (first := sum(tally.outcomes.values()) + tally.deaths) < count:
        arguments = (str(folder), *map(str, (count, seed, first, children)))
        worker = ("-m", "benchmarks.quantize.hostile", "--worker")
        command = [sys.executable, "-W", "error", *worker, *arguments]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            _listen(process, tally)
        if process.returncode:  # the case it died of is left out
            number = sum(tally.outcomes.values()) + tally.deaths
            tally.deaths += 1
            tally.failures.append(f"{number}: the process ended with {process.returncode}")
            if tally.deaths >= ENOUGH:
                break
    return tally


def _listen(process: "subprocess.Popen[str]", tally: Tally) -> None:
    """Count a worker's lines until it ends; one that says nothing any more is ended."""
    assert process.stdout is not None
    timer = threading.Timer(SILENT, process.kill)
    timer.start()
    for text in process.stdout:
        timer.cancel()
        tally.add(json.loads(text))
        done = sum(tally.outcomes.values())
        if done % 500 == 0:
            print(f"{done:,} cases", file=sys.stderr, flush=True)
        timer = threading.Timer(SILENT, process.kill)
        timer.start()
    timer.cancel()
    process.wait()


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--children", type=int, default=300)
    parser.add_argument("--sentences", action="store_true", help="list what was said")
    parser.add_argument("--worker", nargs=5, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        folder, *numbers = arguments.worker
        work(Path(folder), *map(int, numbers))
        return 0
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="hostile-") as folder:
        tally = run(Path(folder), arguments.count, arguments.seed, arguments.children)
    print(tally.table())
    if arguments.sentences:
        for sentence, number in tally.sentences.most_common():
            print(f"{number:6,} {sentence}")
    print(*tally.failures, sep="\n")
    print(f"{'passed' if tally.passed else 'FAILED'} in {time.monotonic() - begin:.0f} s")
    return 0 if tally.passed else 1


if __name__ == "__main__":
    sys.exit(main())
