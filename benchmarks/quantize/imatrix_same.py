"""Our importance matrix beside llama-imatrix's, on the same text.

    python -m benchmarks.quantize.imatrix_same --llama-cpp LLAMA.CPP [--windows 12]

The models are the starter and a small random mixture of experts. llama-imatrix runs twice: as it
comes, with keys and values in F16 and its choice of attention, and with F32 and without flash
attention, as ours does. A weight's difference is Σ |a − b| / Σ b over its inputs, of the sums Σ x²
as they are in the files; the worst of all weights counts. One window at a time ("-b 512"), since
llama-imatrix leaves a few tokens out where three share a batch. Rounding to F16 can send a token
that is undecided between two experts to the other one; the last column counts these, and such a run
is not judged.
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.quantize.peers import ROOT, LlamaCpp, parser, run, tools
from quantize.child import run_job
from quantize.convert import convert
from quantize.task import Task

sys.path[:0] = [str(ROOT / "tests" / "quantize"), str(ROOT / "tests" / "quantize" / "convert")]

from test_convert_experts import QWEN3, make  # noqa: E402

BAR = 1e-4
TEXT = ROOT / "docs" / "training.md"
WAYS = {
    "as it comes": [],
    "F32 keys and values": ["-fa", "off", "-ctk", "f32", "-ctv", "f32"],
}


def sums(peer: LlamaCpp, path: Path) -> dict[str, NDArray[np.float64]]:
    """Name → its numbers, of an importance matrix."""
    return {one.name: one.data.astype(np.float64).ravel() for one in peer.read(path).tensors}


def difference(ours: dict[str, Any], theirs: dict[str, Any]) -> tuple[float, float, str]:
    """The worst weight's difference, the worst single number's and the weight's name."""
    found = []
    for name, values in theirs.items():
        if not name.endswith(".counts"):
            gaps = np.abs(ours[name] - values)
            single = (gaps / np.maximum(values, 1e-30)).max()
            found.append((float(gaps.sum() / values.sum()), float(single), name))
    return max(found)


def moved(ours: dict[str, Any], theirs: dict[str, Any]) -> int:
    """Tokens that another expert read, or that were not counted, in the worst weight."""
    return max(
        int(np.abs(ours[name] - theirs[name]).max()) for name in theirs if name.endswith(".counts")
    )


def main() -> int:
    """Command line; 1 if the bar is missed."""
    options = parser(__doc__)
    options.add_argument("--windows", type=int, default=12)
    given = options.parse_args()
    peer, task = tools(given), Task(lambda _fraction, _text: None)
    work = given.work or Path(tempfile.mkdtemp(prefix="assay-"))
    work.mkdir(parents=True, exist_ok=True)
    text = work / "text.txt"
    text.write_text(TEXT.read_text()[: given.windows * 1400])
    make(work / "moe", QWEN3)
    folders = {
        "starter": ROOT / "resources" / "models" / "starter-base",
        "Qwen3-MoE, random": work / "moe",
    }
    missed = False
    print("| Model | llama-imatrix | Windows | Weights | Worst weight | Worst number | Moved |")
    print("|---|---|---|---|---|---|---|")
    for name, folder in folders.items():
        model, ours, theirs = (work / file for file in ("full.gguf", "ours.gguf", "theirs.gguf"))
        convert(folder, model, "F32", task)
        ours.unlink(missing_ok=True)
        arguments = {
            "model": str(model),
            "target": str(ours),
            "texts": json.dumps([text.read_text()]),
            "datasets": json.dumps([text.name]),
            "context": "512",
        }
        done = run_job("imatrix", arguments, task, share=(0.0, 1.0))
        for way, more in WAYS.items():
            files = ["-m", model, "-f", text, "-o", theirs]
            settings = [
                "-c",
                "512",
                "-b",
                "512",
                "-t",
                "1",
                "--process-output",
                "--parse-special",
                "--no-ppl",
            ]
            run([peer.tool("llama-imatrix"), *files, *settings, *more])
            found = sums(peer, theirs)
            mine = sums(peer, ours)
            worst, single, where = difference(mine, found)
            tokens = moved(mine, found)
            missed |= worst > BAR and (tokens == 0 or way != "as it comes")
            print(
                f"| {name} | {way} | {done['windows']} | {len(found) // 2} | "
                f"{worst:.1e} ({where.removesuffix('.in_sum2')}) | {single:.1e} | {tokens} |",
                flush=True,
            )
    print(f"bar: {BAR:.0e} for the worst weight")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
