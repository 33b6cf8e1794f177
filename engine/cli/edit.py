"""`assay edit`: add, change and delete single transactions, and take that back."""

import argparse
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any, get_args

from engine.cli import terminal
from engine.cli.import_ import transaction_cells
from engine.cli.jsonout import write_json
from engine.cli.session import add_json, opened
from engine.core.errors import KnownError
from engine.core.fields import FieldError, read_positive, read_symbol, read_time
from engine.core.records import INCOME_KINDS, Transaction, TransactionKind
from engine.service import Change, Service

NAME = "edit"
HELP = "add, change or delete a transaction, or take the last change back"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    actions = ("add", "change", "delete", "undo", "history")
    parser.add_argument("action", choices=actions)
    parser.add_argument(
        "number", nargs="?", type=int,
        help="as `assay transactions` shows it; for undo, as `assay edit history` does",
    )  # fmt: skip
    parser.add_argument("--date", type=_read(read_time), help='such as "2025-03-31 10:00:00", UTC')
    parser.add_argument("--kind", choices=get_args(TransactionKind))
    parser.add_argument("--account")
    parser.add_argument("--to", metavar="ACCOUNT", help="where a transfer goes")
    for side, what in (("in", "what came in"), ("out", "what went out"), ("fee", "the fee"),
                       ("value", "what it was worth")):  # fmt: skip
        parser.add_argument(f"--{side}", dest=side, type=_read(_amount), metavar='"0.5 BTC"',
                            help=f'{what}; "" for nothing')  # fmt: skip
    parser.add_argument("--income-kind", choices=INCOME_KINDS)
    parser.add_argument("--tag")
    parser.add_argument("--note")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Do what is asked for; changes are stored at once."""
    if args.action != "undo" and (args.action in ("change", "delete")) != (args.number is not None):
        terminal.complain(
            "`assay edit change NUMBER` and `assay edit delete NUMBER` need a number; only these "
            "and `assay edit undo` take one."
        )
        return 2
    with opened(args) as service:
        match args.action:
            case "add":
                number = service.ledger.add(_with(args, _empty(args)))
                _tell(args.json, {"added": number}, f"Transaction {number} is stored.")
            case "change":
                service.ledger.edit(args.number, _with(args, _found(service, args.number)))
                _tell(args.json, {"changed": args.number}, f"Transaction {args.number} is changed.")
            case "delete":
                service.ledger.delete(args.number)
                _tell(args.json, {"deleted": args.number}, f"Transaction {args.number} is deleted.")
            case "undo":
                change = service.ledger.undo(args.number)
                _tell(args.json, change, f"Taken back: {_describe(change)}")
            case _:
                changes = service.ledger.changes()
                lines = [
                    f"{one.id}  {one.made:%Y-%m-%d %H:%M}  {_describe(one)}" for one in changes
                ]
                _tell(args.json, changes, "\n".join(lines) or "Nothing has been changed.")
    return 0


def _tell(json: bool, document: object, text: str) -> None:
    if json:
        write_json(document)
    else:
        terminal.say(text)


def _describe(change: Change) -> str:
    row = change.after or change.before
    cells = " · ".join(filter(None, transaction_cells(row))) if row else ""
    return f"{change.action}: {cells}"


def _found(service: Service, number: int) -> Transaction:
    for t in service.ledger.transactions():
        if t.id == number:
            return t
    raise KnownError(f"There is no transaction {number}.", "`assay transactions` lists them.")


def _empty(args: argparse.Namespace) -> Transaction:
    if args.date is None or args.kind is None:
        raise KnownError("A new transaction needs --date and --kind.")
    nothing = Decimal(0)
    return Transaction(
        args.date, args.kind, "", None, nothing, None, nothing, None, nothing, None, None, "", ""
    )


def _with(args: argparse.Namespace, transaction: Transaction) -> Transaction:
    """The transaction with the values that were given."""
    given: dict[str, Any] = {
        "time": args.date,
        "kind": args.kind,
        "account": args.account,
        "to_account": args.to,
        "income_kind": args.income_kind,
        "tag": args.tag,
        "note": args.note,
    }
    changes = {name: value for name, value in given.items() if value is not None}
    for side, asset, amount, nothing in (
        ("in", "asset_in", "amount_in", Decimal(0)),
        ("out", "asset_out", "amount_out", Decimal(0)),
        ("fee", "fee_asset", "fee_amount", Decimal(0)),
        ("value", "value_currency", "value", None),
    ):
        if (pair := getattr(args, side)) is not None:
            changes[asset], changes[amount] = pair or (None, nothing)
    return replace(transaction, **changes)


def _amount(text: str) -> tuple[str, Decimal] | tuple[()]:
    """An asset and how much of it; nothing of an empty text."""
    if not text.strip():
        return ()
    number, _, asset = text.strip().rpartition(" ")
    return read_symbol(asset), read_positive(number, "amount")


def _read(read: Callable[[str], Any]) -> Callable[[str], Any]:
    """A reader of fields as argparse wants it."""

    def checked(text: str) -> Any:
        try:
            return read(text)
        except FieldError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return checked
