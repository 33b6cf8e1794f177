"""The options of `assay alerts` that say what an alert watches."""

import argparse
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal

from engine.core.errors import KnownError
from engine.service import ALERT_KINDS, AlertKind

_FIELD = "field_"


def add_form(parser: argparse.ArgumentParser) -> None:
    """Add the options: a kind with its fields, how it is told, or the whole rule as JSON."""
    form = parser.add_argument_group("what to watch (see `assay alerts kinds`)")
    form.add_argument("--kind", choices=tuple(ALERT_KINDS))
    for name, label in _fields().items():
        flag = f"--{name.replace('_', '-')}"
        form.add_argument(flag, dest=f"{_FIELD}{name}", metavar="VALUE", help=label)
    form.add_argument("--hysteresis", dest=f"{_FIELD}hysteresis", metavar="PERCENT")
    form.add_argument("--rule", metavar="JSON", help="the whole alert as JSON, joined ones too")
    rule = parser.add_argument_group("how to tell")
    rule.add_argument("--title", help="a name of your own")
    rule.add_argument("--once", action="store_true", default=None, help="fire one time only")
    rule.add_argument("--cooldown", metavar="DAYS", help="fire at most once in so many days")
    rule.add_argument("--expires", metavar="DAY", help="the last day, such as 2027-01-31")
    rule.add_argument("--priority", choices=("low", "normal", "high"))


def rule_text(args: argparse.Namespace, kinds: Sequence[AlertKind], before: str = "") -> str:
    """The rule that the options say, as JSON; "" if they say none. KnownError if they clash.

    before: the alert that is edited; it keeps what the options do not name.
    """
    given = {
        name: value
        for name, value in (
            ("name", args.title),
            ("once", args.once),
            ("cooldown_days", args.cooldown),
            ("expires", args.expires),
            ("priority", args.priority),
        )
        if value is not None
    }
    values = {
        name.removeprefix(_FIELD): value
        for name, value in vars(args).items()
        if name.startswith(_FIELD) and value is not None
    }
    if args.rule is not None:
        if args.kind or values or given:
            raise KnownError("--rule says all of an alert.", "Leave the other options out.")
        return str(args.rule)
    old = json.loads(before) if before else {}
    watched = old.get("when", {})
    if (values or given or args.kind) and args.kind in (None, watched.get("kind")) and old:
        if values and "kind" not in watched:
            raise KnownError("This alert joins several conditions.", "Give all of it as --rule.")
        return json.dumps({**old, **given, "when": {**watched, **values}})
    if args.kind is None:
        if values or given:
            raise KnownError("The kind of the alert is missing.", "Give --kind.")
        return ""
    kind = next(one for one in kinds if one.name == args.kind)
    return json.dumps({"when": {"kind": kind.name, **_defaults(kind), **values}, **given})


def _defaults(kind: AlertKind) -> Mapping[str, str]:
    """The values of the form's fields that need not be given."""
    return {
        field.name: str(field.default)
        for field in kind.fields
        if isinstance(field.default, Decimal | str)
    }


def _fields() -> dict[str, str]:
    """The fields of all kinds by name, with the kinds that have them."""
    found: dict[str, tuple[str, list[str]]] = {}
    for kind in ALERT_KINDS.values():
        for field in kind.fields:
            found.setdefault(field.name, (field.label, []))[1].append(kind.name)
    return {name: f"{label} ({', '.join(names)})" for name, (label, names) in found.items()}
