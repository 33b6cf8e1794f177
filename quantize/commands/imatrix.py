"""assay-quantize imatrix MODEL OUT: which weights matter, measured on text."""

import argparse

from quantize.commands import arguments
from quantize.commands.texts import add_texts
from quantize.imatrix import collect
from quantize.outcome import Outcome
from quantize.task import Task

HELP = "measure which weights matter"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("model", type=arguments.path)
    parser.add_argument("target", type=arguments.path)
    add_texts(parser)


def run(options: argparse.Namespace, task: Task) -> Outcome:
    """Do it. Raises KnownError and Cancelled."""
    return collect(options.model, options.target, options.text, task)
