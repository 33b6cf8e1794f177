"""`assay watch`: check the alerts until Ctrl-C."""

import argparse

from engine.cli import terminal
from engine.cli.firing import Firings
from engine.cli.session import opened

NAME = "watch"
HELP = "check the alerts in the foreground, until Ctrl-C"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("--once", action="store_true", help="check once and leave")


def run(args: argparse.Namespace) -> int:
    """Print each alert that fires, and show it as a notification where that is possible."""
    with opened(args) as service:
        firings = Firings(service)
        if args.once:
            service.alerts.check_now()
            firings.tell_waiting()
            return 0
        count = len(service.alerts.list())
        service.alerts.start()
        terminal.say(f"Watching {count} alert{'s' if count != 1 else ''}. Ctrl-C leaves.")
        while True:
            firings.tell_next()
