"""Time and bytes of a quantization beside llama-quantize's.

    python -m benchmarks.quantize.quantize_speed --llama-cpp LLAMA.CPP [--layers 8] [--rounds 3]

Time: a random model of Qwen3-0.6B's width, all programs whole, two or as many threads as there are
processors on both sides, runs alternating, the input in the page cache, the output deleted before
and on the disk after each run. Bytes: of every tensor of these files, and of the starter model's
with an importance matrix in types that need one.
"""

import json
import os
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from benchmarks.quantize.big_model import Shape, enlarge, write_model
from benchmarks.quantize.peers import ROOT, Cost, LlamaCpp, parser, run, tools
from quantize.child import run_job
from quantize.convert import convert
from quantize.quantize import Mix, quantize
from quantize.task import Task

sys.path.insert(0, str(ROOT / "tests" / "quantize"))

from tiny_models import make_tokenizer

BAR = 1.05
TYPES = ("Q8_0", "Q4_K_M", "IQ4_XS")
WITH_IMPORTANCE = ("Q4_K_M", "IQ4_XS", "IQ3_XXS", "IQ2_XXS")


def timed(command: list[str | Path], source: Path, output: Path) -> Cost:
    """A run from an input in memory to an output on the disk."""
    output.unlink(missing_ok=True)
    os.sync()
    with open(source, "rb") as file:
        while file.read(1 << 24):
            pass
    began = time.monotonic()
    cost = run(command, os.cpu_count() or 1)
    with open(output, "rb") as file:
        os.fsync(file.fileno())
    return replace(cost, seconds=time.monotonic() - began)


def same(peer: LlamaCpp, ours: Path, theirs: Path) -> str:
    """How many tensors are the same to the byte."""
    both = [
        {one.name: (one.tensor_type, one.data.tobytes()) for one in peer.read(path).tensors}
        for path in (ours, theirs)
    ]
    names = both[0].keys() | both[1].keys()
    equal = sum(both[0].get(name) == both[1].get(name) for name in names)
    return f"{equal} of {len(names)} tensors"


def main() -> int:
    """Command line; 1 if the bar is missed."""
    options = parser(__doc__)
    options.add_argument("--layers", type=int, default=8)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--types", nargs="+", default=TYPES)
    given = options.parse_args()
    peer, task = tools(given), Task(lambda _fraction, _text: None)
    work = given.work or Path(tempfile.mkdtemp(prefix="assay-"))
    folder, source = work / "model", work / "full.gguf"
    ours, theirs = work / "ours.gguf", work / "theirs.gguf"
    if not source.exists():
        folder.mkdir(parents=True, exist_ok=True)
        make_tokenizer(folder)
        enlarge(folder / "tokenizer.json")
        shape = Shape(given.layers, width=1024, heads=16, groups=8, inner=3072)
        write_model(folder, shape)
        convert(folder, source, None, task)
    threads = str(os.cpu_count() or 1)
    print(
        f"{source.stat().st_size / 1e6:,.0f} MB, {threads} threads, load {os.getloadavg()[0]:.1f}"
    )
    print("| Type | assay-quantize, s | llama-quantize, s | Ratio of processor time | Same |")
    print("|---|---|---|---|---|")
    missed = False
    for kind in given.types:
        program = [sys.executable, "-m", "quantize.cli", "quantize", source, ours, "--type", kind]
        tool = [peer.tool("llama-quantize"), source, theirs, kind, threads]
        pairs = [
            (timed(program, source, ours), timed(tool, source, theirs)) for _ in range(given.rounds)
        ]
        wall = [statistics.median(pair[side].seconds for pair in pairs) for side in (0, 1)]
        busy = [statistics.median(pair[side].processor for pair in pairs) for side in (0, 1)]
        missed |= wall[0] > BAR * wall[1]
        print(
            f"| {kind} | {wall[0]:.2f} ({wall[0] / wall[1]:.3f}) | {wall[1]:.2f} | "
            f"{busy[0] / busy[1]:.3f} | {same(peer, ours, theirs)} |",
            flush=True,
        )
    starter, importance = work / "starter.gguf", work / "importance.gguf"
    convert(ROOT / "resources" / "models" / "starter-base", starter, None, task)
    importance.unlink(missing_ok=True)
    arguments = {
        "model": str(starter),
        "target": str(importance),
        "texts": json.dumps([(ROOT / "docs" / "training.md").read_text()[:20_000]]),
        "datasets": "[]",
        "context": "512",
    }
    run_job("imatrix", arguments, task, share=(0.0, 1.0))
    for kind in WITH_IMPORTANCE:
        quantize(starter, ours, Mix(kind, (), importance), task)
        run([peer.tool("llama-quantize"), "--imatrix", importance, starter, theirs, kind, threads])
        print(f"starter, {kind} with importances: {same(peer, ours, theirs)}", flush=True)
    print(f"bar: {BAR} times the time")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
