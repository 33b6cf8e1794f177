"""`assay endpoints`: model servers on other computers, their switches, keys and permissions."""

import argparse
import getpass
import sys
from collections.abc import Callable, Mapping

from engine.cli import terminal
from engine.cli.jsonout import write_json
from engine.cli.progress import finished
from engine.cli.render import table
from engine.cli.session import add_json, opened
from engine.core.errors import KnownError
from engine.service import Endpoint, Service
from engine.service.endpoints import Checked

NAME = "endpoints"
HELP = "name model servers on other computers; each is off until you switch it on"

_SHOWN_MODELS = 40


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    # Without an action the servers are listed.
    add_json(parser)

    def add(name: str, text: str, *arguments: str) -> argparse.ArgumentParser:
        child = actions.add_parser(name, help=text, description=text)
        for argument in arguments:
            child.add_argument(argument)
        return child

    new = add("add", "name a server", "name", "url")
    change = add("change", "give a server another address, model or key", "name")
    change.add_argument("--url")
    for child in (new, change):
        child.add_argument("--model", metavar="ID", help="which of its models answers")
        child.add_argument("--key", action="store_true", help="read its key from the terminal")
    change.add_argument("--no-key", action="store_true", help="forget its key")
    add("remove", "forget a server and its key", "name")
    add("on", "switch a server on, and ask it for its models", "name")
    add("off", "switch a server off", "name")
    add("use", "have a server answer from now on", "name")
    add_json(add("check", "ask a server for its models", "name"))
    add("allow", "let a server see your portfolio", "name")
    add("disallow", "keep your portfolio from a server", "name")


def run(args: argparse.Namespace) -> int:
    """Do one of the actions; list the servers without one."""
    with opened(args) as service:
        _ACTIONS[args.action](service, args)
    return 0


def _list(service: Service, args: argparse.Namespace) -> None:
    endpoints = service.endpoints.list()
    if args.json:
        write_json(endpoints)
        return
    if not endpoints:
        terminal.say("There are no model servers. `assay endpoints add NAME URL` names one.")
        return
    answering = service.settings.text("answers_from")
    rows = tuple(
        (
            one.name,
            _state(one, answering),
            one.model or "none chosen",
            "yes" if one.may_send_portfolio else "no",
            one.url,
        )
        for one in endpoints
    )
    titles = ("Server", "State", "Model", "Sees your portfolio", "Address")
    terminal.say("\n".join(table(titles, rows, (False,) * 5)))


def _state(one: Endpoint, answering: str) -> str:
    if not one.on:
        return "off"
    return "on, answers" if one.name == answering else "on"


def _add(service: Service, args: argparse.Namespace) -> None:
    key = _secret() if args.key else ""
    one = service.endpoints.add(args.name, args.url, args.model or "", key)
    terminal.say(f"{one.name} is kept and off. `assay endpoints on {one.name}` switches it on.")


def _change(service: Service, args: argparse.Namespace) -> None:
    before = service.endpoints.get(args.name)
    key = _secret() if args.key else "" if args.no_key else None
    one = service.endpoints.change(args.name, args.url, args.model, key)
    terminal.say(f"{one.name} is changed.")
    if one.url != before.url:
        terminal.say(
            "At its new address it is off, does not see your portfolio, and has "
            f"{'the new key' if one.has_key else 'no key'}."
        )


def _remove(service: Service, args: argparse.Namespace) -> None:
    service.endpoints.get(args.name)
    _end_answers(service, args.name)
    service.endpoints.remove(args.name)
    terminal.say(f"{args.name} is forgotten.")


def _on(service: Service, args: argparse.Namespace) -> None:
    service.endpoints.switch(args.name, True)
    one = service.endpoints.get(args.name)
    terminal.say(f"{one.name} is now on. `assay endpoints off {one.name}` ends it.")
    if one.may_send_portfolio:
        terminal.say("It learns what you ask and what you own.")
    else:
        terminal.say(
            f"It learns what you ask; what you own only after `assay endpoints allow {one.name}`."
        )
    if one.url.startswith("http:"):
        terminal.say("What is sent to it is not encrypted on the way.")
    if service.settings.text("answers_from") != one.name:
        terminal.say(f"It does not answer yet; `assay endpoints use {one.name}` lets it.")
    _check(service, args)


def _off(service: Service, args: argparse.Namespace) -> None:
    service.endpoints.get(args.name)
    _end_answers(service, args.name)
    service.endpoints.switch(args.name, False)
    terminal.say(f"{args.name} is now off.")


def _use(service: Service, args: argparse.Namespace) -> None:
    if not service.endpoints.get(args.name).on:
        raise KnownError(
            f"{args.name} is switched off.", f"`assay endpoints on {args.name}` switches it on."
        )
    service.settings.set("answers_from", args.name)
    terminal.say(
        f"From now on answers come from {args.name}. `assay models use NUMBER` lets a model on "
        "this computer answer again."
    )


def _end_answers(service: Service, name: str) -> None:
    """Let the model on this computer answer where this server did."""
    if service.settings.text("answers_from") == name:
        service.settings.set("answers_from", "")
        terminal.say("Answers come from the model on this computer again.")


def _check(service: Service, args: argparse.Namespace) -> None:
    checked = finished(service, lambda: service.endpoints.check(args.name))
    if args.json:
        write_json(checked)
    else:
        _tell(checked)


def _tell(checked: Checked) -> None:
    one = checked.endpoint
    if one.model:
        room = f", with room for {one.n_ctx:,} tokens" if one.n_ctx else ""
        terminal.say(f"{one.model} answers{room}.")
    if len(checked.models) > 1:
        terminal.say(f"Models of {one.name}:")
        for model in checked.models[:_SHOWN_MODELS]:
            terminal.say(f"  {model.id}")
        if len(checked.models) > _SHOWN_MODELS:
            terminal.say(f"  … and {len(checked.models) - _SHOWN_MODELS:,} more")
    if not one.model:
        terminal.say(f"`assay endpoints change {one.name} --model ID` chooses one.")


def _allow(service: Service, args: argparse.Namespace) -> None:
    service.endpoints.allow(args.name, True)
    terminal.say(
        f"{args.name} may now see what you own. `assay endpoints disallow {args.name}` ends that."
    )


def _disallow(service: Service, args: argparse.Namespace) -> None:
    service.endpoints.allow(args.name, False)
    terminal.say(f"{args.name} may not see what you own.")


def _secret() -> str:
    """A key typed on the terminal, not shown; or the first line of standard input.

    KnownError if there is none: whoever asks for a key does not mean a server without one.
    """
    key = getpass.getpass("Key: ") if sys.stdin.isatty() else sys.stdin.readline()
    if not key.strip():
        raise KnownError("No key was given, so nothing was stored.", "Leave --key out for none.")
    return key.strip()


_ACTIONS: Mapping[str | None, Callable[[Service, argparse.Namespace], None]] = {
    None: _list,
    "add": _add,
    "change": _change,
    "remove": _remove,
    "on": _on,
    "off": _off,
    "use": _use,
    "check": _check,
    "allow": _allow,
    "disallow": _disallow,
}
