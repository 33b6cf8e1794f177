"""assay-quantize compare ORIGINAL FILE …: what the smaller weights cost, and which file to use."""

import argparse

from quantize.assess import Measures, assess
from quantize.commands import arguments
from quantize.outcome import Outcome
from quantize.task import Task

HELP = "files with their original"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    default = Measures()
    parser.add_argument("original", type=arguments.path)
    parser.add_argument("files", type=arguments.path, nargs="+", metavar="FILE")
    parser.add_argument(
        "--text",
        type=arguments.path,
        nargs="+",
        default=[],
        help="what to read instead of our own text",
    )
    parser.add_argument("--speed", action="store_true", help="time reading and writing, too")
    parser.add_argument("--tools", action="store_true", help="ask questions that need tools, too")
    parser.add_argument("--report", type=arguments.path, help="an HTML file to write")
    parser.add_argument(
        "--context",
        type=arguments.count,
        default=default.context,
        metavar="TOKENS",
        help="that the recommended file must have memory for (%(default)s)",
    )
    parser.add_argument(
        "--least-speed",
        type=arguments.rate,
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
