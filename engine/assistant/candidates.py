"""Which values each argument of a tool may take, given what the recognisers found.

The grammar of a turn is built from these candidates, so a call can only name assets,
accounts, days, periods and numbers that the user said, owns or said a moment ago.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from engine.assistant.conditions import conditions, levels
from engine.assistant.follow import ALL, Previous, inherited, partners, relative
from engine.assistant.recognise import Mention, Recognised
from engine.assistant.recognise.assets import likely_assets
from engine.assistant.recognise.calendar_words import COUNT, UNIT, canonical
from engine.assistant.terms import find_terms
from engine.assistant.tools.base import Param, Tool

__all__ = ["ALL", "Previous", "Slots", "candidates"]

Value = str | Decimal

_REALISED = re.compile(
    r"\b(?<!un)(?<!un-)(?:reali[sz]ed|relised|realsied|realised|locked[\s-]?in|lock(?:ed)? in|"
    r"closed|sold|"
    r"booked|banked|cashed|disposed|pocketed|crystalli[sz]ed|actual(?:ly)? (?:taken|sold)|"
    r"(?:profits? )?taken(?: out| in profits?| profits?)|took profits?|cash(?:ed)? (?:out|in)|"
    r"by selling|when i sold|from (?:my )?sales|already (?:taken|sold|made|booked))\b",
    re.I,
)
_UNREALISED = re.compile(
    r"\b(?:un-?\s?reali[sz]ed|unrelised|unrealsied|paper|open|unsold|floating|still hold(?:ing)?|"
    r"not (?:yet )?(?:sold|cashed|taken)|"
    r"(?:haven|havn)'?t (?:sold|cashed|taken|closed)|would|if i (?:sold|closed|cashed)|"
    r"before selling)\b",
    re.I,
)
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
            if value is not None:
                values[param.name] = (value,)
            continue
        options = _options(tool, param, found, terms)
        if tool.name == "create_alert" and param.name == "condition":
            options = conditions(found, values.get("asset", ()), last_price)
        if not options and previous is not None:
            options = inherited(tool, param, previous, found)
        if not options and tool.name == "what_if" and param.kind == "asset":
            options = (ALL,)
        if param.name == "asset_b":
            options = partners(values.get("asset_a", ()), options, previous)
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
        case "account":
            return found.values("account")
        case "period":
            return _periods(tool, found)
        case "date":
            return found.values("date")[:2]
        case "years":
            return found.values("years")
        case "percent":
            return _percents(tool, found)
        case "amount":
            return _amounts(tool, found)
        case "term":
            coins = [found.text[m.start : m.end].lower() for m in found.of("asset")]
            return find_terms(found.text, [*terms, *coins])
        case "enum":
            return _choice(param, found)


def _periods(tool: Tool, found: Recognised) -> tuple[Value, ...]:
    days = found.of("date")
    periods = [
        m
        for m in found.of("period")
        if not any(d.start <= m.start and m.end <= d.end and ".." not in str(m.value) for d in days)
    ]
    if periods:
        return tuple(dict.fromkeys(m.value for m in periods))
    if tool.name in _GROWTH:  # "compared with a year ago"
        spans = [_AGO.fullmatch(found.text[m.start : m.end]) for m in days]
        rolling = [canonical(span[1], span[2]) for span in spans if span]
        if rolling:
            return tuple(dict.fromkeys(period for period in rolling if period))
    return tuple(f"{m.value}..{m.value}" for m in days)


def _percents(tool: Tool, found: Recognised) -> tuple[Value, ...]:
    mentions = found.of("percent")
    if tool.name in {"what_if", "impermanent_loss"}:
        options: list[Value] = []
        for mention in mentions:
            assert isinstance(mention.value, Decimal)
            options.append(mention.value)
            if not mention.signed and tool.name == "what_if":
                options.append(-mention.value)
        if not options:
            options = _bare_percents(found)
        return tuple(dict.fromkeys(options))
    rates = [abs(m.value) for m in mentions if isinstance(m.value, Decimal)]
    if not rates:
        rates = [
            m.value
            for m in found.of("amount")
            if isinstance(m.value, Decimal) and m.value < 1000 and not m.signed
        ]
        if tool.name == "compound_growth":
            rates = rates[-1:] if len(rates) > 1 else []
    return tuple(dict.fromkeys(rates))


def _bare_percents(found: Recognised) -> list[Value]:
    """ "eth -40" or "btc drops 20": a small number with a direction but no percent sign."""
    options: list[Value] = []
    for match in re.finditer(
        r"(?<![\w.,$€£])([-+−–])\s?(\d{1,3}(?:\.\d+)?)(?![\w,.]*\d)", found.text
    ):
        value = Decimal(match[2])
        options.append(value if match[1] == "+" else -value)
    return options


def _amounts(tool: Tool, found: Recognised) -> tuple[Value, ...]:
    if tool.name == "create_alert":
        return levels(found)
    money = [m for m in found.of("amount") if isinstance(m.value, Decimal)]
    signed = [m for m in money if m.signed]
    clear = signed or [m for m in money if not _inside(m, found.of("period"))] or money
    if tool.name == "compound_growth" and not signed and len(clear) > 1:
        clear = [max(clear, key=lambda m: m.value)]
    return tuple(dict.fromkeys(m.value for m in clear))


def _inside(mention: Mention, others: Sequence[Mention]) -> bool:
    return any(o.start <= mention.start and mention.end <= o.end for o in others)


def _choice(param: Param, found: Recognised) -> tuple[Value, ...]:
    if param.name == "compounding":
        return found.values("compounding")
    if param.name == "kind":
        unrealised = _UNREALISED.search(found.text)
        realised = _REALISED.search(_UNREALISED.sub(" ", found.text))
        if bool(unrealised) == bool(realised):
            return ()
        return ("unrealised",) if unrealised else ("realised",)
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
