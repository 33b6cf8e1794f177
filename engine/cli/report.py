"""`assay report`: holdings, value and gains."""

import argparse
from dataclasses import fields

from engine.cli import terminal
from engine.cli.jsonout import write_json
from engine.cli.render import render
from engine.cli.session import add_json, opened
from engine.core.errors import KnownError

NAME = "report"
HELP = "show holdings, value and gains"

_PRICES = (
    "`assay prices FILE` reads prices from a file; `assay online` lists the sources that have them."
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Show the report of the whole portfolio as of the newest prices."""
    with opened(args, reading=True) as service:
        if not service.portfolio.has_data():
            raise KnownError(
                "There is no portfolio yet.",
                "Begin with `assay import FILE` or `assay demo`.",
            )
        cards, valuation = service.portfolio.report(), service.portfolio.valuation()
    if args.json:
        body = {field.name: getattr(valuation, field.name) for field in fields(valuation)}
        if valuation.worth_unknown:
            body["total"] = None
        write_json({"valuation": body, "cards": cards})
        return 0
    terminal.say("\n\n".join(render(card, terminal.width()) for card in cards))
    if valuation.missing:
        terminal.say()
    for sentence in valuation.missing:
        terminal.say(f"Note: {sentence}")
    if valuation.worth_unknown:
        terminal.say(f"No price of anything held is known, so there is no total. {_PRICES}")
    elif valuation.unpriced:
        terminal.say(f"The total leaves out what has no price. {_PRICES}")
    return 0
