"""A rule as JSON, checked field by field when it is read.

{"when": {"kind": "price", "asset": "BTC", "direction": "above", "level": "100000"}, "once": true}
"when" may also be {"all": [...]} or {"any": [...]}. Numbers are written as text, to be exact.
"""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import get_args

from engine.alerts.conditions import AllOf, AnyOf, Condition, checks_of
from engine.alerts.kinds import KINDS
from engine.alerts.kinds.base import Check, Field, Kind, Value
from engine.alerts.rule import Priority, Rule
from engine.core.csvfile import clean_text
from engine.core.errors import KnownError
from engine.core.fields import FieldError, read_symbol
from engine.core.money import parse_amount, to_text
from engine.core.words import capitalised

LONGEST_TEXT = 80
MOST_CHECKS = 16
DEEPEST = 4
MOST_HYSTERESIS = Decimal(90)
LONGEST_COOLDOWN = 365
_LONGEST_JSON = 20_000
_RULE_KEYS = ("when", "name", "once", "cooldown_days", "expires", "priority")
_HYSTERESIS = Field("hysteresis", "number", "hysteresis", least=Decimal(0), most=MOST_HYSTERESIS)


def rule_to_json(rule: Rule) -> str:
    """The rule without its id and the time it was made, which the store keeps."""
    data = {
        "when": _condition_data(rule.condition),
        "name": rule.name,
        "once": rule.once,
        "cooldown_days": rule.cooldown_days,
        "expires": rule.expires.isoformat() if rule.expires else None,
        "priority": rule.priority,
    }
    return json.dumps(data, ensure_ascii=False)


def rule_from_json(text: str, rule_id: int, created: datetime) -> Rule:
    """The rule that a text says. Raises KnownError that names what is wrong with it."""
    if len(text) > _LONGEST_JSON:
        raise KnownError("The alert is too long.", "Split it into several alerts.")
    try:
        data = json.loads(text, parse_float=Decimal, parse_int=_integer, parse_constant=_refused)
    except (ValueError, RecursionError):
        raise KnownError("The alert is not valid JSON.") from None
    if not isinstance(data, dict) or "when" not in data:
        raise KnownError('The alert does not say what to watch: "when" is missing.')
    _no_others(data, _RULE_KEYS, "an alert")
    condition = _condition(data["when"], 1)
    if sum(1 for _ in checks_of(condition)) > MOST_CHECKS:
        raise KnownError(
            f"An alert can join at most {MOST_CHECKS} conditions.", "Split it into several alerts."
        )
    once = data.get("once", False)
    if not isinstance(once, bool):
        raise KnownError('"once" is either true or false.')
    priority = data.get("priority", "normal")
    if priority not in get_args(Priority):
        raise KnownError("The priority is not known.", "Choose low, normal or high.")
    cooldown = Field(
        "cooldown_days",
        "days",
        "cooldown in days",
        Decimal(0),
        Decimal(0),
        Decimal(LONGEST_COOLDOWN),
    )
    return Rule(
        rule_id,
        created,
        condition,
        clean_text(_text(data.get("name", ""), "name"), LONGEST_TEXT),
        once,
        int(_number(cooldown, data.get("cooldown_days", Decimal(0)))),
        _expires(data.get("expires"), created),
        priority,
    )


def make_check(kind_name: object, given: Mapping[str, object]) -> Check:
    """A check of a kind from the values of its fields, and "hysteresis" in per cent of the level.

    Numbers are Decimal or text. Raises KnownError that names what is wrong.
    """
    kind = KINDS.get(kind_name) if isinstance(kind_name, str) else None
    if kind is None:
        raise KnownError("The kind of alert is not known.", f"Choose one of {', '.join(KINDS)}.")
    _no_others(given, (*(field.name for field in kind.fields), "hysteresis"), _called(kind))
    values = {field.name: _value(kind, field, given) for field in kind.fields}
    hysteresis = kind.hysteresis
    if "hysteresis" in given:
        hysteresis = _number(_HYSTERESIS, given["hysteresis"])
    check = Check(kind.name, values, hysteresis)
    if sentence := kind.refuse(check):
        raise KnownError(sentence, "Give another value.")
    return check


def _condition(data: object, depth: int) -> Condition:
    if not isinstance(data, dict):
        raise KnownError("A condition must be an object.", 'It has a "kind", or "all" or "any".')
    if depth > DEEPEST:
        raise KnownError(f"Conditions can be nested at most {DEEPEST} deep.")
    for word, joint in (("all", AllOf), ("any", AnyOf)):
        if word in data:
            _no_others(data, (word,), f'a condition with "{word}"')
            parts = data[word]
            if not isinstance(parts, list) or not parts:
                raise KnownError(f'"{word}" needs a list of conditions.')
            return joint(tuple(_condition(part, depth + 1) for part in parts))
    return make_check(data.get("kind"), {key: one for key, one in data.items() if key != "kind"})


def _condition_data(condition: Condition) -> dict[str, object]:
    if isinstance(condition, Check):
        values = {
            name: to_text(value) if isinstance(value, Decimal) else value
            for name, value in condition.values.items()
        }
        return {"kind": condition.kind, **values, "hysteresis": to_text(condition.hysteresis)}
    word = "all" if isinstance(condition, AllOf) else "any"
    return {word: [_condition_data(part) for part in condition.parts]}


def _value(kind: Kind, field: Field, given: Mapping[str, object]) -> Value:
    if field.name not in given:
        if field.default is None:
            raise KnownError(f"The {field.label} is missing for {_called(kind)}.")
        return field.default
    value = given[field.name]
    match field.kind:
        case "number" | "days":
            return _number(field, value)
        case "symbol":
            try:
                return read_symbol(_text(value, field.label), field.label)
            except FieldError as error:
                sentence = f"{error}."
                raise KnownError(capitalised(sentence)) from None
        case "choice":
            if value not in field.choices:
                raise KnownError(
                    f"The {field.label} is not known for {_called(kind)}.",
                    f"Choose one of {', '.join(field.choices)}.",
                )
            return str(value)
        case "name":
            name = clean_text(_text(value, field.label), LONGEST_TEXT)
            if not name:
                raise KnownError(f"The {field.label} is empty.")
            return name


def _number(field: Field, value: object) -> Decimal:
    if not isinstance(value, Decimal | str):
        raise KnownError(f"The {field.label} must be a number.")
    try:
        number = parse_amount(str(value))
    except ValueError:
        raise KnownError(f"The {field.label} must be a number.") from None
    if field.kind == "days" and number != number.to_integral_value():
        raise KnownError(f"The {field.label} must be a whole number.")
    if number < field.least:
        if 0 < field.least < 1:
            raise KnownError(f"The {field.label} must be above zero.", "Give another value.")
        raise KnownError(f"The {field.label} is at least {to_text(field.least)}.")
    if number > field.most:
        raise KnownError(f"The {field.label} is at most {to_text(field.most)}.")
    return number


def _expires(value: object, created: datetime) -> date | None:
    if value is None:
        return None
    try:
        day = date.fromisoformat(_text(value, "last day"))
    except ValueError:
        raise KnownError("The last day must be a date such as 2027-01-31.") from None
    if day < created.astimezone(UTC).date():
        raise KnownError("The alert would end before it begins.", "Choose a later last day.")
    return day


def _text(value: object, label: str) -> str:
    if not isinstance(value, str):
        raise KnownError(f"The {label} must be text.")
    return value


def _no_others(data: Mapping[str, object], names: tuple[str, ...], where: str) -> None:
    for key in data:
        if key not in names:
            raise KnownError(
                f'"{clean_text(key, 40)}" is not part of {where}.', f"Known: {', '.join(names)}."
            )


def _called(kind: Kind) -> str:
    return f'an alert of the kind "{kind.name}"'


def _integer(text: str) -> Decimal:
    return Decimal(text)


def _refused(text: str) -> object:
    raise ValueError(text)
