"""`assay models`: which models there are, which is used, adding, downloading and deleting them."""

import argparse
import getpass
import sys
from collections.abc import Callable
from pathlib import Path

from engine.cli import builds, terminal
from engine.cli.jsonout import write_json
from engine.cli.progress import finished, progress_line
from engine.cli.render import table
from engine.cli.session import add_json, opened
from engine.core.errors import KnownError
from engine.core.events import Event, JobProgress
from engine.service import Service

NAME = "models"
HELP = "list, use, add, download, build or remove models"

_FITS = {
    "fits": "Runs well here",
    "tight": "Tight: close other programs",
    "too large": "Too large for this computer",
}
_MB, _GB = 1_000_000, 1_000_000_000


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("action", nargs="?", choices=tuple(_ACTIONS), default="list")
    parser.add_argument(
        "model",
        nargs="?",
        help="a number or GGUF file (use), a number (remove; draft: guesses ahead for the "
        "one that answers, or none), a GGUF file (add), an id of the "
        "catalogue or OWNER/NAME/FILE.gguf on the Hub (get, look), a key (discard), a name of your "
        "choice (build)",
    )
    # argparse would take a file that stands after the option for one too many.
    parser.add_argument(
        "--link", nargs="?", const="", metavar="FILE", help="add: without a copy of the file"
    )
    parser.add_argument("--forget", action="store_true", help="token: delete it from the keyring")
    builds.add_options(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """List (the default), or do one of the actions."""
    act, takes_model = _ACTIONS[args.action]
    given = [one for one in (args.model, args.link) if one]
    if len(given) != takes_model:
        what = " NAME" if args.action == "build" else " MODEL" if takes_model else ""
        terminal.complain(f"`assay models {args.action}{what}`; `assay models --help` says more.")
        return 2
    args.model = given[0] if given else None
    with opened(args, reading=args.action == "builds") as service:
        act(service, args)
    return 0


def _use(service: Service, args: argparse.Namespace) -> None:
    number = _number(args.model)
    which = Path(args.model).expanduser() if number is None else number
    name = service.models.use(which)
    if service.settings.text("answers_from"):
        service.settings.set("answers_from", "")
    terminal.say(f"From now on answers come from {name}.")


def _add(service: Service, args: argparse.Namespace) -> None:
    path = Path(args.model).expanduser()
    before = {(one.id, one.linked) for one in service.models.list()}
    added = finished(service, lambda: service.models.add_file(path, args.link is not None))
    if (added.id, added.linked) in before:
        terminal.say(f"You have {added.name} already, as number {added.id}.")
    else:
        terminal.say(f"Added {added.name}. `assay models use {added.id}` uses it.")


def _draft(service: Service, args: argparse.Namespace) -> None:
    number = _number(args.model)
    if number is None and args.model != "none":
        raise KnownError("Name the number of a model, or none.", "`assay models` lists them.")
    name = service.models.drafts.choose(number)
    terminal.say(f"{name or 'No other model'} guesses ahead for the one that answers.")


def _remove(service: Service, args: argparse.Namespace) -> None:
    number = _number(args.model)
    model = next((one for one in service.models.list() if one.id == number), None)
    if number is None or number <= 0 or model is None:
        raise KnownError(f"There is no model {args.model} that could be removed.", "List them.")
    freed = service.models.remove(number)
    if freed:
        terminal.say(f"{model.name} and its file are deleted; {_size(freed)} are free again.")
    else:
        terminal.say(f"{model.name} is no longer listed; your own file of it stays.")


def _look(service: Service, args: argparse.Namespace) -> None:
    offer = finished(service, lambda: service.downloads.look(args.model))
    if args.json:
        write_json(offer)
        return
    licence = f", {offer.licence}" if offer.licence else ""
    terminal.say(f"{offer.name}: {_size(offer.size)}{licence}, from {offer.repo}")
    if offer.architecture:
        terminal.say(f"It is a {offer.architecture} model with {offer.quantization} weights.")
    if offer.memory:
        fits = "it fits" if offer.memory <= offer.available else "it does not fit"
        terminal.say(
            f"It needs {_size(offer.memory)} of memory with 4,096 tokens; "
            f"{_size(offer.available)} are free: {fits}."
        )
    terminal.say(f"{_size(offer.free)} of disk space are free.")
    if not offer.sha256:
        terminal.say("Nobody names its checksum, so it cannot be told from a wrong file.")
    elif not offer.pinned:
        terminal.say("Its checksum is the one that the Hub names, not one that Assay knows.")
    if offer.added is not None:
        terminal.say(f"You have it already, as number {offer.added}.")
    if offer.notice:
        terminal.say(offer.notice)


def _get(service: Service, args: argparse.Namespace) -> None:
    if not args.json:
        _look(service, args)
    line = terminal.StatusLine(sys.stderr)

    def tell(event: Event) -> None:
        if isinstance(event, JobProgress) and not event.done:
            line.show(progress_line(event)[: terminal.width() - 1])

    unsubscribe = service.bus.subscribe(tell)
    key = service.downloads.start(args.model)
    try:
        added = service.downloads.wait(key)
    except KeyboardInterrupt:
        service.downloads.pause(key)
        line.clear()
        terminal.complain(f"Stopped. `assay models get {args.model}` goes on with it.")
        raise
    finally:
        unsubscribe()
        line.clear()
    if args.json:
        write_json(added)
    else:
        terminal.say(f"Added {added.name}. `assay models use {added.id}` uses it.")


def _downloads(service: Service, args: argparse.Namespace) -> None:
    found = service.downloads.list()
    if args.json:
        write_json(found)
        return
    if not found:
        terminal.say("No download is unfinished.")
        return
    rows = tuple((one.key[:12], one.name, _size(one.done), _size(one.size)) for one in found)
    right = (False, False, True, True)
    terminal.say("\n".join(table(("Key", "Name", "There", "Of"), rows, right)))
    terminal.say("`assay models get` goes on with one, `assay models discard KEY` deletes it.")


def _discard(service: Service, args: argparse.Namespace) -> None:
    found = [one for one in service.downloads.list() if one.key.startswith(args.model)]
    if len(found) != 1:
        raise KnownError("There is no such download.", "`assay models downloads` lists them.")
    terminal.say(f"{_size(service.downloads.cancel(found[0].key))} are free again.")


def _token(service: Service, args: argparse.Namespace) -> None:
    if args.forget:
        service.downloads.forget_token()
        terminal.say("The access token is deleted.")
        return
    if not terminal.interactive():
        raise KnownError("The token is read from the terminal.", "Run this in one.")
    service.downloads.set_token(getpass.getpass("Access token of the Hub: "))
    terminal.say("The token is kept in the keyring. It is sent to the Hub only.")


def _list(service: Service, args: argparse.Namespace) -> None:
    models = service.models.list()
    if args.json:
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
    for model in models:
        if model.trouble:
            terminal.say(f"{model.name}: {model.trouble}")


def _catalogue(service: Service, args: argparse.Namespace) -> None:
    entries, refused = service.downloads.catalogue()
    if args.json:
        write_json(entries)
        return
    fits = service.downloads.fits()
    for entry in entries:
        size = f"{_size(entry.size)}, " if entry.size else ""
        terminal.say(f"{entry.id}: {entry.name} ({size}{entry.licence})\n  {entry.note}")
        if (fit := fits.get(entry.id)) is not None:
            terminal.say(f"  {_FITS[fit.words]}. It needs {_size(fit.needed)} of memory.")
        if entry.page:
            terminal.say(f"  {entry.page}")
    terminal.say("`assay models get ID` downloads one, `assay models add FILE` adds a file.")
    for sentence in refused:
        terminal.complain(sentence)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() else None


def _size(count: int) -> str:
    return f"{count / _GB:,.1f} GB" if count >= _GB else f"{count / _MB:,.0f} MB"


_Action = Callable[[Service, argparse.Namespace], None]

_ACTIONS: dict[str, tuple[_Action, bool]] = {
    "list": (_list, False),
    "use": (_use, True),
    "add": (_add, True),
    "draft": (_draft, True),
    "remove": (_remove, True),
    "catalogue": (_catalogue, False),
    "look": (_look, True),
    "get": (_get, True),
    "downloads": (_downloads, False),
    "discard": (_discard, True),
    "token": (_token, False),
    "build": (builds.build, True),
    "builds": (builds.show, False),
}
"""What each does, and whether it is told which model."""
