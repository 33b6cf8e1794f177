"""`assay export`: all transactions in one CSV file that `assay import` reads."""

import argparse
from pathlib import Path

from engine.cli import terminal
from engine.cli.jsonout import write_json
from engine.cli.progress import finished
from engine.cli.session import add_json, opened

NAME = "export"
HELP = "write all transactions into a CSV file"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("file", type=Path, help="the file to make")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Write the file; one that is there already stays."""
    path = args.file.expanduser().absolute()
    with opened(args, reading=True) as service:
        count = finished(service, lambda: service.ledger.export(path))
    if args.json:
        write_json({"file": path, "rows": count})
    else:
        terminal.say(f"{count:,} transaction{'s' if count != 1 else ''} written to {args.file}.")
    return 0
