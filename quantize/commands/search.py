"""assay-quantize search IN OUT --size 2.4GiB: the best types for a size."""

import argparse

from engine.core.errors import KnownError
from quantize.commands import arguments
from quantize.commands.texts import add_texts
from quantize.outcome import Outcome
from quantize.search import Aim, Refinement, search
from quantize.task import Task

HELP = "the best types for a size"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("source", type=arguments.path)
    parser.add_argument("target", type=arguments.path)
    size = parser.add_mutually_exclusive_group(required=True)
    size.add_argument("--size", type=arguments.size, default=0, help="of the file, such as 2.4GiB")
    size.add_argument("--bpw", type=arguments.bits, default=0.0, help="bits per weight on average")
    parser.add_argument(
        "--imatrix", type=arguments.path, required=True, help="an importance matrix"
    )
    parser.add_argument(
        "--refine", type=arguments.count, default=0, metavar="N", help="changes to try after"
    )
    parser.add_argument(
        "--held-out", type=arguments.path, help="the text --refine measures them on"
    )
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
