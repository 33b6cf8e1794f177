"""`assay watch`: check the alerts until Ctrl-C, by day and by night."""

import argparse

from engine.cli import terminal
from engine.cli.firing import Firings
from engine.cli.session import opened
from engine.core.errors import KnownError
from engine.core.settings import validate
from engine.service import Service

NAME = "watch"
HELP = "check the alerts in the foreground, until Ctrl-C"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("--once", action="store_true", help="check once and leave")
    parser.add_argument(
        "--refresh",
        type=_minutes,
        metavar="MINUTES",
        help="ask the online sources of prices that are on this often, 0 for never (default: "
        "the setting online_refresh_minutes)",
    )


def run(args: argparse.Namespace) -> int:
    """Print each alert that fires, and show it as a notification where that is possible.

    What fired before and was not told is told too; in quiet hours all but urgent alerts wait.
    Prices are refreshed where the user has switched a source of prices on.
    """
    with opened(args) as service:
        firings = Firings(service, at_once=True)
        minutes = service.refreshing.interval() if args.refresh is None else args.refresh
        if args.once:
            if minutes:
                service.refreshing.refresh_now()
            service.alerts.check_now()
            service.alerts.telling.finish()
            firings.tell_waiting()
            if waiting := service.alerts.waiting():
                terminal.say(f"{_counted(waiting, 'firing')} waiting.{_quiet(service)}")
            return 0
        count = sum(alert.state == "watching" for alert in service.alerts.list())
        words = f"Watching {_counted(count, 'alert')}, {_prices(service, minutes)}."
        terminal.say(f"{words} Ctrl-C leaves.{_quiet(service)}")
        service.alerts.start()
        service.refreshing.start(args.refresh)
        firings.tell_for_ever()


def _minutes(text: str) -> int:
    try:
        return int(validate("online_refresh_minutes", text))
    except KnownError as error:
        raise argparse.ArgumentTypeError(error.sentence) from error


def _prices(service: Service, minutes: int) -> str:
    titles = [info.title for info in service.refreshing.sources()]
    if not titles or not minutes:
        return "prices as they are stored"
    return f"prices from {' and '.join(titles)} every {_counted(minutes, 'minute')}"


def _quiet(service: Service) -> str:
    until = service.alerts.quiet_until()
    return f" Quiet hours until {until.astimezone():%H:%M}." if until else ""


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
