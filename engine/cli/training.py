"""`assay training`: recipes, and the runs that were started with them."""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

from engine.cli import terminal
from engine.cli.jsonout import write_json
from engine.cli.render import table
from engine.cli.session import add_json, opened
from engine.core.errors import KnownError
from engine.service import Service, TrainingFigures, TrainingRun

NAME = "training"
HELP = "train models: start recipes, watch, stop and go on with runs"

_LOOK_SECONDS = 0.5
_MINUTES = 90
"""More are given in hours."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("action", nargs="?", choices=tuple(_ACTIONS), default="list")
    parser.add_argument("which", nargs="?", help="a recipe (start), else a run or its folder")
    parser.add_argument(
        "values",
        nargs="*",
        metavar="KEY=VALUE",
        help="start: settings of the recipe, such as model=FOLDER data=FILE loop.rows=4",
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="start: the folder of the run")
    parser.add_argument("--until", default="", metavar="TIME", help="start: end by then, as 90m")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """List the runs (the default), or do one of the actions."""
    act, takes_name = _ACTIONS[args.action]
    if bool(args.which) != takes_name:
        what = " NAME" if takes_name else ""
        terminal.complain(f"`assay training {args.action}{what}`; `--help` says more.")
        return 2
    with opened(args, reading=True) as service:
        act(service, args)
    return 0


def _list(service: Service, args: argparse.Namespace) -> None:
    found = service.training.list()
    if args.json:
        write_json([_document(*one) for one in found])
    elif not found:
        terminal.say("There are no training runs. `assay training recipes` lists what can be run.")
    else:
        rows = tuple(
            (run.name, run.recipe, run.state, f"{figures.step:,}", _left(run, figures))
            for run, figures in found
        )
        right = (False, False, False, True, True)
        titles = ("Run", "Recipe", "State", "Step", "Left")
        terminal.say("\n".join(table(titles, rows, right)))
        for run, _ in found:
            if run.state == "failed":
                terminal.say(f"{run.name}: {run.text}")


def _recipes(service: Service, args: argparse.Namespace) -> None:
    found = service.training.recipes()
    if args.json:
        write_json(found)
    for one in () if args.json else found:
        terminal.say(f"{one.name}: {one.text}\n  " + " ".join(f"{key}=…" for key in one.places))


def _start(service: Service, args: argparse.Namespace) -> None:
    values = dict(one.partition("=")[::2] for one in args.values)
    if wrong := [key for key, value in values.items() if not value]:
        raise KnownError(f"{wrong[0]} has no value.", "Write it as KEY=VALUE.")
    recipe = service.training.recipe(args.which)
    started = service.training.start(recipe, values, args.out, args.until)
    if args.json:
        write_json(started)
    else:
        terminal.say(f"Started {started.name} in {started.folder}.")
        terminal.say(f"`assay training watch {started.name}` follows it; it needs no window.")


def _watch(service: Service, args: argparse.Namespace) -> None:
    """Print a line whenever there is a new one, until the run ends; Ctrl-C leaves it running."""
    run, said = service.training.find(args.which), ""
    while not args.json and run.is_running:
        if run.text != said:
            said = run.text
            terminal.say(said)
        time.sleep(_LOOK_SECONDS)
        run = service.training.find(args.which)
    if args.json:
        write_json(_document(run, service.training.figures(run.folder)))
    else:
        verb = "has" if run.state == "failed" else "is"
        text = "" if run.text == said else run.text
        terminal.say(f"{run.name} {verb} {run.state}. {text}".strip())


def _stop(service: Service, args: argparse.Namespace) -> None:
    run = service.training.find(args.which)
    if not run.is_running:
        raise KnownError(f"{run.name} is not running.")
    service.training.stop(run.folder)
    terminal.say(f"{run.name} saves and stops; `assay training resume {run.name}` goes on.")


def _resume(service: Service, args: argparse.Namespace) -> None:
    run = service.training.find(args.which)
    service.training.resume(run.folder)
    terminal.say(f"{run.name} goes on.")


def _left(run: TrainingRun, figures: TrainingFigures) -> str:
    if figures.left is None or not run.is_running:
        return ""
    minutes = figures.left / 60
    return f"{minutes:,.0f} min" if minutes < _MINUTES else f"{minutes / 60:,.1f} h"


def _document(run: TrainingRun, figures: TrainingFigures) -> dict[str, object]:
    return {"run": run, "step": figures.step, "share": figures.share, "last": figures.last}


_Action = Callable[[Service, argparse.Namespace], None]

_ACTIONS: dict[str, tuple[_Action, bool]] = {
    "list": (_list, False),
    "recipes": (_recipes, False),
    "start": (_start, True),
    "watch": (_watch, True),
    "stop": (_stop, True),
    "resume": (_resume, True),
}
"""What each does, and whether it is told which recipe or run."""
