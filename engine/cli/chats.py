"""`assay chats`: the stored conversations: list, search, export."""

import argparse
from pathlib import Path

from engine.cli import terminal
from engine.cli.jsonout import write_json
from engine.cli.render import table
from engine.cli.session import add_json, opened
from engine.service import Service

NAME = "chats"
HELP = "list, search or export conversations"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("action", nargs="?", choices=("list", "search", "export"), default="list")
    parser.add_argument(
        "what", nargs="*", metavar="ARGUMENT", help="words (search); a number and a file (export)"
    )
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """List (the default), search titles and messages, or write one conversation into a file."""
    right = {"list": not args.what, "search": bool(args.what), "export": len(args.what) == 2}
    if not right[args.action]:
        terminal.complain(
            "`assay chats`, `assay chats search WORDS` or `assay chats export NUMBER FILE`."
        )
        return 2
    with opened(args, reading=True) as service:
        match args.action:
            case "search":
                _search(service, " ".join(args.what), args.json)
            case "export":
                return _export(service, args.what[0], args.what[1], args.json)
            case _:
                _list(service, args.json)
    return 0


def _list(service: Service, json: bool) -> None:
    chats = service.chat.list()
    if json:
        write_json(chats)
        return
    if not chats:
        terminal.say("There are no conversations yet.")
        return
    rows = tuple((str(chat.id), f"{chat.updated:%Y-%m-%d %H:%M}", chat.title) for chat in chats)
    terminal.say("\n".join(table(("Number", "Used (UTC)", "Title"), rows, (True, False, False))))


def _search(service: Service, words: str, json: bool) -> None:
    hits = service.chat.search(words)
    if json:
        write_json(hits)
        return
    if not hits:
        terminal.say("Nothing was found.")
        return
    rows = tuple(
        (str(hit.chat_id), f"{hit.time:%Y-%m-%d %H:%M}", hit.title, hit.where, hit.snippet)
        for hit in hits
    )
    titles = ("Number", "Time (UTC)", "Title", "Where", "Found")
    terminal.say("\n".join(table(titles, rows, (True, False, False, False, False))))


def _export(service: Service, number: str, name: str, json: bool) -> int:
    if not (number.isascii() and number.isdigit()):
        terminal.complain("The number of a conversation is needed; `assay chats` lists them.")
        return 2
    path = Path(name).expanduser().absolute()
    service.chat.export(int(number), path)
    if json:
        write_json({"file": path, "chat": int(number)})
    else:
        terminal.say(f"Written: {path}")
    return 0
