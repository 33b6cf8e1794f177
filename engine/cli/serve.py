"""`assay serve`: let other programs on this computer ask the model, until Ctrl-C."""

import argparse
import queue
import signal
import threading
from pathlib import Path

from engine.cli import terminal
from engine.cli.session import paths_of
from engine.core.errors import KnownError
from engine.core.events import ModelStateChanged
from engine.core.files import known_os_error
from engine.core.settings import validate
from engine.service import Service
from engine.service.models import WITHOUT
from engine.service.serving import HOST, open_to_network

NAME = "serve"
HELP = "answer other programs with the model (OpenAI's API), until Ctrl-C"

States = queue.SimpleQueue[ModelStateChanged]

_POLL_SECONDS = 0.2
_LONGEST_KEY = 300


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "--host",
        default=HOST,
        metavar="ADDRESS",
        help=f"the address to listen on (default: {HOST}, this computer only; 0.0.0.0 opens it to "
        "your network)",
    )
    parser.add_argument(
        "--port", type=_port, metavar="PORT", help="default: the setting server_port; 0: any free"
    )
    parser.add_argument(
        "--key-file",
        type=Path,
        metavar="FILE",
        help="a file whose first line is the key (default: a key that Assay makes and keeps)",
    )
    parser.add_argument("--model", type=Path, metavar="FILE", help="answer with this model file")
    parser.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a further name by which programs call this computer",
    )
    parser.add_argument(
        "--allow-origin",
        action="append",
        default=[],
        metavar="ORIGIN",
        help="a web page that may ask from a browser, such as http://localhost:3000",
    )


def run(args: argparse.Namespace) -> int:
    """Load the model, listen, and wait for Ctrl-C or the end that a service manager asks for."""
    key = _key(args.key_file) if args.key_file else ""
    model = args.model.expanduser().absolute() if args.model else None
    # With a key of one's own nothing is stored, so another Assay may be open.
    service = Service.open(paths_of(args), model_path=model, background=False, reading=bool(key))
    over = threading.Event()
    states: States = queue.SimpleQueue()
    service.bus.subscribe(lambda e: states.put(e) if isinstance(e, ModelStateChanged) else None)
    before = signal.signal(signal.SIGTERM, lambda *_: over.set())
    try:
        service.models.start()
        state = service.serving.start(
            args.host, args.port, key, tuple(args.allow_host), tuple(args.allow_origin)
        )
        terminal.say(f"Programs find the model at {state.address}/v1, people at {state.address}/.")
        terminal.say(f"The key is in {args.key_file}." if key else f"Key: {service.serving.key()}")
        if open_to_network(args.host):
            terminal.say("Every computer on your network can reach it, and nothing is encrypted.")
        terminal.say("Ctrl-C leaves.")
        _watch(states, over)
    finally:
        signal.signal(signal.SIGTERM, before)
        service.close()
    return 0


def _watch(states: States, over: threading.Event) -> None:
    """Say what becomes of the model until it is over.

    Raises KnownError if it cannot be loaded to begin with: a server without a model is none.
    """
    state = told = ""
    while not over.is_set():
        try:
            event = states.get(timeout=_POLL_SECONDS)
        except queue.Empty:
            continue
        before, state = state, event.state
        if state == "failed" and not told:
            raise KnownError(event.notice.removesuffix(WITHOUT).rstrip())
        if state == "failed" and before != "failed":
            terminal.complain(event.notice.removesuffix(WITHOUT).rstrip())
        elif state == "loading" and before in ("ready", "busy"):
            terminal.say(f"{event.name} is being loaded again.")
        elif state == "ready" and before not in ("ready", "busy"):
            again = " again" if told == event.name else ""
            terminal.say(f"{event.name} is ready{again}.")
            told = event.name


def _port(text: str) -> int:
    if text == "0":
        return 0
    try:
        return int(validate("server_port", text))
    except KnownError as error:
        raise argparse.ArgumentTypeError(error.sentence) from error


def _key(path: Path) -> str:
    """The key in the user's file. Raises KnownError."""
    try:
        lines = path.expanduser().read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        if isinstance(error, OSError):
            raise known_os_error(f"read the key file {path}", error) from error
        lines = []
    key = lines[0].strip() if lines else ""
    if not key or len(key) > _LONGEST_KEY or not key.isascii() or " " in key:
        raise KnownError(
            f"The first line of {path} is no key.", "A key has no blanks and up to 300 characters."
        )
    return key
