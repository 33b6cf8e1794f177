"""What rounding with feedback gains: files of the same types and bytes, with and without it.

    python -m benchmarks.quantize.transforms [--folder resources/models/starter-base]
            [--work FOLDER] [--types Q4_0 Q4_K_M …] [--search]

The model is converted; its importance matrix and the sums that feedback needs come from our
dialogues alone. All files are judged on dialogues that these know nothing of, those of
benchmarks.quantize.search. --search adds what a search finds for the size of the last type.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.quantize.search import ROOT, row, write_held_out
from engine.model.gguf.header import read_header
from quantize.compare import compare
from quantize.convert import convert
from quantize.imatrix import collect
from quantize.quantize import Mix, quantize
from quantize.recipe import replay
from quantize.search import Aim, search
from quantize.task import Task

TYPES = ("Q3_K_M", "IQ4_XS", "Q4_0", "Q4_K_M")
BAR = 0.05  # less divergence than plain rounding of the same type


class Bench:
    """A converted model with its importance matrix and a text to judge files on."""

    def __init__(self, folder: Path, work: Path) -> None:
        self._task = Task(lambda _fraction, _text: None)
        self._work = work
        self._full, self.matrix, self._text = (
            work / name for name in ("full.gguf", "imatrix.gguf", "held-out.txt")
        )
        convert(folder, self._full, None, self._task)
        collect(self._full, self.matrix, [], self._task)
        write_held_out(self._text, read_header(self._full), work)

    def search(self, size: int) -> Mix:
        """The best types for a size."""
        target = self._work / "search.gguf"
        search(self._full, target, Aim(size), self.matrix, [], self._task)
        return replay(target.with_suffix(".recipe.json"), self._full, self.matrix)

    def measure(self, name: str, mix: Mix) -> tuple[int, float]:
        """Two lines of the table; bytes of the file and by how much feedback lowers its cost."""
        costs = []
        for suffix, feedback in (("", None), (" with feedback", [])):
            target = self._work / f"{name}{suffix}.gguf"
            began = time.monotonic()
            done = quantize(self._full, target, mix, self._task, feedback)
            seconds = time.monotonic() - began
            found = compare(self._full, target, self._text, self._task)
            row(name + suffix, done.size, done.bits_per_weight, seconds, found)
            costs.append(found.mean_divergence)
        return done.size, 1 - costs[1] / costs[0]


def main() -> int:
    """Command line; 1 if feedback does not help every type."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    starter = ROOT / "resources" / "models" / "starter-base"
    parser.add_argument("--folder", type=Path, default=starter)
    parser.add_argument("--work", type=Path)
    parser.add_argument("--types", nargs="+", default=TYPES)
    parser.add_argument("--search", action="store_true")
    arguments = parser.parse_args()
    work = arguments.work or Path(tempfile.mkdtemp(prefix="assay-"))
    work.mkdir(parents=True, exist_ok=True)
    bench = Bench(arguments.folder, work)
    print("| File | Bytes | Bits per weight | Mean KL | 99 % | Same likeliest token | Made in |")
    print("|---|---|---|---|---|---|---|")
    mixes = {name: Mix(name, (), bench.matrix) for name in arguments.types}
    gains = {}
    for name, mix in mixes.items():
        size, gains[name] = bench.measure(name, mix)
    if arguments.search:
        _, gains["search"] = bench.measure("search", bench.search(size))
    print("mean KL lower by: " + ", ".join(f"{name} {gain:.1%}" for name, gain in gains.items()))
    return 0 if min(gains.values()) >= BAR else 1


if __name__ == "__main__":
    sys.exit(main())
