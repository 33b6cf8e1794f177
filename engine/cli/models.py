"""`assay models`: which models there are, which is used, adding one."""

import argparse
from pathlib import Path

from engine.cli import terminal
from engine.cli.jsonout import write_json
from engine.cli.render import table
from engine.cli.session import add_json, opened
from engine.service import Service

NAME = "models"
HELP = "list, use or add models"

_MB = 1_000_000


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "action", nargs="?", choices=("list", "use", "add", "catalogue"), default="list"
    )
    parser.add_argument("model", nargs="?", help="a number or GGUF file (use), a GGUF file (add)")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """List (the default), use, add, or show what could be got."""
    if (args.action in {"use", "add"}) != (args.model is not None):
        terminal.complain("`assay models use NUMBER` or `assay models add FILE`.")
        return 2
    with opened(args) as service:
        match args.action:
            case "use":
                terminal.say(f"From now on answers come from {_use(service, args.model)}.")
            case "add":
                job = service.models.add_file(Path(args.model).expanduser())
                added = job.future.result()
                terminal.say(f"Added {added.name}. `assay models use {added.id}` uses it.")
            case "catalogue":
                _catalogue(service, args.json)
            case _:
                _list(service, args.json)
    return 0


def _use(service: Service, which: str) -> str:
    number = which.isascii() and which.isdigit()
    return service.models.use(int(which) if number else Path(which).expanduser())


def _list(service: Service, json: bool) -> None:
    models = service.models.list()
    if json:
        write_json(models)
        return
    if not models:
        terminal.say("There is no model. `assay models add FILE` adds one.")
        return
    rows = tuple(
        (
            "*" if model.in_use else "",
            str(model.id) if model.id >= 0 else "",
            model.name,
            model.quantization,
            f"{model.size / _MB:,.0f} MB",
            model.file_name,
        )
        for model in models
    )
    titles = ("Used", "Number", "Name", "Weights", "Size", "File")
    right = (False, True, False, False, True, False)
    # The file is there where nothing else tells two models apart.
    shown = len(titles) if any(model.file_name for model in models) else len(titles) - 1
    cut = tuple(row[:shown] for row in rows)
    terminal.say("\n".join(table(titles[:shown], cut, right[:shown])))


def _catalogue(service: Service, json: bool) -> None:
    entries = service.models.catalogue()
    if json:
        write_json(entries)
        return
    for entry in entries:
        size = f"{entry.size / _MB:,.0f} MB, " if entry.size else ""
        terminal.say(f"{entry.name} ({size}{entry.licence})\n  {entry.note}")
        if entry.page:
            terminal.say(f"  {entry.page}")
    terminal.say("Get a file with your browser, then `assay models add FILE`.")
