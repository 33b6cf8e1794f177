"""assay-quantize search IN OUT --size 2.4GiB: the best types for a size."""

import argparse
from pathlib import Path

from engine.core.errors import KnownError
from quantize.commands.texts import add_texts
from quantize.outcome import Outcome
from quantize.output import parse_size
from quantize.search import Aim, Refinement, search
from quantize.task import Task

HELP = "the best types for a size"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    size = parser.add_mutually_exclusive_group(required=True)
    size.add_argument("--size", type=parse_size, default=0, help="of the file, such as 2.4GiB")
    size.add_argument("--bpw", type=_bits, default=0.0, help="bits per weight on average")
    parser.add_argument("--imatrix", type=Path, required=True, help="an importance matrix")
    parser.add_argument("--refine", type=int, default=0, metavar="N", help="changes to try after")
    parser.add_argument("--held-out", type=Path, help="the text --refine measures them on")
    parser.add_argument("--feedback", action="store_true", help="round so that errors cancel")
    add_texts(parser)


def run(options: argparse.Namespace, task: Task) -> Outcome:
    """Do it. Raises KnownError and Cancelled."""
    if bool(options.refine) != bool(options.held_out):
        raise KnownError("--refine and --held-out go together.", "Give both or none.")
    return search(
        options.source,
        options.target,
        Aim(options.size, options.bpw),
        options.imatrix,
        options.text,
        task,
        Refinement(options.refine, options.held_out) if options.refine else None,
        options.feedback,
    )


def _bits(text: str) -> float:
    value = float(text)
    if not 0 < value <= 32:
        raise ValueError(text)
    return value
