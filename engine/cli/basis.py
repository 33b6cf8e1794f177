"""`assay basis`: how cost is worked out."""

import argparse
from dataclasses import asdict, replace
from typing import cast, get_args

from engine.cli import terminal
from engine.cli.jsonout import write_json
from engine.cli.session import add_json, opened
from engine.core.errors import KnownError
from engine.core.words import capitalised
from engine.ledger.basis_settings import basis_from_body, basis_to_body, read_year, read_year_start
from engine.service import METHOD_NAMES, CostBasis, Method

NAME = "basis"
HELP = "show or change how cost is worked out"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    names = "; ".join(f"{name}: {words}" for name, words in METHOD_NAMES.items())
    parser.add_argument("--method", choices=get_args(Method), help=names)
    stock = parser.add_mutually_exclusive_group()
    stock.add_argument(
        "--per-wallet", dest="universal", action="store_false", default=None,
        help="each account gives away its own coins",
    )  # fmt: skip
    stock.add_argument(
        "--universal", action="store_true", default=None, help="all accounts are one stock"
    )
    parser.add_argument(
        "--switch", action="append", metavar="YEAR=METHOD", type=_switch,
        help="another method from that tax year on; YEAR= takes it out",
    )  # fmt: skip
    parser.add_argument("--year-start", metavar="MM-DD", help="when tax years start")
    parser.add_argument("--long-days", type=int, help="from how many days on coins were held long")
    parser.add_argument(
        "--rank-with-fees", action=argparse.BooleanOptionalAction, default=None,
        help="whether HIFO and LOFO count fees in what a coin cost",
    )  # fmt: skip
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Show the rules, after changing what was given."""
    with opened(args) as service:
        before = service.ledger.basis()
        basis = _changed(before, args)
        if basis != before:
            service.ledger.set_basis(basis)
    if args.json:
        write_json(asdict(basis))
        return 0
    words = basis.described()
    month, day = basis.year_start
    terminal.say(f"{capitalised(words)}{'' if basis.universal else ', by account'}.")
    terminal.say(f"Tax years start on {month:02}-{day:02}.")
    terminal.say(f"Held long from {basis.long_days:,} days on.")
    if basis.ranks_by_cost and not basis.rank_with_fees:
        terminal.say("Lots are ranked by price, without fees.")
    return 0


def _changed(basis: CostBasis, args: argparse.Namespace) -> CostBasis:
    """The rules with what was given; KnownError if they make no sense together."""
    switches = dict(basis.switches)
    for year, method in args.switch or ():
        switches.pop(year, None)
        if method is not None:
            switches[year] = method
    given = {
        "method": args.method,
        # The UK pool exists for all accounts alone.
        "universal": True if args.method == "uk_pool" else args.universal,
        "year_start": read_year_start(args.year_start) if args.year_start else None,
        "long_days": args.long_days,
        "rank_with_fees": args.rank_with_fees,
    }
    values = {name: value for name, value in given.items() if value is not None}
    changed = replace(basis, switches=tuple(sorted(switches.items())), **values)
    return basis_from_body(basis_to_body(changed))


def _switch(text: str) -> tuple[int, Method | None]:
    year, equals, method = text.partition("=")
    if not equals or method not in ("", *get_args(Method)):
        known = ", ".join(get_args(Method))
        raise argparse.ArgumentTypeError(f"write it as 2025=hifo; the methods are {known}")
    try:
        return read_year(year), cast(Method, method) if method else None
    except KnownError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
