"""Our comparison of two files beside llama-perplexity's, on the same text.

    python -m benchmarks.quantize.compare_same --llama-cpp LLAMA.CPP

The starter model and its Q4_K_M. llama-perplexity keeps the original's log-probabilities in 16 bits
each and cuts them off 16 below the likeliest, so the original's perplexity is taken of the run that
writes them. Quantized products depend a little on the kernel that computes them: it runs twice, as
it comes and with --no-repack. It leaves out the last position of each window. The text has no words
that spell control tokens, which it does not take for such.
"""

import re
import sys
import tempfile
from pathlib import Path

from benchmarks.quantize.peers import ROOT, parser, run, tools
from quantize.compare import compare
from quantize.convert import convert
from quantize.quantize import quantize
from quantize.task import Task

LABELS = {
    "mean_divergence": r"Mean\s+KLD:\s+([\d.]+)",
    "p99_divergence": r"99\.0%\s+KLD:\s+([\d.]+)",
    "agreement": r"Same top p:\s+([\d.]+)",
    "reference_perplexity": r"Final estimate: PPL = ([\d.]+)",
    "candidate_perplexity": r"Mean PPL\(Q\)\s*:\s+([\d.]+)",
}


def main() -> int:
    """Command line."""
    options = parser(__doc__)
    options.add_argument("--letters", type=int, default=20_000)
    given = options.parse_args()
    peer, task = tools(given), Task(lambda _fraction, _text: None)
    work = given.work or Path(tempfile.mkdtemp(prefix="assay-"))
    work.mkdir(parents=True, exist_ok=True)
    full, small, text, base = (work / name for name in ("full", "small", "text.txt", "base"))
    text.write_text((ROOT / "docs" / "market.md").read_text()[: given.letters])
    convert(ROOT / "resources" / "models" / "starter-base", full, "F32", task)
    quantize(full, small, "Q4_K_M", task)
    ours = compare(full, small, text, task)
    tool = [peer.tool("llama-perplexity"), "-f", text, "-c", "512", "-t", "1"]
    first = run([*tool, "-m", full, "--kl-divergence-base", base]).output
    again = [*tool, "-m", small, "--kl-divergence-base", base, "--kl-divergence"]
    outputs = [first + run([*again, *more]).output for more in ([], ["--no-repack"])]
    print(f"{ours.positions:,} positions")
    print("| Figure | assay-quantize | llama-perplexity | --no-repack |\n|---|---|---|---|")
    for name, pattern in LABELS.items():
        found = [re.search(pattern, output) for output in outputs]
        theirs = [float(one[1]) / (100 if name == "agreement" else 1) for one in found if one]
        values = " | ".join(f"{value:.5f}" for value in (getattr(ours, name), *theirs))
        print(f"| {name} | {values} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
