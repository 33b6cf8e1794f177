"""What the search gains over Q4_K_M of the same size and with the same importance matrix.

    python -m benchmarks.quantize.search [--folder resources/models/starter-base] [--work FOLDER]

The model is converted; its importance matrix comes from our dialogues alone. Both files are judged
on dialogues that these know nothing of, written with the model's template: the hand-written
questions of benchmarks/data with their tool calls, and terms of the glossary with what they mean.
The search may use as many bytes as Q4_K_M has.
"""

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from engine.assistant.tools import TOOLS
from engine.model.gguf.header import GgufHeader, read_header
from quantize.calibration import texts_for
from quantize.compare import Comparison, compare
from quantize.convert import convert
from quantize.imatrix import collect
from quantize.quantize import Mix, quantize
from quantize.search import Aim, search
from quantize.task import Task

ROOT = Path(__file__).resolve().parents[2]
BAR = 0.20  # less divergence than Q4_K_M


def questions() -> Iterator[str]:
    """Dialogues of a question and the right call."""
    tools = "\n".join(
        json.dumps({"name": name, "description": "", "parameters": {}}) for name in list(TOOLS)[:6]
    )
    path = ROOT / "benchmarks" / "data" / "assistant_heldout.jsonl"
    for line in path.read_text().splitlines():
        item = json.loads(line)
        if item["call"]:
            call = item["call"]
            yield (
                f"@tools\n{tools}\n@user\n{item['text']}\n"
                f"@call {call['name']}\n{json.dumps(call['arguments'])}"
            )


def terms() -> Iterator[str]:
    """Dialogues of a term and its meaning."""
    for path in sorted((ROOT / "resources" / "knowledge" / "glossary").glob("*.md")):
        for part in path.read_text().split("\n## ")[1:]:
            term, _, rest = part.partition("\n")
            meaning = rest.partition("\n\n")[2].strip()  # after its aliases and references
            if meaning:
                yield f"@user\nWhat is {term.strip()}?\n@assistant\n{meaning}"


def write_held_out(path: Path, header: GgufHeader, folder: Path) -> None:
    """A text of 200 questions and 200 terms, written with the model's template."""
    chance = random.Random(7)
    both = [chance.sample(list(source), 200) for source in (questions(), terms())]
    dialogues = [one for pair in zip(*both, strict=True) for one in pair]
    plain = folder / "held-out-dialogues.txt"
    plain.write_text("\n---\n".join(dialogues))
    own = len(texts_for(header, []))
    path.write_text("".join(texts_for(header, [plain])[own:]))


def row(name: str, size: int, bits: float, seconds: float, found: Comparison) -> None:
    """One line of the table."""
    print(
        f"| {name} | {size:,} | {bits:.3f} | {found.mean_divergence:.5f} | "
        f"{found.p99_divergence:.4f} | {found.agreement:.2%} | {seconds:.0f} s |",
        flush=True,
    )


def main() -> int:
    """Command line; 1 if the gain is below the bar."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--folder", type=Path, default=ROOT / "resources" / "models" / "starter-base"
    )
    parser.add_argument("--work", type=Path)
    arguments = parser.parse_args()
    work = arguments.work or Path(tempfile.mkdtemp(prefix="assay-"))
    work.mkdir(parents=True, exist_ok=True)
    task = Task(lambda _fraction, _text: None)
    full, matrix, text = work / "full.gguf", work / "imatrix.gguf", work / "held-out.txt"
    convert(arguments.folder, full, None, task)
    began = time.monotonic()
    importance = collect(full, matrix, [], task)
    print(f"importance matrix: {importance.tokens:,} tokens, {time.monotonic() - began:.0f} s")
    write_held_out(text, read_header(full), work)
    print("| File | Bytes | Bits per weight | Mean KL | 99 % | Same likeliest token | Made in |")
    print("|---|---|---|---|---|---|---|")
    plain = quantize(full, work / "q4_k_m.gguf", Mix("Q4_K_M", (), matrix), task)
    theirs = compare(full, work / "q4_k_m.gguf", text, task)
    row("Q4_K_M", plain.size, plain.bits_per_weight, plain.seconds, theirs)
    began = time.monotonic()
    found = search(full, work / "search.gguf", Aim(plain.size), matrix, [], task)
    seconds = time.monotonic() - began
    ours = compare(full, work / "search.gguf", text, task)
    row("search", found.size, found.bits_per_weight, seconds, ours)
    gain = 1 - ours.mean_divergence / theirs.mean_divergence
    print(f"{theirs.positions:,} positions; types: {found.types}")
    print(f"mean KL {gain:.1%} lower (bar {BAR:.0%}); predicted {found.predicted:.5f}")
    return 0 if gain >= BAR and found.size <= plain.size else 1


if __name__ == "__main__":
    sys.exit(main())
