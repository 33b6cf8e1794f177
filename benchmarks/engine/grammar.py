"""A tool call under its grammar against the same words without one.

    python benchmarks/engine/grammar.py --model FILE [--runs 7]

The words are scripted (see scripted.py): a model that knows its tools, whose every token the
grammar checks.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.engine.peers import conditions, median
from benchmarks.engine.scripted import Scripted

CALL = (
    '<tool_call>\n{"name": "what_if", "arguments": {"asset": "BTC", "change_percent": -30}}\n'
    "</tool_call>"
)
GRAMMAR = r"""root ::= start name "\", \"arguments\": {" pairs "}}\n</tool_call>"
start ::= "<tool_call>\n{\"name\": \""
name ::= [a-z_]+
pairs ::= pair (", " pair)*
pair ::= "\"" [a-z_]+ "\": " (string | number)
string ::= "\"" [A-Za-z0-9 ]* "\""
number ::= "-"? [0-9]+ ("." [0-9]+)?
"""
BAR = 0.95


def main() -> int:
    """Command line; 1 if the bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--runs", type=int, default=7)
    arguments = parser.parse_args()
    print(conditions(arguments.model))
    model = Scripted(arguments.model, 1024)
    ratios = []
    for run in range(arguments.runs + 1):
        times = {}
        for grammar in (None, GRAMMAR) if run % 2 else (GRAMMAR, None):
            said, done, times[grammar] = model.say(
                "user: What if BTC falls by 30 %?\n", CALL, grammar=grammar, speculate=False
            )
            if said != CALL:
                raise SystemExit(f"the call is not what was scripted: {said!r}")
        if run:
            ratios.append(times[None] / times[GRAMMAR])
    ratio = median(ratios)
    print(f"{done.tokens} tokens: {ratio:.3f} times the speed without a grammar (bar {BAR})")
    return int(ratio < BAR)


if __name__ == "__main__":
    sys.exit(main())
