"""A report around a table of 60 rows with and without guessing ahead, and prose beside it.

    python benchmarks/engine/speculation.py --model FILE [--runs 3]

The words are scripted (see scripted.py): a report that repeats the rows of its prompt, and an
essay that repeats nothing. Both must come out the same with and without.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.engine.peers import conditions, median
from benchmarks.engine.scripted import Scripted

ROWS = 60
SIZES = (2, 3, 4, 6, 8, 12, 16)
ESSAY = Path(__file__).resolve().parents[2] / "docs" / "ledger.md"


def table() -> str:
    """Sixty holdings."""
    lines = ["| coin | amount | value | share |", "|---|---|---|---|"]
    for row in range(ROWS):
        value = 1000 + row * row * 7
        lines.append(
            f"| C{row:02d} | {row * 1.37:.2f} | ${value:,}.{row:02d} | {row / 18.3:.1f} % |"
        )
    return "\n".join(lines)


def main() -> int:
    """Command line; 1 if a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    print(conditions(arguments.model))
    measuring = Scripted(arguments.model, 1024)
    curve = measuring.cost_curve(SIZES)
    print("cost of n at once:", ", ".join(f"{size}: {cost:.2f}" for size, cost in curve))
    del measuring
    model = Scripted(arguments.model, 8192, curve)
    report = f"Your portfolio has {ROWS} coins.\n\n{table()}\n\nThe last rows are the largest."
    essay = ESSAY.read_text("utf-8")[:2500]
    missed = False
    for name, prompt, text, bar in (
        ("report", f"user: {table()}\nassistant:", report, 1.5),
        ("prose", "user: Write about bookkeeping.\nassistant:", essay, 0.97),
    ):
        ratios, figures = [], None
        for run in range(arguments.runs):
            times = {}
            for on in (False, True) if run % 2 else (True, False):
                said, done, times[on] = model.say(prompt, text, speculate=on)
                if said != text:
                    raise SystemExit("the answer is not what was scripted")
                figures = done if on else figures
            ratios.append(times[False] / times[True])
        assert figures is not None
        ratio = median(ratios)
        missed |= ratio < bar
        print(
            f"{name}: {ratio:.2f} times the speed without (bar {bar}); {figures.tokens} tokens, "
            f"{figures.drafted} guessed, {figures.accepted} right",
            flush=True,
        )
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
