"""`assay ask`: one question, one answer."""

import argparse
from functools import partial

from engine.cli import terminal
from engine.cli.conversation import ModelNews, Reply, Silent, converse, view
from engine.cli.jsonout import write_json
from engine.cli.session import add_json, add_yes, opened
from engine.service import Service

NAME = "ask"
HELP = "answer one question"

_EXIT_FAILED = 1
_EXIT_INTERRUPTED = 130


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("question", nargs="+", help="the question, in plain English")
    add_json(parser)
    add_yes(parser, "store the alert the answer proposes")


def run(args: argparse.Namespace) -> int:
    """Ask, show the answer, settle what it leaves open."""
    with opened(args, model=True) as service:
        reply = converse(
            service,
            lambda: service.chat.ask(None, " ".join(args.question)),
            Silent() if args.json else view(),
        )
        reply = choose(service, reply) if not args.json and terminal.interactive() else reply
        stored = settle(service, reply, args.yes, args.json)
        if args.json:
            write_json(_document(reply, stored))
        ModelNews(service).tell(reply.notice)
    if reply.interrupted:
        return _EXIT_INTERRUPTED
    return _EXIT_FAILED if reply.status == "failed" else 0


def choose(service: Service, reply: Reply) -> Reply:
    """Let the user choose among the meanings of a question, until there is no choice left."""
    while reply.options:
        terminal.say(f"Which one (1 to {len(reply.options)}, Enter for none)? ", end="")
        try:
            number = input().strip()
        except EOFError:
            return reply
        if not number:
            return reply
        if not (number.isascii() and number.isdigit() and 0 < int(number) <= len(reply.options)):
            terminal.say("That is not one of the numbers.")
            continue
        key = reply.options[int(number) - 1].key
        reply = converse(service, partial(service.chat.choose, reply.message_id, key), view())
    return reply


def settle(service: Service, reply: Reply, yes: bool, silent: bool = False) -> bool:
    """Confirm or discard the draft of an answer; returns whether it was stored."""
    if reply.draft is None:
        return False
    if yes or (not silent and terminal.interactive() and terminal.agreed("Store this alert?")):
        service.chat.confirm(reply.draft.draft_id)
        if not silent:
            terminal.say("Stored.")
        return True
    service.chat.discard(reply.draft.draft_id)
    if not silent:
        terminal.say("Nothing was stored. Add --yes to store it.")
    return False


def _document(reply: Reply, stored: bool) -> dict[str, object]:
    return {
        "status": reply.status,
        "text": reply.text,
        "notice": reply.notice,
        "cards": reply.cards,
        "options": [option.label for option in reply.options],
        "draft": reply.draft,
        "stored": stored,
        "chat": reply.chat_id,
        "message": reply.message_id,
    }
