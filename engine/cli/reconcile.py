"""`assay reconcile`: compare an account with what it really holds."""

import argparse
from datetime import date
from decimal import Decimal

from engine.cli import terminal
from engine.cli.jsonout import write_json
from engine.cli.session import add_json, opened
from engine.core.fields import FieldError, read_number, read_symbol

NAME = "reconcile"
HELP = "compare an account with what it really holds"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("account")
    parser.add_argument("balances", nargs="+", metavar="ASSET=AMOUNT", type=_balance)
    parser.add_argument(
        "--date", type=_day, help="at the end of that day in UTC, such as 2025-12-31"
    )
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """One sentence for each asset; 1 if any differs."""
    with opened(args, reading=True) as service:
        balances = service.ledger.reconcile(args.account, dict(args.balances), args.date)
    if args.json:
        write_json({"balances": balances})
    else:
        for balance in balances:
            terminal.say(balance.sentence())
    return 0 if all(balance.agrees for balance in balances) else 1


def _balance(text: str) -> tuple[str, Decimal]:
    asset, _, amount = text.partition("=")
    try:
        return read_symbol(asset), read_number(amount, "amount")
    except FieldError as error:
        raise argparse.ArgumentTypeError(f"{error}; write it as BTC=0.5") from error


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError("not a date such as 2025-12-31") from error
