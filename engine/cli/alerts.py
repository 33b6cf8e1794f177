"""`assay alerts`: list and delete alerts, see when they fired."""

import argparse
from typing import assert_never

from engine.cli import terminal
from engine.cli.jsonout import write_json
from engine.cli.render import table
from engine.cli.session import add_json, opened
from engine.core.money import format_amount, format_money
from engine.service import Alert, Service

NAME = "alerts"
HELP = "list or delete alerts, or show when they fired"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("action", nargs="?", choices=("list", "delete", "history"), default="list")
    parser.add_argument("number", nargs="?", type=int, help="the alert to delete")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """List (the default), delete, or show the history."""
    if (args.action == "delete") != (args.number is not None):
        terminal.complain("`assay alerts delete NUMBER` deletes an alert.")
        return 2
    with opened(args) as service:
        match args.action:
            case "delete":
                service.alerts.delete(args.number)
                terminal.say(f"Alert {args.number} is deleted.")
            case "history":
                _history(service, args.json)
            case _:
                _list(service, args.json)
    return 0


def describe(alert: Alert) -> str:
    """The condition of an alert in words."""
    price, percent = format_money(alert.value, alert.currency), f"{format_amount(alert.value)} %"
    match alert.condition:
        case "above":
            return f"{alert.asset} above {price}"
        case "below":
            return f"{alert.asset} below {price}"
        case "up_percent":
            return f"{alert.asset} up {percent} within 24 hours"
        case "down_percent":
            return f"{alert.asset} down {percent} within 24 hours"
        case _:
            assert_never(alert.condition)


def _list(service: Service, json: bool) -> None:
    alerts = service.alerts.list()
    if json:
        write_json(alerts)
    elif not alerts:
        terminal.say('There are no alerts. Ask for one: "alert me when BTC is above 100k".')
    else:
        rows = tuple(
            (
                str(alert.id),
                describe(alert),
                "waiting" if alert.armed else "fired",
                f"{alert.last_fired:%Y-%m-%d %H:%M}" if alert.last_fired else "",
            )
            for alert in alerts
        )
        titles = ("Alert", "Fires when", "State", "Last fired (UTC)")
        terminal.say("\n".join(table(titles, rows, (True, False, False, False))))


def _history(service: Service, json: bool) -> None:
    history = service.alerts.history()
    if json:
        write_json(history)
    elif not history:
        terminal.say("No alert has fired.")
    else:
        # An alert that is deleted meanwhile has left only the price that it fired at.
        alerts = service.alerts.list()
        whats: dict[int | None, str] = {a.id: f"{describe(a)}: " for a in alerts}
        for row in history:
            terminal.say(f"{row.fired:%Y-%m-%d %H:%M}  {whats.get(row.alert_id, '')}{row.text}")
