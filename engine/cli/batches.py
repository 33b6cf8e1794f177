"""`assay batches`: what has been imported."""

import argparse

from engine.cli import terminal
from engine.cli.jsonout import write_json
from engine.cli.render import table
from engine.cli.session import add_json, opened

NAME = "batches"
HELP = "list the imports"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """List the imports of transactions and of prices, newest first."""
    with opened(args) as service:
        transactions, prices = service.portfolio.batches(), service.market.batches()
    if args.json:
        write_json({"transactions": transactions, "prices": prices})
        return 0
    everything = [("transactions", batch) for batch in transactions]
    everything += [("prices", batch) for batch in prices]
    if not everything:
        terminal.say("Nothing has been imported.")
        return 0
    rows = tuple(
        (
            str(batch.id),
            f"{batch.created:%Y-%m-%d %H:%M}",
            kind,
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
