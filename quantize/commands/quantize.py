"""assay-quantize quantize IN OUT: weights in fewer bits."""

import argparse
from pathlib import Path

from quantize.outcome import Outcome
from quantize.quantize import Mix, quantize
from quantize.recipe import replay
from quantize.task import Task
from quantize.types import IMPORTANCE_TYPES, TYPES

HELP = "store weights in fewer bits"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--type", choices=(*TYPES, *IMPORTANCE_TYPES))
    which.add_argument("--recipe", type=Path, help="repeat what a search found")
    parser.add_argument("--imatrix", type=Path, help="an importance matrix")
    parser.add_argument(
        "--tensor-type",
        type=_override,
        action="append",
        default=[],
        metavar="PATTERN=TYPE",
        help="store weights whose name has the pattern as another type; the first match decides",
    )


def run(options: argparse.Namespace, task: Task) -> Outcome:
    """Do it. Raises KnownError and Cancelled."""
    if options.recipe:
        mix = replay(options.recipe, options.source, options.imatrix)
    else:
        mix = Mix(options.type, tuple(options.tensor_type), options.imatrix)
    return quantize(options.source, options.target, mix, task)


def _override(text: str) -> tuple[str, str]:
    pattern, found, kind = text.rpartition("=")
    if not found:
        raise ValueError(text)
    return pattern, kind.upper()
