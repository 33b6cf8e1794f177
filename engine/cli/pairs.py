"""`assay pairs`: withdrawals and deposits that look like transfers between own accounts."""

import argparse
from collections.abc import Callable, Sequence
from typing import TypeVar

from engine.cli import terminal
from engine.cli.jsonout import write_json
from engine.cli.render import table
from engine.cli.session import add_json, opened
from engine.core.errors import KnownError
from engine.core.money import format_amount
from engine.service import Candidate, Decision

NAME = "pairs"
HELP = "confirm or reject transfers between your own accounts"

Row = TypeVar("Row", Candidate, Decision)

_DONE = {"confirm": "{} confirmed.", "reject": "{} rejected.", "forget": "{} taken back."}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    actions = ("list", "confirm", "reject", "decided", "forget")
    parser.add_argument("action", nargs="?", choices=actions, default="list")
    parser.add_argument("numbers", nargs="*", type=int, help="of the pairs as they are listed")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """List the pairs that wait, or the decisions; decide, or take decisions back."""
    if (args.action in _DONE) != bool(args.numbers):
        terminal.complain("`assay pairs confirm`, `reject` and `forget` need the numbers of pairs.")
        return 2
    with opened(args) as service:
        ledger = service.ledger
        match args.action:
            case "list":
                _list(ledger.proposed(), lambda one: one.why, args.json,
                      "No withdrawal and deposit wait to be confirmed as a transfer.")  # fmt: skip
            case "decided":
                _list(ledger.decided(), lambda one: one.said, args.json,
                      "No decision about a withdrawal and a deposit is stored.")  # fmt: skip
            case "forget":
                _decide(args, ledger.decided(), ledger.forget, "decision")
            case _:
                decide = ledger.confirm if args.action == "confirm" else ledger.reject
                _decide(args, ledger.proposed(), decide, "pair")
    return 0


def _decide(
    args: argparse.Namespace,
    rows: Sequence[Row],
    decide: Callable[[tuple[str, str]], None],
    what: str,
) -> None:
    numbers = sorted(set(args.numbers))
    unknown = [number for number in numbers if not 1 <= number <= len(rows)]
    if unknown:
        raise KnownError(f"There is no {what} {unknown[0]}.", "`assay pairs --help` says more.")
    chosen = [rows[number - 1] for number in numbers]
    for one in chosen:
        decide(one.pair)
    if args.json:
        write_json(chosen)
    else:
        count = f"{len(chosen):,} {what}{'s' if len(chosen) != 1 else ''}"
        terminal.say(_DONE[args.action].format(count))


def _list(rows: Sequence[Row], last: Callable[[Row], str], json: bool, nothing: str) -> None:
    if json:
        write_json(list(rows))
    elif not rows:
        terminal.say(nothing)
    else:
        cells = tuple(
            (
                str(number),
                f"{one.withdrawal.time:%Y-%m-%d %H:%M}",
                f"{format_amount(one.withdrawal.amount_out)} {one.withdrawal.asset_out or ''}",
                one.withdrawal.account,
                one.deposit.account,
                last(one),
            )
            for number, one in enumerate(rows, start=1)
        )
        titles = ("Number", "Sent (UTC)", "Amount", "From", "To", "")
        right = (True, False, True, False, False, False)
        terminal.say("\n".join(table(titles, cells, right)))
