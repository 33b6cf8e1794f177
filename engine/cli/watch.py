"""`assay watch`: check the alerts until Ctrl-C, by day and by night."""

import argparse

from engine.cli import terminal
from engine.cli.firing import Firings
from engine.cli.session import opened
from engine.service import Service

NAME = "watch"
HELP = "check the alerts in the foreground, until Ctrl-C"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("--once", action="store_true", help="check once and leave")


def run(args: argparse.Namespace) -> int:
    """Print each alert that fires, and show it as a notification where that is possible.

    What fired before and was not told is told too; in quiet hours all but urgent alerts wait.
    """
    with opened(args) as service:
        firings = Firings(service, at_once=True)
        if args.once:
            service.alerts.check_now()
            firings.tell_waiting()
            if waiting := service.alerts.waiting():
                terminal.say(f"{_counted(waiting, 'firing')} waiting.{_quiet(service)}")
            return 0
        count = sum(alert.state == "watching" for alert in service.alerts.list())
        terminal.say(f"Watching {_counted(count, 'alert')}. Ctrl-C leaves.{_quiet(service)}")
        service.alerts.start()
        firings.tell_for_ever()


def _quiet(service: Service) -> str:
    until = service.alerts.quiet_until()
    return f" Quiet hours until {until.astimezone():%H:%M}." if until else ""


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
