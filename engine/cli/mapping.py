"""`assay mapping`: what the columns of files of unknown formats mean."""

import argparse
import json
from pathlib import Path

from engine.cli import terminal
from engine.cli.jsonout import write_json
from engine.cli.session import add_json, opened
from engine.core.errors import KnownError
from engine.core.files import known_os_error
from engine.service import ColumnMapping, Service, mapping_from_body, mapping_to_body

NAME = "mapping"
HELP = "say what the columns of an unknown CSV file mean"

_MAX_BYTES = 1_000_000


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("action", choices=("suggest", "list", "show", "delete"))
    parser.add_argument("what", nargs="?", help="a CSV file for suggest, else a mapping's name")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Suggest a mapping as JSON to edit, or manage those that are stored."""
    if (args.action == "list") != (args.what is None):
        terminal.complain("`assay mapping list` needs no name; suggest, show and delete need one.")
        return 2
    with opened(args) as service:
        portfolio = service.portfolio
        match args.action:
            case "suggest":
                seen = portfolio.peek(Path(args.what))
                write_json(mapping_to_body(portfolio.suggest_mapping(seen)))
            case "show":
                write_json(mapping_to_body(stored_mapping(service, args.what)))
            case "delete":
                portfolio.delete_mapping(args.what)
                terminal.say(f"{args.what} is deleted.")
            case _:
                _list(portfolio.mappings(), args.json)
    return 0


def stored_mapping(service: Service, name: str) -> ColumnMapping:
    """The mapping of a name; KnownError if there is none."""
    mappings = service.portfolio.mappings()
    if name not in mappings:
        known = ", ".join(mappings) or "none yet"
        raise KnownError(f"There is no mapping {name}.", f"Stored: {known}.")
    return mappings[name]


def read_mapping(path: Path) -> ColumnMapping:
    """The mapping in a JSON file. Raises KnownError."""
    try:
        with path.open("rb") as file:
            text = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise known_os_error(f"read {path.name}", error) from error
    if len(text) > _MAX_BYTES:
        raise KnownError(f"{path.name} is too big for a mapping.", "Choose another file.")
    try:
        return mapping_from_body(json.loads(text))
    except (ValueError, RecursionError) as error:
        raise KnownError(
            f"{path.name} is not a JSON document.",
            "`assay mapping suggest FILE > mapping.json` writes one to begin with.",
        ) from error


def _list(mappings: dict[str, ColumnMapping], as_json: bool) -> None:
    if as_json:
        write_json({name: mapping_to_body(mapping) for name, mapping in mappings.items()})
    elif not mappings:
        terminal.say("No mapping is stored. `assay mapping suggest FILE` makes a first one.")
    else:
        for name, mapping in mappings.items():
            terminal.say(f"{name}: {', '.join(sorted(mapping.columns))}")
