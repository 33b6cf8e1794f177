"""`assay tax`: the report of a tax year, on the screen or as files."""

import argparse
from pathlib import Path

from engine.cli import terminal
from engine.cli.jsonout import write_json
from engine.cli.progress import finished
from engine.cli.render import render
from engine.cli.session import add_json, opened

NAME = "tax"
HELP = "the report of a tax year, with every lot"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "year", nargs="?", type=int, help="the year it starts in; left out: list the tax years"
    )
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write every row into a CSV file")
    parser.add_argument("--pdf", type=Path, metavar="FILE", help="write the report as a PDF file")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """List the years, show a report, or write its files."""
    with opened(args, reading=True) as service:
        if args.year is None:
            years = service.tax.years()
            if args.json:
                write_json(years)
            else:
                terminal.say("\n".join(map(str, years)) or "There are no transactions yet.")
            return 0
        written: list[Path] = []
        if args.csv:
            path = args.csv.expanduser().absolute()
            written.append(finished(service, lambda: service.tax.save_csv(args.year, path)))
        if args.pdf:
            path = args.pdf.expanduser().absolute()
            written.append(finished(service, lambda: service.tax.save_pdf(args.year, path)))
        if written:
            if args.json:
                write_json({"files": written})
            else:
                terminal.say("\n".join(f"Written: {path}" for path in written))
            return 0
        year = {"year": str(args.year)}
        outcome = finished(service, lambda: service.analysis.run("tax_year", year))
    if args.json:
        write_json(outcome.cards)
        return 0
    width = terminal.width()
    terminal.say("\n\n".join(render(card, width) for card in outcome.cards))
    for note in outcome.notes:
        terminal.say(f"\nNote: {note}")
    return 0
