"""`assay chat`: a conversation in the terminal."""

import argparse
import sys
from pathlib import Path

from engine.cli import demo, import_, terminal
from engine.cli.ask import QUIT, choose, settle
from engine.cli.conversation import ModelNews, converse, view
from engine.cli.firing import Firings
from engine.cli.session import opened
from engine.core.errors import KnownError
from engine.service import Service

NAME = "chat"
HELP = "talk about your portfolio"

_PROMPT = "> "
_HELP = """Ask in plain English: "what is my portfolio worth", "how volatile is BTC this year",
"what if ETH falls 30 %", "alert me when BTC is above 100k", "what is impermanent loss".

/import FILE  read transactions from a CSV file    /demo  load the simulated demo portfolio
/new          begin a new conversation             /quit  leave (as does Ctrl-D)
Ctrl-C stops an answer. Other commands: leave, then `assay --help`."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The command has no arguments of its own."""


def run(args: argparse.Namespace) -> int:
    """Read questions until the input ends."""
    if sys.stdin.isatty():
        _enable_line_editing()
    with opened(args, model=True) as service:
        firings, model_news = Firings(service), ModelNews(service)
        service.alerts.start()
        service.refreshing.start()
        _greet(service)
        model_news.tell()
        chat_id: int | None = None
        typed = ""  # in the place of a choice: it is the next line
        while (line := typed or _read_line(firings)) is not None:
            typed = ""
            try:
                if line.startswith("/"):
                    if line == QUIT:
                        break
                    if line == "/new":
                        chat_id = None
                    _obey(service, line)
                elif line:
                    chat_id, typed = _answer(service, chat_id, line, model_news)
            except KnownError as error:
                terminal.complain(str(error))
            except KeyboardInterrupt:
                terminal.say("Stopped.")
            terminal.say()
    return 0


def _greet(service: Service) -> None:
    terminal.say(
        "Assay. Nothing leaves this computer unless you switch an online source on. "
        "/help shows what you can do."
    )
    if not service.portfolio.has_data():
        terminal.say("There is no portfolio yet: /import FILE reads one, /demo simulates one.")
    elif service.portfolio.is_simulated():
        terminal.say("The demo portfolio is loaded: all its data is simulated.")


def _answer(
    service: Service, chat_id: int | None, question: str, model_news: ModelNews
) -> tuple[int, str]:
    """Show the answer; returns its conversation, and what was typed instead of a choice."""
    reply = converse(service, lambda: service.chat.ask(chat_id, question), view())
    if reply.interrupted:
        terminal.say("Stopped.")
    model_news.tell(reply.notice)
    typed = ""
    if terminal.interactive():
        reply, typed = choose(service, reply)
    settle(service, reply, yes=False)
    return reply.chat_id, typed


def _obey(service: Service, line: str) -> None:
    command, _, argument = line.partition(" ")
    match command:
        case "/help" | "/new":
            terminal.say(_HELP if command == "/help" else "A new conversation.")
        case "/demo":
            demo.load(service)
        case "/import" if argument.strip():
            # A file dropped on a terminal comes in quotes; no name holds a NUL.
            path = Path(argument.replace("\0", "").strip().strip("'\"")).expanduser()
            import_.import_file(service, path)
        case "/import":
            terminal.say("Which file? /import FILE")
        case _:
            terminal.say(f"There is no command {command}. /help shows what there is.")


def _read_line(firings: Firings) -> str | None:
    """The next line without blanks around it; None at the end of the input."""
    while True:
        firings.tell_waiting()
        try:
            return input(_PROMPT if sys.stdin.isatty() else "").strip()
        except EOFError:
            return None
        except KeyboardInterrupt:
            terminal.say("\nCtrl-D or /quit leaves.")


def _enable_line_editing() -> None:
    try:
        import readline  # noqa: F401, PLC0415  (only importing it makes input() editable)
    except ImportError:
        return
