"""`assay batches`: what has been imported."""

import argparse

from engine.cli import terminal
from engine.cli.jsonout import write_json
from engine.cli.render import table
from engine.cli.session import add_json, opened
from engine.service import Batch

NAME = "batches"
HELP = "list the imports"

_KINDS = {
    "transactions": "transactions",
    "prices": "prices",
    "measurements": "measurements",
    "nft_sales": "NFT sales",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """List the imports of every kind, newest first."""
    with opened(args, reading=True) as service:
        everything = [("transactions", batch) for batch in service.portfolio.batches()]
        everything += [(str(kind), batch) for kind, batch in service.market.imports()]
    if args.json:
        kinds: dict[str, list[Batch]] = {kind: [] for kind in _KINDS}
        for kind, batch in everything:
            kinds[kind].append(batch)
        write_json(kinds)
        return 0
    if not everything:
        terminal.say("Nothing has been imported.")
        return 0
    rows = tuple(
        (
            str(batch.id),
            f"{batch.created:%Y-%m-%d %H:%M}",
            _KINDS[kind],
            f"{batch.rows:,}",
            batch.source + (" (simulated)" if batch.simulated else ""),
            batch.file_name,
        )
        for kind, batch in sorted(everything, key=lambda pair: pair[1].id, reverse=True)
    )
    titles = ("Import", "Time (UTC)", "Kind", "Rows", "Source", "File")
    right = (True, False, False, True, False, False)
    terminal.say("\n".join(table(titles, rows, right)))
    return 0
