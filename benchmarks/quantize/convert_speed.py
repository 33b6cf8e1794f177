"""Time and memory of a conversion beside convert_hf_to_gguf.py.

    python -m benchmarks.quantize.convert_speed --llama-cpp LLAMA.CPP [--layers 36] [--rounds 3]

The model has Qwen3-4B's shape and 8 GB of random BF16 weights, its tokenizer as many tokens. Runs
alternate. Before each, the model's files are dropped from the page cache and the old output is
deleted; a run ends when its output is on the disk (ours syncs by itself, theirs is synced after
it). "cat" copies the weights alike: nothing can be faster on this disk. The memory is that of all
processes of a run together. Needs twice the model's size of free disk.
"""

import os
import shutil
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from math import prod
from pathlib import Path

from benchmarks.quantize.big_model import Shape, enlarge, write_model
from benchmarks.quantize.peers import ROOT, Cost, parser, run, tools

sys.path.insert(0, str(ROOT / "tests" / "quantize"))

from tiny_models import make_tokenizer

TIME_BAR, MEMORY_BAR, TENSOR_BAR = 0.8, 0.3, 1.2


def forget(folder: Path) -> None:
    """Drop a folder's files from the page cache."""
    for path in folder.iterdir():
        with open(path, "rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def timed(command: list[str | Path], folder: Path, output: Path) -> Cost:
    """A run from cold files to an output on the disk."""
    output.unlink(missing_ok=True)
    os.sync()
    forget(folder)
    began = time.monotonic()
    cost = run(command)
    with open(output, "rb") as file:
        os.fsync(file.fileno())
    seconds = time.monotonic() - began
    output.unlink()
    return replace(cost, seconds=seconds)


def median(costs: list[Cost], what: str) -> float:
    """The middle of one figure of some runs."""
    return statistics.median(getattr(cost, what) for cost in costs)


def main() -> int:
    """Command line; 1 if a bar is missed."""
    options = parser(__doc__)
    options.add_argument("--layers", type=int, default=36)
    options.add_argument("--rounds", type=int, default=3)
    given = options.parse_args()
    peer, shape = tools(given), Shape(layers=given.layers)
    work = given.work or Path(tempfile.mkdtemp(prefix="assay-"))
    folder, output = work / "model", work / "out.gguf"
    if not folder.exists():
        folder.mkdir(parents=True)
        make_tokenizer(folder)
        enlarge(folder / "tokenizer.json")
        write_model(folder, shape)
    largest = 2 * max(prod(sizes) for sizes in shape.tensors().values())
    weights = sorted(folder.glob("*.safetensors"))
    ours = [sys.executable, "-m", "quantize.cli", "convert", folder, output]
    theirs = peer.convert(folder, output, "auto", "qwen2")
    copy = ["sh", "-c", 'cat "$@" > "$0"', output, *weights]
    commands = {"assay-quantize": ours, "convert_hf_to_gguf.py": theirs, "cat": copy}
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    for _ in range(given.rounds):
        for name, command in commands.items():
            cost = timed(command, folder, output)
            costs[name].append(cost)
            print(f"{name}: {cost.seconds:.1f} s, {cost.processor:.1f} s of processor", flush=True)
    print("| | Seconds | Processor seconds | Peak MB |\n|---|---|---|---|")
    for name, found in costs.items():
        figures = [median(found, what) for what in ("seconds", "processor", "peak")]
        print(f"| {name} | {figures[0]:.1f} | {figures[1]:.1f} | {figures[2] / 1e6:.0f} |")
    both = [costs[name] for name in ("assay-quantize", "convert_hf_to_gguf.py")]
    time_ratio, memory = (
        median(both[0], what) / median(both[1], what) for what in ("seconds", "peak")
    )
    tensor = median(both[0], "peak") / largest
    print(f"time {time_ratio:.2f} (bar {TIME_BAR}), memory {memory:.3f} (bar {MEMORY_BAR}),")
    print(f"peak / largest tensor {tensor:.2f} (bar {TENSOR_BAR})")
    if given.work is None:
        shutil.rmtree(work)
    return int(time_ratio > TIME_BAR or memory > MEMORY_BAR or tensor > TENSOR_BAR)


if __name__ == "__main__":
    sys.exit(main())
