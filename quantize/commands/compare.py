"""assay-quantize compare ORIGINAL QUANTIZED TEXT: what the smaller weights cost."""

import argparse
from pathlib import Path

from quantize.compare import compare
from quantize.outcome import Outcome
from quantize.task import Task

HELP = "a file with its original"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("reference", type=Path)
    parser.add_argument("candidate", type=Path)
    parser.add_argument("text", type=Path)


def run(options: argparse.Namespace, task: Task) -> Outcome:
    """Do it. Raises KnownError and Cancelled."""
    return compare(options.reference, options.candidate, options.text, task)
