"""assay-quantize compare ORIGINAL FILE …: what the smaller weights cost, and which file to use."""

import argparse
from pathlib import Path

from quantize.assess import Measures, assess
from quantize.outcome import Outcome
from quantize.task import Task

HELP = "files with their original"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    default = Measures()
    parser.add_argument("original", type=Path)
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE")
    parser.add_argument(
        "--text", type=Path, nargs="+", default=[], help="what to read instead of our own text"
    )
    parser.add_argument("--speed", action="store_true", help="time reading and writing, too")
    parser.add_argument("--tools", action="store_true", help="ask questions that need tools, too")
    parser.add_argument("--report", type=Path, help="an HTML file to write")
    parser.add_argument(
        "--context",
        type=int,
        default=default.context,
        metavar="TOKENS",
        help="that the recommended file must have memory for (%(default)s)",
    )
    parser.add_argument(
        "--least-speed",
        type=float,
        default=default.least_speed,
        metavar="N",
        help="tokens a second that it must write (%(default)g)",
    )


def run(options: argparse.Namespace, task: Task) -> Outcome:
    """Do it. Raises KnownError and Cancelled."""
    wanted = Measures(
        tuple(options.text),
        options.speed,
        options.tools,
        options.context,
        options.least_speed,
        options.report,
    )
    return assess(options.original, options.files, wanted, task)
