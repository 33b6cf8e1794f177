"""`assay backup`: everything in one verified file."""

import argparse
import getpass
import sys
from pathlib import Path

from engine.cli import terminal
from engine.cli.session import opened
from engine.core.errors import KnownError

NAME = "backup"
HELP = "write a backup of everything into one file"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("file", type=Path, help="the file to make")
    parser.add_argument(
        "--passphrase",
        action="store_true",
        help="ask for a passphrase, so that the backup can be restored on any computer; "
        "without one only this computer can restore it",
    )


def run(args: argparse.Namespace) -> int:
    """Write the backup."""
    passphrase = read_passphrase(twice=True) if args.passphrase else None
    with opened(args) as service:
        service.backup.create(args.file.expanduser().absolute(), passphrase)
    where = "any computer, with the passphrase" if passphrase else "this computer only"
    terminal.say(f"The backup is at {args.file}. It can be restored on {where}.")
    return 0


def read_passphrase(twice: bool) -> str:
    """A passphrase from the keyboard, or the first line of a pipe. Raises KnownError."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    passphrase = getpass.getpass("Passphrase: ")
    if twice and getpass.getpass("The same again: ") != passphrase:
        raise KnownError("The two passphrases are not the same.", "Try again.")
    return passphrase
