"""`assay import`: transactions from a CSV file, shown before they are stored."""

import argparse
from collections import Counter
from decimal import Decimal
from pathlib import Path

from engine.cli import terminal
from engine.cli.jsonout import write_json
from engine.cli.mapping import read_mapping, stored_mapping
from engine.cli.progress import finished
from engine.cli.render import table
from engine.cli.session import add_json, add_yes, opened
from engine.core.csvfile import RefusedRow
from engine.core.errors import KnownError
from engine.core.money import format_amount
from engine.core.records import Transaction
from engine.service import ImportPreview, Service

NAME = "import"
HELP = "read transactions from a CSV file"

TRANSACTION_TITLES = ("Time (UTC)", "Kind", "Account", "Received", "Sent", "Fee")
TRANSACTION_RIGHT = (False, False, False, True, True, True)

_SHOWN_ROWS = 5
_SHOWN_REFUSED = 20


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("file", type=Path, help="a CSV file: Assay's own format or an export")
    parser.add_argument("--account", help="the name of the account (default: the source's name)")
    parser.add_argument("--map", metavar="NAME", help="read it by a mapping of columns stored so")
    parser.add_argument(
        "--mapping", type=Path, metavar="FILE",
        help="read it by the mapping in this JSON file; with --map NAME, store it under that name",
    )  # fmt: skip
    add_json(parser)
    add_yes(parser, "store the rows")


def run(args: argparse.Namespace) -> int:
    """Show the dry run, store after a yes."""
    with opened(args) as service:
        if args.json:
            preview = _preview(service, args)
            batch = confirmed(service, preview) if args.yes and preview.rows else None
            write_json({"preview": preview, "batch": batch})
        else:
            offer(service, _preview(service, args), args.yes)
    return 0


def import_file(service: Service, file: Path) -> None:
    """The dry run, the question, the import. Raises KnownError."""
    offer(service, finished(service, lambda: service.portfolio.preview(file)), yes=False)


def offer(service: Service, preview: ImportPreview, yes: bool) -> None:
    """Show a dry run, ask, store. Raises KnownError if there was nothing that could be used."""
    _show(preview)
    if not preview.rows:
        if preview.duplicates:
            terminal.say("There is nothing new to store.")
            return
        raise KnownError("No row could be used, so nothing was stored.")
    count = f"{len(preview.rows):,} transaction{'s' if len(preview.rows) != 1 else ''}"
    if not yes and not terminal.agreed(f"Store {count}?"):
        terminal.say("Nothing was stored.")
        return
    batch = confirmed(service, preview)
    terminal.say(f"Stored {count} as import {batch}. `assay undo {batch}` takes it back.")


def _preview(service: Service, args: argparse.Namespace) -> ImportPreview:
    """The dry run; a mapping that is given a name is stored once it has read the file."""
    portfolio = service.portfolio
    mapping = read_mapping(args.mapping) if args.mapping else None
    if mapping is None and args.map:
        mapping = stored_mapping(service, args.map)
    if mapping is None:
        return finished(service, lambda: portfolio.preview(args.file, args.account))
    chosen = mapping
    preview = finished(service, lambda: portfolio.preview_mapped(args.file, chosen, args.account))
    if args.mapping and args.map:
        portfolio.save_mapping(args.map, chosen)
        terminal.complain(f"The mapping is stored as {args.map}.")
    return preview


def confirmed(service: Service, preview: ImportPreview) -> int:
    """Store a dry run; the number of the import."""
    return finished(service, lambda: service.portfolio.confirm(preview))


def _show(preview: ImportPreview) -> None:
    terminal.say(f"{preview.file_name}: {preview.source}")
    kinds = Counter(row.kind for row in preview.rows)
    of_kinds = ", ".join(f"{count:,} {kind}" for kind, count in kinds.most_common())
    terminal.say(f"Understood: {len(preview.rows):,}" + (f" ({of_kinds})" if kinds else ""))
    if preview.rows:
        shown = tuple(transaction_cells(row) for row in preview.rows[:_SHOWN_ROWS])
        lines = table(TRANSACTION_TITLES, shown, TRANSACTION_RIGHT)
        terminal.say("\n".join(f"  {line}" for line in lines))
        if len(preview.rows) > _SHOWN_ROWS:
            terminal.say(f"  … and {len(preview.rows) - _SHOWN_ROWS:,} more")
    terminal.say(f"Duplicates: {len(preview.duplicates):,}")
    terminal.say(f"Refused: {len(preview.refused):,}")
    show_refused(preview.refused)
    for warning in preview.warnings:
        terminal.say(f"Note: {warning}")


def show_refused(refused: tuple[RefusedRow, ...], unit: str = "line") -> None:
    """The first refused rows, each with its line (or what else `unit` calls it) and the reason."""
    for row in refused[:_SHOWN_REFUSED]:
        terminal.say(f"  {unit} {row.line}: {row.reason}")
    if len(refused) > _SHOWN_REFUSED:
        terminal.say(f"  … and {len(refused) - _SHOWN_REFUSED:,} more")


def transaction_cells(row: Transaction) -> tuple[str, ...]:
    """Time, kind, account, received, sent and fee, under TRANSACTION_TITLES."""

    def amount(asset: str | None, value: Decimal) -> str:
        return f"{format_amount(value)} {asset}" if asset else ""

    return (
        f"{row.time:%Y-%m-%d %H:%M}",
        row.kind,
        row.account,
        amount(row.asset_in, row.amount_in),
        amount(row.asset_out, row.amount_out),
        amount(row.fee_asset, row.fee_amount),
    )
