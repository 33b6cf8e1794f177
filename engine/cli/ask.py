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

QUIT = "/quit"
"""What ends a conversation, typed at any prompt."""

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
        reply = _answer(service, None, " ".join(args.question), args.json)
        if not args.json and terminal.interactive():
            reply, line = choose(service, reply)
            while line not in ("", QUIT):
                reply, line = choose(service, _answer(service, reply.chat_id, line, args.json))
        stored = settle(service, reply, args.yes, args.json)
        if args.json:
            write_json(_document(reply, stored))
        ModelNews(service).tell(reply.notice)
    if reply.interrupted:
        return _EXIT_INTERRUPTED
    return _EXIT_FAILED if reply.status == "failed" else 0


def _answer(service: Service, chat_id: int | None, question: str, silent: bool) -> Reply:
    shown = Silent() if silent else view()
    return converse(service, lambda: service.chat.ask(chat_id, question), shown)


def choose(service: Service, reply: Reply) -> tuple[Reply, str]:
    """Let the user choose among the meanings of a question, until there is no choice left.

    Returns the last answer, and what was typed in the place of a choice: "" for none of them,
    QUIT or the end of the input as QUIT, or another question.
    """
    while reply.options:
        numbers = {str(number): option for number, option in enumerate(reply.options, start=1)}
        last = len(numbers)
        terminal.say(f"Which one (1 to {last}, Enter for none, or a new question)? ", end="")
        try:
            line = input().strip()
        except EOFError:
            return reply, QUIT
        option = numbers.get(line.rstrip(".)"))
        if option is not None:
            start = partial(service.chat.choose, reply.message_id, option.key)
            reply = converse(service, start, view())
        elif line.isdigit():
            terminal.say("That is not one of the numbers.")
        else:
            return reply, line
    return reply, ""


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
