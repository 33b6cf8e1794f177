"""`assay prices`: market data from a file: prices, yields, sentiment, NFT sales."""

import argparse
from pathlib import Path

from engine.cli import terminal
from engine.cli.import_ import show_refused
from engine.cli.jsonout import write_json
from engine.cli.progress import finished
from engine.cli.session import add_json, add_yes, opened
from engine.core.errors import KnownError
from engine.core.jobs import Job
from engine.service import MarketPreview, MeasurementPreview, PricePreview, SalePreview

NAME = "prices"
HELP = "read prices, yields, sentiment or NFT sales from a CSV, Parquet or JSON file"

_SHOWN_NAMES = 10


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("file", type=Path, help="its columns say what it holds")
    parser.add_argument(
        "--asset", help="whose data they are (an asset, pool, collection), if the file does not say"
    )
    parser.add_argument("--currency", help="of the prices, if the file does not say")
    add_json(parser)
    add_yes(parser, "store the rows")


def run(args: argparse.Namespace) -> int:
    """Show the dry run, store after a yes."""
    with opened(args) as service:
        preview = finished(
            service, lambda: service.market.preview_file(args.file, args.asset, args.currency)
        )

        def confirm() -> Job[int]:
            return service.market.confirm(preview)

        if args.json:
            batch = finished(service, confirm) if args.yes and preview.rows else None
            write_json({"preview": preview, "batch": batch})
            return 0
        _show(preview)
        if not preview.rows:
            if isinstance(preview, SalePreview) and preview.duplicates:
                terminal.say("There is nothing new to store.")
                return 0
            raise KnownError("No row of this file could be used, so nothing was stored.")
        if not args.yes and not terminal.agreed("Store these?"):
            terminal.say("Nothing was stored.")
            return 0
        batch = finished(service, confirm)
        terminal.say(f"Stored as import {batch}. `assay undo {batch}` takes it back.")
    return 0


def _show(preview: MarketPreview) -> None:
    span = f", {preview.first} to {preview.last}" if preview.first else ""
    terminal.say(f"{preview.file_name} ({preview.what}): {_holds(preview)}{span}")
    if isinstance(preview, SalePreview):
        terminal.say(f"Duplicates: {preview.duplicates:,}")
    terminal.say(f"Refused: {len(preview.refused):,}")
    show_refused(preview.refused, preview.unit)
    for warning in preview.warnings:
        terminal.say(f"Note: {warning}")


def _holds(preview: MarketPreview) -> str:
    count = f"{len(preview.rows):,}"
    if isinstance(preview, PricePreview):
        return f"{count} prices of {_names(preview.assets)}" if preview.rows else "no prices"
    if isinstance(preview, MeasurementPreview):
        return f"{count} values of {preview.topic}" + (
            f": {_names(preview.names)}" if preview.rows else ""
        )
    return f"{count} NFT sales" + (f" of {_names(preview.collections)}" if preview.rows else "")


def _names(names: tuple[str, ...]) -> str:
    more = len(names) - _SHOWN_NAMES
    return ", ".join(names[:_SHOWN_NAMES]) + (f" and {more:,} more" if more > 0 else "")
