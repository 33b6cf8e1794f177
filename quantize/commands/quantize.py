"""assay-quantize quantize IN OUT: weights in fewer bits."""

import argparse

from engine.core.errors import KnownError
from quantize.commands import arguments
from quantize.commands.texts import add_texts
from quantize.outcome import Outcome
from quantize.quantize import Mix, quantize
from quantize.recipe import replay
from quantize.task import Task
from quantize.types import IMPORTANCE_TYPES, TYPES

HELP = "store weights in fewer bits"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("source", type=arguments.path)
    parser.add_argument("target", type=arguments.path)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--type", choices=(*TYPES, *IMPORTANCE_TYPES))
    which.add_argument("--recipe", type=arguments.path, help="repeat what a search found")
    parser.add_argument("--imatrix", type=arguments.path, help="an importance matrix")
    parser.add_argument(
        "--tensor-type",
        type=arguments.tensor_type,
        action="append",
        default=[],
        metavar="PATTERN=TYPE",
        help="store weights whose name has the pattern as another type; the first match decides",
    )
    parser.add_argument(
        "--feedback", action="store_true", help="round so that errors cancel; takes longer"
    )
    add_texts(parser)


def run(options: argparse.Namespace, task: Task) -> Outcome:
    """Do it. Raises KnownError and Cancelled."""
    if options.text and not options.feedback:
        raise KnownError("Without --feedback no text is read.", "Add --feedback or drop --text.")
    if options.recipe and options.tensor_type:
        raise KnownError("A recipe names the type of each weight.", "Drop --tensor-type.")
    if options.recipe:
        mix = replay(options.recipe, options.source, options.imatrix)
    else:
        mix = Mix(options.type, tuple(options.tensor_type), options.imatrix)
    feedback = options.text if options.feedback else None
    return quantize(options.source, options.target, mix, task, feedback)
