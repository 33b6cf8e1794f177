"""`assay alerts`: list, add, try out, pause and delete alerts, see and sum up when they fired."""

import argparse
import json
import math

from engine.cli import terminal
from engine.cli.alert_form import add_form, rule_text
from engine.cli.conversation import ModelNews, Silent, converse, view
from engine.cli.jsonout import write_json
from engine.cli.render import table
from engine.cli.session import add_json, opened
from engine.core.errors import KnownError
from engine.service import Alert, AlertRule, FiredAlert, Service

NAME = "alerts"
HELP = "list, add, try out, pause or delete alerts, or show or sum up what fired"

_ON_ONE = ("delete", "pause", "resume", "edit")
_READING = ("list", "preview", "history", "kinds")
_WITH_FORM = ("add", "edit", "preview")
_ACTIONS = (
    "list", "add", "edit", "delete", "pause", "resume", "preview", "history", "summary", "kinds",
)  # fmt: skip
_NOTHING = "No alert has fired."
_EXIT_FAILED = 1
_EXIT_INTERRUPTED = 130


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("action", nargs="?", choices=_ACTIONS, default="list")
    parser.add_argument("number", nargs="?", type=int, help="the alert")
    add_form(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Do what the action says; the list is the default."""
    if (args.number is not None) != (args.action in _ON_ONE) and args.action != "preview":
        terminal.complain(f"`assay alerts {'|'.join(_ON_ONE)} NUMBER` is about one alert.")
        return 2
    with opened(args, reading=args.action in _READING) as service:
        before = _text_of(service, args.number) if args.action == "edit" else ""
        text = rule_text(args, service.alerts.kinds(), before)
        if text and args.action not in _WITH_FORM:
            terminal.complain(f"What an alert watches is for {', '.join(_WITH_FORM)} only.")
            return 2
        match args.action:
            case "add" | "edit":
                _store(service, args.number, text)
            case "delete" | "pause" | "resume":
                _change(service, args.action, args.number)
            case "preview":
                _preview(service, text or _text_of(service, args.number), args.json)
            case "history":
                _history(service, args.json)
            case "summary":
                return _summary(service, args.json)
            case "kinds":
                _kinds(service, args.json)
            case _:
                _list(service, args.json)
    return 0


def _store(service: Service, number: int | None, text: str) -> None:
    if not text:
        raise KnownError(
            "The alert does not say what to watch.",
            "Give --kind with its fields (`assay alerts kinds`), or --rule with JSON.",
        )
    if number is None:
        number = service.alerts.add_rule(text)
    else:
        service.alerts.edit(number, text)
    terminal.say(f"Alert {number} is stored. {service.alerts.read(text).describe()}")
    if hint := service.alerts.hint(text):
        terminal.say(hint)


def _change(service: Service, action: str, number: int) -> None:
    change, done = {
        "delete": (service.alerts.delete, "deleted"),
        "pause": (service.alerts.pause, "paused"),
        "resume": (service.alerts.resume, "watched again"),
    }[action]
    change(number)
    terminal.say(f"Alert {number} is {done}.")


def _text_of(service: Service, number: int | None) -> str:
    for alert in service.alerts.list():
        if alert.id == number:
            return alert.text
    raise KnownError("This alert is not there any more.", "`assay alerts` lists those there are.")


def _preview(service: Service, text: str, as_json: bool) -> None:
    found = service.alerts.preview(text)
    if as_json:
        firings = [{"day": one.day, "text": one.text} for one in found.firings]
        write_json({"start": found.start, "end": found.end, "days": found.days, "fired": firings})
        return
    terminal.say(found.text)
    for one in found.firings:
        terminal.say(f"{one.day}  {one.text}")


def _list(service: Service, as_json: bool) -> None:
    alerts, without = service.alerts.list(), service.alerts.without_data()
    if as_json:
        write_json([{**_as_data(one), "no_data": one.id in without} for one in alerts])
    elif not alerts:
        terminal.say('There are no alerts. Ask for one: "alert me when BTC is above 100k".')
    else:
        rows = tuple(
            (
                str(alert.id),
                _words(alert.rule),
                "no data yet" if alert.state == "watching" and alert.id in without else alert.state,
                f"{alert.last_fired:%Y-%m-%d %H:%M}" if alert.last_fired else "",
            )
            for alert in alerts
        )
        titles = ("Alert", "Fires when", "State", "Last fired (UTC)")
        terminal.say("\n".join(table(titles, rows, (True, False, False, False))))


def _words(rule: AlertRule) -> str:
    """The condition, after the name that the user gave it."""
    title, said = rule.title(), rule.describe().removeprefix("When ").removesuffix(".")
    said = said.removesuffix(", every time anew")
    return said if title in said else f"{title}: {said}"


def _as_data(alert: Alert) -> dict[str, object]:
    return {
        "id": alert.id,
        "title": alert.title,
        "rule": json.loads(alert.text),
        "created": alert.created,
        "state": alert.state,
        "last_fired": alert.last_fired,
    }


def _history(service: Service, as_json: bool) -> None:
    history = service.alerts.history()
    if as_json:
        write_json([_fired_data(one) for one in history])
    elif not history:
        terminal.say(_NOTHING)
    for one in () if as_json else history:
        waits = "" if one.told else " (not told yet)"
        terminal.say(f"{one.fired:%Y-%m-%d %H:%M}  {one.title}: {one.text}{waits}")


def _summary(service: Service, as_json: bool) -> int:
    """What fired lately in a few sentences, which the model words if it can."""
    if not service.alerts.history(1):
        if as_json:
            write_json({"status": "complete", "text": "", "notice": _NOTHING, "model": ""})
        else:
            terminal.say(_NOTHING)
        return 0
    service.models.start()
    summary = service.alert_summary
    shown = Silent() if as_json else view()
    reply = converse(service, lambda: (0, summary.start()), shown, summary.stop)
    if as_json:
        write_json({name: getattr(reply, name) for name in ("status", "text", "notice", "model")})
    ModelNews(service).tell(reply.notice)
    if reply.interrupted:
        return _EXIT_INTERRUPTED
    return _EXIT_FAILED if reply.status == "failed" else 0


def _fired_data(one: FiredAlert) -> dict[str, object]:
    rows = [
        {"series": str(row.series), "day": row.day, "note": row.note, "simulated": row.simulated}
        | {
            name: number if math.isfinite(number) else None
            for name, number in (
                ("close", row.close),
                ("high", row.high),
                ("low", row.low),
                ("measured", row.measured),
            )
        }
        for row in one.rows
    ]
    return {
        "id": one.id,
        "alert_id": one.alert_id,
        "day": one.day,
        "fired": one.fired,
        "title": one.title,
        "text": one.text,
        "priority": one.priority,
        "simulated": one.simulated,
        "told": one.told,
        "rows": rows,
    }


def _kinds(service: Service, as_json: bool) -> None:
    kinds = service.alerts.kinds()
    if as_json:
        write_json(kinds)
        return
    for kind in kinds:
        terminal.say(f"{kind.name}: {kind.title}")
        for field in kind.fields:
            default = "" if field.default is None else f" (default {field.default})"
            choices = f": {', '.join(field.choices)}" if field.choices else ""
            option = f"--{field.name.replace('_', '-')}"
            terminal.say(f"  {option}  {field.label}{choices}{default}")
