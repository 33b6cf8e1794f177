"""What recovery wins back of the divergence that quantizing cost, at the same size and types.

    python -m benchmarks.quantize.search --work FOLDER
    python -m benchmarks.quantize.recover --work FOLDER [--corpus FOLDER] [--steps N]

FOLDER keeps what benchmarks.quantize.search made: the model, its importance matrix, Q4_K_M, the
search's file and the held-out dialogues on which all are judged. Learnt from are tool dialogues of
our own wordings and, with --corpus, as many pieces of its texts; none shares 13 words with the
held-out. `again` is what quantizing the recovered weights once more by the usual way would give.
"""

import argparse
import json
import lzma
import random
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.quantize.search import ROOT
from benchmarks.training.programs import cost
from engine.model.gguf.header import read_header
from quantize.compare import Comparison, compare
from quantize.convert import convert
from quantize.quantize import Mix, quantize
from quantize.recipe import Recipe
from quantize.sizes import kinds_of
from quantize.task import Task
from training.data.cleaning import Overlap

BAR = 0.20  # less divergence than before
DIALOGUES, PIECES, LETTERS = 4000, 500, 1500
TASK = Task(lambda _fraction, _text: None)


def held_out(work: Path) -> Overlap:
    """Finds what the judged dialogues say."""
    text = (work / "held-out-dialogues.txt").read_text()
    parts = re.split(r"^(?:@.*|---)$", text, flags=re.M)
    return Overlap(part for part in parts if not part.strip().startswith("{"))


def pieces(corpus: Path) -> Iterator[str]:
    """A stretch of so many letters of so many documents of each file."""
    for path in sorted(corpus.glob("*.jsonl.xz")):
        chance = random.Random(path.name)
        with lzma.open(path, "rt", encoding="utf-8") as lines:
            texts = [json.loads(line)["text"] for line in lines]
        for text in chance.sample(texts, min(PIECES, len(texts))):
            start = chance.randrange(max(1, len(text) - LETTERS))
            yield text[start : start + LETTERS]


def write_data(work: Path, corpus: Path | None) -> list[Path]:
    """The files to learn from, without anything that is judged on."""
    known, made = held_out(work), [work / "all-tool-dialogues.jsonl"]
    program = [sys.executable, "-m", "training.cli", "dialogues", "--out", made[0]]
    cost([*program, "--count", str(DIALOGUES), "--trial", "true"], work, 1)
    sources = {"tools.jsonl": made[0].read_text().splitlines()}
    if corpus is not None:
        sources["texts.jsonl"] = [json.dumps({"text": text}) for text in pieces(corpus)]
    for name, lines in sources.items():
        kept = [line for line in lines if not known.found_in(_said(json.loads(line)))]
        print(f"{name}: {len(kept):,} of {len(lines):,} share nothing with the held-out")
        (work / name).write_text("\n".join(kept) + "\n")
    return [work / name for name in sources]


def _said(row: dict[str, object]) -> str:
    messages = row.get("messages", ())
    assert isinstance(messages, list | tuple)
    return "\n".join([str(row.get("text", "")), *(str(one.get("content")) for one in messages)])


def show(name: str, size: int, found: Comparison, before: Comparison, spent: str) -> float:
    """One line of the table; returns how much lower the divergence is."""
    gain = 1 - found.mean_divergence / before.mean_divergence
    print(
        f"| {name} | {size:,} | {found.mean_divergence:.5f} | {found.p99_divergence:.4f} | "
        f"{found.agreement:.2%} | {gain:.1%} | {spent} |",
        flush=True,
    )
    return gain


def again(work: Path, file: Path, folder: Path) -> tuple[Path, float]:
    """The recovered weights converted and quantized to the same types, and the share of bytes of
    quantized weights that are as recovery wrote them."""
    plain, target = folder / "plain.gguf", folder / "again.gguf"
    convert(folder / "model", plain, "F32", TASK)
    matrix, header = work / "imatrix.gguf", read_header(file)
    kinds = {name: kind for name, kind in kinds_of(header).items() if kind != "F32"}
    mix = Recipe("", "", "Q4_K_M", kinds, 0.0, 0).mix(matrix)
    quantize(plain, target, Mix(mix.type, mix.overrides, matrix), TASK)
    equal = total = 0
    theirs = {info.name: info for info in read_header(target).tensors}
    for info in read_header(folder / "model.gguf").tensors:
        if info.name in kinds:
            ours = (folder / "model.gguf").read_bytes()[info.offset : info.offset + info.size]
            other = theirs[info.name]
            new = target.read_bytes()[other.offset : other.offset + other.size]
            equal += sum(a == b for a, b in zip(ours, new, strict=True))
            total += info.size
    return target, equal / total


def main() -> int:
    """Command line; 1 if a gain is below the bar."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    base = ROOT / "resources" / "models" / "starter-base"
    parser.add_argument("--folder", type=Path, default=base)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--files", nargs="+", default=["q4_0", "q4_k_m", "search"])
    parser.add_argument("--steps", type=int, default=0, help="0: as the recipe says")
    options = parser.parse_args()
    work = options.work.resolve()
    full, text = work / "full.gguf", work / "held-out.txt"
    if not (work / "q4_0.gguf").exists():
        quantize(full, work / "q4_0.gguf", Mix("Q4_0", (), work / "imatrix.gguf"), TASK)
    data = write_data(work, options.corpus)
    shares = ", ".join(f'{{data = "{path}", weight = 1.0}}' for path in data)
    gains = []
    print("| File | Bytes | Mean KL | 99 % | Same likeliest token | Lower by | Made in |")
    print("|---|---|---|---|---|---|---|")
    for name in options.files:
        file, out = work / f"{name}.gguf", work / f"recovered-{name}"
        before = compare(full, file, text, TASK)
        show(name, file.stat().st_size, before, before, "")
        program = [sys.executable, "-m", "training.cli", "recover", "--recipe"]
        flags = ["--model", options.folder.resolve(), "--quantized", file, "--out", out]
        flags += ["--loop.steps", str(options.steps)] if options.steps else []
        recipe = ROOT / "training" / "recipes" / "recover.toml"
        spent = cost([*program, recipe, *flags, "--mixture", f"[{shares}]"], work, 1)
        after = compare(full, out / "model.gguf", text, TASK)
        minutes = f"{spent.cpu / 60:.1f} min of a core"
        size = (out / "model.gguf").stat().st_size
        gains.append(show(f"{name}, recovered", size, after, before, minutes))
        target, equal = again(work, file, out)
        lost = compare(full, target, text, TASK)
        show(f"{name}, again ({equal:.1%} of its bytes)", size, lost, before, "")
    print(f"{before.positions:,} positions; bar {BAR:.0%}")
    return 0 if min(gains) >= BAR else 1


if __name__ == "__main__":
    sys.exit(main())
