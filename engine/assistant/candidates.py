"""Which values each argument of a tool may take, given what the recognisers found.

The grammar of a turn is built from these candidates, so a call can only name assets,
accounts, days, periods and numbers that the user said, owns or said a moment ago.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from engine.assistant.conditions import conditions, in_scale, levels
from engine.assistant.figures import amounts, percents
from engine.assistant.follow import ALL, Previous, inherited, partners, relative
from engine.assistant.gains import which_gains
from engine.assistant.nearness import asked_days, nearest_first
from engine.assistant.recognise import Mention, Recognised
from engine.assistant.recognise.assets import likely_assets
from engine.assistant.recognise.calendar_words import COUNT, UNIT, canonical
from engine.assistant.terms import find_terms
from engine.assistant.tools.base import Param, Tool

__all__ = ["ALL", "Previous", "Slots", "candidates"]

Value = str | Decimal

_GROWTH = frozenset({"period_return", "volatility", "max_drawdown", "best_worst", "correlation"})
_AGO = re.compile(rf"({COUNT})\s+({UNIT})\s+(?:ago|back)", re.I)
_WHOLE = re.compile(
    r"\b(?:everything|market|markets|all (?:of )?(?:my|the|it|coins|crypto|holdings)|portfolio|"
    r"portfoilo|whole|across the board|every (?:coin|asset|position)|all coins|"
    r"crypto (?:as a whole|"
    r"drops|falls|crashes|overall)|all my|total holdings|bags|stack|entire)\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Slots:
    """Candidates per argument, and the required arguments that have none."""

    values: Mapping[str, tuple[Value, ...]]
    missing: tuple[str, ...]

    @property
    def single(self) -> bool:
        """Whether exactly one call is possible."""
        return not self.missing and all(len(v) == 1 for v in self.values.values())


def candidates(
    tool: Tool,
    found: Recognised,
    previous: Previous | None,
    terms: Sequence[str] = (),
    last_price: Callable[[str], Decimal | None] = lambda asset: None,
) -> Slots:
    """The candidates for every argument of `tool`.

    previous: set only when the question is a follow-up; its arguments fill gaps.
    terms: titles and aliases of the knowledge base. last_price: for alerts that "hit" a level.
    """
    values: dict[str, tuple[Value, ...]] = {}
    missing = []
    told: Mapping[str, Value | None] = {}
    if previous:
        told, found = relative(tool, found, previous)
    for param in tool.parameters:
        if param.name in told:
            value = told[param.name]
            options: tuple[Value, ...] = () if value is None else (value,)
        else:
            options = _options(tool, param, found, terms)
        if tool.name == "create_alert" and param.name == "condition":
            options = conditions(found, values.get("asset", ()), last_price)
            if len(options) > 1 and previous and previous.tool == tool.name:
                options = inherited(tool, param, previous, found) or options
        if not options and previous is not None and param.name not in told:
            options = inherited(tool, param, previous, found)
        if not options and tool.name == "what_if" and param.kind == "asset":
            options = (ALL,)
        if param.name == "asset_b" and param.name not in told:
            options = partners(values.get("asset_a", ()), options, previous)
        if tool.name == "create_alert" and param.name == "value" and values.get("asset"):
            options = in_scale(found, options, last_price(str(values["asset"][0])))
        if options:
            values[param.name] = options
        elif param.required:
            missing.append(param.name)
    if tool.name == "correlation" and "asset_b" not in told:
        _two_assets(values, missing, found)
    return Slots(values, tuple(missing))


def _options(
    tool: Tool, param: Param, found: Recognised, terms: Sequence[str]
) -> tuple[Value, ...]:
    match param.kind:
        case "asset":
            assets = found.values("asset")
            if tool.name == "what_if" and (_WHOLE.search(found.text) and len(assets) != 1):
                return (ALL,)
            return assets
        case "assets" | "number" | "text":
            return ()  # of analyses only
        case "account":
            return found.values("account")
        case "period":
            return _periods(tool, found)
        case "date":
            return _different(asked_days(found))[:2]
        case "years":
            return _different(nearest_first(found, found.of("years")))
        case "percent":
            return percents(tool.name, found)
        case "amount":
            return levels(found) if tool.name == "create_alert" else amounts(tool.name, found)
        case "term":
            coins = [found.text[m.start : m.end].lower() for m in found.of("asset")]
            return find_terms(found.text, [*terms, *coins])
        case "enum":
            return _choice(param, found)


def _periods(tool: Tool, found: Recognised) -> tuple[Value, ...]:
    days = asked_days(found)
    periods = [
        m
        for m in nearest_first(found, found.of("period"))
        if ".." in str(m.value) or not any(d.start <= m.start < d.end for d in found.of("date"))
    ]
    if periods:
        return _different(periods)
    if tool.name in _GROWTH:  # "compared with a year ago"
        spans = [_AGO.fullmatch(found.text[m.start : m.end]) for m in days]
        rolling = [canonical(span[1], span[2]) for span in spans if span]
        if rolling:
            return tuple(dict.fromkeys(period for period in rolling if period))
    return tuple(f"{m.value}..{m.value}" for m in days)


def _different(mentions: Sequence[Mention]) -> tuple[Value, ...]:
    return tuple(dict.fromkeys(m.value for m in mentions))


def _choice(param: Param, found: Recognised) -> tuple[Value, ...]:
    if param.name == "compounding":
        return found.values("compounding")
    if param.name == "kind":
        return which_gains(found.text)
    return ()


def _two_assets(
    values: dict[str, tuple[Value, ...]], missing: list[str], found: Recognised
) -> None:
    """A correlation needs two different assets, in the order they were said."""
    pool = values.get("asset_b", values.get("asset_a", ()))
    if len(pool) < 2:
        said = [*found.of("asset"), *likely_assets(found.text)]
        in_order = [m.value for m in sorted(said, key=lambda m: m.start)]
        pool = tuple(dict.fromkeys([*in_order, *pool]))
    for name in ("asset_a", "asset_b"):
        if name in missing:
            missing.remove(name)
    values.pop("asset_a", None)
    values.pop("asset_b", None)
    if len(pool) < 2:
        missing += ["asset_b"] if pool else ["asset_a", "asset_b"]
        if pool:
            values["asset_a"] = pool
        return
    named = found.values("asset")
    inherited_first = pool[0] in named and pool[1] not in named
    ordered = (pool[1], pool[0]) if inherited_first else pool
    values["asset_a"] = (ordered[0],)
    values["asset_b"] = tuple(p for p in pool if p != ordered[0])
    period = values.pop("period", None)
    if period:
        values["period"] = period
