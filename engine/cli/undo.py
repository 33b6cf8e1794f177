"""`assay undo`: take one import back."""

import argparse

from engine.cli import terminal
from engine.cli.session import opened

NAME = "undo"
HELP = "take one import back"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("batch", type=int, help="the number `assay batches` shows")


def run(args: argparse.Namespace) -> int:
    """Undo an import of transactions or of prices."""
    with opened(args) as service:
        service.undo(args.batch)
        terminal.say(f"Import {args.batch} is taken back.")
    return 0
