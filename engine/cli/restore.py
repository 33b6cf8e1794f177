"""`assay restore`: put a backup in the place of the present data."""

import argparse
from pathlib import Path

from engine.cli import terminal
from engine.cli.backup import read_passphrase
from engine.cli.session import add_yes, paths_of
from engine.service import restore

NAME = "restore"
HELP = "put a backup in the place of the present data"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("file", type=Path, help="the backup")
    parser.add_argument("--passphrase", action="store_true", help="ask for its passphrase")
    add_yes(parser, "restore")


def run(args: argparse.Namespace) -> int:
    """Restore; what was there is kept beside it."""
    passphrase = read_passphrase(twice=False) if args.passphrase else None
    paths = paths_of(args)
    if paths.database.exists() and not args.yes:
        terminal.say(f"The data in {paths.root} will be set aside.")
        if not terminal.agreed("Restore the backup?"):
            terminal.say("Nothing was changed.")
            return 0
    kept = restore(paths, args.file.expanduser(), passphrase)
    terminal.say("The backup is restored." + (f" What was there is in {kept}." if kept else ""))
    return 0
