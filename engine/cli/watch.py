"""`assay watch`: check the alerts until Ctrl-C."""

import argparse
import queue
import shutil
import subprocess

from engine.cli import terminal
from engine.cli.session import opened
from engine.core.events import AlertFired, Event

NAME = "watch"
HELP = "check the alerts in the foreground, until Ctrl-C"

_NOTIFY_SECONDS = 5


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("--once", action="store_true", help="check once and leave")


def run(args: argparse.Namespace) -> int:
    """Print each alert that fires, and show it as a notification where that is possible."""
    events: queue.SimpleQueue[Event] = queue.SimpleQueue()
    with opened(args) as service:
        notify = bool(service.settings.get("notifications"))
        service.bus.subscribe(events.put)
        if args.once:
            service.alerts.check_now()
            while not events.empty():
                _tell(events.get(), notify)
            return 0
        count = len(service.alerts.list())
        terminal.say(f"Watching {count} alert{'s' if count != 1 else ''}. Ctrl-C leaves.")
        service.alerts.start()
        while True:
            _tell(events.get(), notify)


def _tell(event: Event, notify: bool) -> None:
    if isinstance(event, AlertFired):
        terminal.say(f"{event.title}: {event.text}")
        if notify:
            _notify(event)


def _notify(event: AlertFired) -> None:
    program = shutil.which("notify-send")
    if program is None:
        return
    words = (terminal.harmless(event.title), terminal.harmless(event.text))
    try:
        subprocess.run(
            [program, "--app-name=Assay", "--", *words], check=True, timeout=_NOTIFY_SECONDS
        )
    except (OSError, subprocess.SubprocessError) as error:
        terminal.complain(f"The notification could not be shown: {type(error).__name__}.")
