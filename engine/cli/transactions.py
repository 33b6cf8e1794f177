"""`assay transactions`: what is in the books, filtered."""

import argparse
from typing import get_args

from engine.cli import terminal
from engine.cli.import_ import TRANSACTION_RIGHT, TRANSACTION_TITLES, transaction_cells
from engine.cli.jsonout import write_json
from engine.cli.render import table
from engine.cli.session import add_json, opened
from engine.core.records import Transaction, TransactionKind

NAME = "transactions"
HELP = "list transactions, newest first"

_SHOWN = 50


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("--text", default="", help="words in notes, tags, accounts or assets")
    parser.add_argument("--kind", default="", choices=get_args(TransactionKind))
    parser.add_argument("--asset", default="", type=str.upper, help="a symbol, such as BTC")
    parser.add_argument("--account", default="")
    parser.add_argument("--period", help="such as 2025, 2025-03, 30d, ytd, 2025-01-05..2025-02-10")
    parser.add_argument("--tag", default="")
    parser.add_argument("--all", action="store_true", help=f"more than the first {_SHOWN}")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """List what fits all the filters."""
    with opened(args, reading=True) as service:
        found = service.ledger.transactions(
            args.text,
            kind=args.kind,
            asset=args.asset,
            account=args.account,
            period=args.period,
            tag=args.tag,
        )
    if args.json:
        write_json(found)
    elif not found:
        terminal.say("There are no such transactions.")
    else:
        _show(found, len(found) if args.all else _SHOWN)
    return 0


def _show(found: list[Transaction], most: int) -> None:
    rows = tuple(
        (str(row.id), *transaction_cells(row), row.to_account or "", row.tag, row.note)
        for row in found[:most]
    )
    titles = ("Number", *TRANSACTION_TITLES, "To", "Tag", "Note")
    right = (True, *TRANSACTION_RIGHT, False, False, False)
    terminal.say("\n".join(table(titles, rows, right)))
    if len(found) > most:
        terminal.say(f"… and {len(found) - most:,} more; --all shows them.")
