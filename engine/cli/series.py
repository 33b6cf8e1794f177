"""`assay series`: the stored price series, how good they are, and prices entered by hand."""

import argparse
from datetime import date
from decimal import Decimal

from engine.cli import terminal
from engine.cli.jsonout import write_json
from engine.cli.render import table
from engine.cli.session import add_json, opened
from engine.core.money import format_amount, parse_amount
from engine.service import Service

NAME = "series"
HELP = "list the stored prices, check them, or enter a price by hand"

_SHOWN_FINDINGS = 40
_SHOWN_CANDLES = 60


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    # Without an action the series are listed.
    add_json(parser)

    def add(name: str, text: str) -> argparse.ArgumentParser:
        child = actions.add_parser(name, help=text, description=text)
        child.add_argument("asset")
        child.add_argument("--currency", help="of the prices (default: that of the settings)")
        return child

    for name, text in (
        ("quality", "gaps, outliers and impossible rows of a series"),
        ("candles", "a series by week or month"),
        ("sentiment", "what sentiment had to do with the next day's return"),
    ):
        child = add(name, text)
        add_json(child)
        if name == "candles":
            child.add_argument("--by", choices=("week", "month"), default="week")
    entered = add("set", "enter a price or a rate, which counts before all imported ones")
    entered.add_argument("day", type=_day)
    entered.add_argument("price", type=_price)
    add("delete", "take an entered price back").add_argument("day", type=_day)


def run(args: argparse.Namespace) -> int:
    """Do what the action says; the list is the default."""
    with opened(args, reading=args.action not in ("set", "delete")) as service:
        match args.action:
            case "quality":
                _quality(service, args)
            case "candles":
                _candles(service, args)
            case "sentiment":
                _sentiment(service, args)
            case "set":
                asset = args.asset.upper()
                batch = service.market.add_price(asset, args.day, args.price, _unit(args))
                terminal.say(f"Stored; `assay undo {batch}` takes back all prices entered by hand.")
            case "delete":
                service.market.delete_price(args.asset.upper(), args.day, _unit(args))
                terminal.say(f"The price of {args.asset.upper()} on {args.day} is deleted.")
            case _:
                _list(service, args.json)
    return 0


def _list(service: Service, json: bool) -> None:
    series = service.market.series()
    if json:
        write_json(series)
    elif not series:
        terminal.say("There are no prices. `assay prices FILE` imports some.")
    else:
        rows = tuple(
            (
                one.asset,
                one.currency,
                str(one.first),
                str(one.last),
                f"{one.count:,}",
                f"{(one.last - one.first).days + 1 - one.count:,}",
                ", ".join(one.sources),
            )
            for one in series
        )
        titles = ("Asset", "Currency", "From", "To", "Days", "Missing", "Sources")
        right = (False, False, False, False, True, True, False)
        terminal.say("\n".join(table(titles, rows, right)))


def _quality(service: Service, args: argparse.Namespace) -> None:
    found = service.market.quality(args.asset.upper(), _unit(args))
    if args.json:
        write_json(found)
        return
    terminal.say(
        f"{args.asset.upper()}: {found.count:,} days, {found.first} to {found.last}; "
        f"{found.missing:,} missing, at most {found.longest_gap:,} in a row"
    )
    if found.spread is None:
        terminal.say("Note: there are too few prices to look for outliers.")
    if not found.findings:
        terminal.say("Nothing is doubtful.")
        return
    rows = tuple((str(one.day), one.kind, one.text) for one in found.findings[:_SHOWN_FINDINGS])
    terminal.say("\n".join(table(("Day", "What", "Details"), rows, (False, False, False))))
    if len(found.findings) > _SHOWN_FINDINGS:
        terminal.say(f"… and {len(found.findings) - _SHOWN_FINDINGS:,} more")


def _candles(service: Service, args: argparse.Namespace) -> None:
    candles = service.market.candles(args.asset.upper(), args.by, _unit(args))
    if args.json:
        write_json(candles)
        return
    rows = tuple(
        (
            str(one.start),
            *(format_amount(price) for price in (one.open, one.high, one.low, one.close)),
            "" if one.volume is None else format_amount(one.volume),
            str(one.days),
        )
        for one in candles[-_SHOWN_CANDLES:]
    )
    titles = ("From", "Open", "High", "Low", "Close", "Volume", "Days")
    terminal.say("\n".join(table(titles, rows, (False, True, True, True, True, True, True))))


def _sentiment(service: Service, args: argparse.Namespace) -> None:
    found = service.market.sentiment(args.asset.upper(), _unit(args))
    if args.json:
        write_json(found)
        return
    terminal.say(
        f"Sentiment and the next day's return of {args.asset.upper()}: correlation "
        f"{found.value:.2f} over {found.n:,} days, {found.first} to {found.last}"
    )
    if found.warning:
        terminal.say(f"Note: {found.warning}")


def _unit(args: argparse.Namespace) -> str | None:
    return args.currency.upper() if args.currency else None


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is not a day such as 2025-03-31") from None


def _price(text: str) -> Decimal:
    try:
        return parse_amount(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is not a price such as 1234.56") from None
