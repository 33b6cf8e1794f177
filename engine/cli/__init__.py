"""The `assay` command: one module per command, all over engine.service."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from engine.cli import (
    alerts,
    analyse,
    ask,
    backup,
    basis,
    batches,
    chain,
    chat,
    chats,
    demo,
    doctor,
    edit,
    endpoints,
    export,
    import_,
    mapping,
    models,
    online,
    pairs,
    prices,
    reconcile,
    report,
    restore,
    series,
    serve,
    settings,
    tax,
    terminal,
    training,
    transactions,
    undo,
    watch,
)
from engine.cli.session import Command, paths_of
from engine.core.errors import KnownError
from engine.service import report_crash

COMMANDS: tuple[Command, ...] = (
    chat,
    ask,
    chats,
    import_,
    mapping,
    undo,
    batches,
    transactions,
    edit,
    pairs,
    reconcile,
    basis,
    export,
    prices,
    series,
    online,
    chain,
    demo,
    report,
    analyse,
    tax,
    alerts,
    watch,
    serve,
    models,
    training,
    endpoints,
    settings,
    backup,
    restore,
    doctor,
)

EXIT_KNOWN = 2
EXIT_CRASH = 70
EXIT_INTERRUPTED = 130
EXIT_CLOSED_PIPE = 141

_DESCRIPTION = """Assay: a private crypto analyst on your own computer. Everything stays
in your data folder, and no network connection is opened unless you switch an online source on."""
_EPILOG = """begin:
  assay demo                                  a simulated portfolio to try things on
  assay import transactions.csv               your own transactions
  assay ask "what is my portfolio worth?"
  assay chat"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status.

    0 done, 1 the answer failed, 2 something the user can put right (one sentence on standard
    error), 70 a bug (one sentence, a report in the log folder), 130 Ctrl-C, 141 the reader of the
    output went away.
    """
    args = _parser().parse_args(argv)
    try:
        return _guarded(args)
    except BrokenPipeError:
        # The interpreter flushes standard output once more when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_CLOSED_PIPE


def _guarded(args: argparse.Namespace) -> int:
    command: Command = args.command
    try:
        return command.run(args)
    except KnownError as error:
        terminal.complain(str(error))
        return EXIT_KNOWN
    except KeyboardInterrupt:
        terminal.complain("")
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001  (the last place where a bug can be put into words)
        if isinstance(error.__context__, KeyboardInterrupt):
            return EXIT_INTERRUPTED  # it hit closing what was only half open
        terminal.complain(report_crash(paths_of(args), error))
        return EXIT_CRASH


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="assay",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_home(parser, None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        # Resolve: an argument of a command may stand in place of a common one.
        child = commands.add_parser(
            command.NAME,
            help=command.HELP,
            description=command.HELP,
            conflict_handler="resolve",
        )
        # Suppressed, or it would undo a --home that stands before the command.
        _add_home(child, argparse.SUPPRESS)
        command.configure(child)
        child.set_defaults(command=command)
    return parser


def _add_home(parser: argparse.ArgumentParser, default: str | None) -> None:
    parser.add_argument(
        "--home", type=Path, metavar="DIR", default=default, help="the data folder ($ASSAY_HOME)"
    )
