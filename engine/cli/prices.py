"""`assay prices`: price history from a CSV file."""

import argparse
from pathlib import Path

from engine.cli import terminal
from engine.cli.import_ import show_refused
from engine.cli.jsonout import write_json
from engine.cli.progress import finished
from engine.cli.session import add_json, add_yes, opened
from engine.core.errors import KnownError
from engine.core.jobs import Job

NAME = "prices"
HELP = "read price history from a CSV file"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("file", type=Path, help="a CSV file with date, symbol, price or OHLCV")
    parser.add_argument("--asset", help="whose prices they are, where the file does not say")
    parser.add_argument("--currency", help="their currency, where the file does not say")
    add_json(parser)
    add_yes(parser, "store the prices")


def run(args: argparse.Namespace) -> int:
    """Show the dry run, store after a yes."""
    with opened(args) as service:
        preview = finished(
            service, lambda: service.market.preview_prices(args.file, args.asset, args.currency)
        )

        def confirm() -> Job[int]:
            return service.market.confirm_prices(preview)

        if args.json:
            batch = finished(service, confirm) if args.yes and preview.rows else None
            write_json({"preview": preview, "batch": batch})
            return 0
        terminal.say(
            f"{preview.file_name}: {len(preview.rows):,} prices of {', '.join(preview.assets)}"
            f", {preview.first} to {preview.last}"
            if preview.rows
            else f"{preview.file_name}: no prices"
        )
        terminal.say(f"Refused: {len(preview.refused):,}")
        show_refused(preview.refused)
        for warning in preview.warnings:
            terminal.say(f"Note: {warning}")
        if not preview.rows:
            raise KnownError("No row of this file could be used, so nothing was stored.")
        if not args.yes and not terminal.agreed("Store these prices?"):
            terminal.say("Nothing was stored.")
            return 0
        batch = finished(service, confirm)
        terminal.say(f"Stored as import {batch}. `assay undo {batch}` takes it back.")
    return 0
