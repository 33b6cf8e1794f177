"""Which values each argument of a tool may take, given what the recognisers found.

The grammar of a turn is built from these candidates, so a call can only name assets,
accounts, days, periods and numbers that the user said, owns or said a moment ago.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from engine.assistant.conditions import conditions, in_scale, levels
from engine.assistant.follow import ALL, Previous, inherited, partners, relative
from engine.assistant.nearness import asked_days, is_story, nearest_first
from engine.assistant.recognise import Mention, Recognised
from engine.assistant.recognise.assets import likely_assets
from engine.assistant.recognise.calendar_words import COUNT, UNIT, canonical
from engine.assistant.terms import find_terms
from engine.assistant.tools.base import Param, Tool

__all__ = ["ALL", "Previous", "Slots", "candidates"]

Value = str | Decimal

_REALISED = re.compile(
    r"\b(?<!un)(?<!un-)(?:reali[sz]ed|relised|realsied|realised|locked[\s-]?in|lock(?:ed)? in|"
    r"closed|sold|(?:did|have|had) i (?:\w+ )?reali[sz]e|"
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
_WITHOUT = re.compile(
    r"\b(?:without|excluding|ignoring|leaving out|not|apart from|except(?: for)?|forget)\s+"
    r"(?:(?:counting|including|the|my|any|anything|what|all|of|i've|ive|i|have|about)\s+)*$",
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


# "2,400 in all": what the parts add up to.
_SUM = re.compile(r"\s*(?:in all|in total|altogether|all together|total|combined|together)\b", re.I)
_PUT = re.compile(
    r"\b(?:put(?:ting)?(?: in)?|deposit\w*|invest\w*|provid\w*|added|adding|on|with|of|worth|"
    r"stak\w*|supply|supplied|pool(?:ed)?|lp|into it|position)\s+"
    r"(?:(?:of|about|around|roughly|some|in|is|was)\s+)*$",
    re.I,
)
_PUT_IN = re.compile(
    r"\s*(?:in(?:to)?\b|deposit\w*|invested|liquidity|lp\b|pool\b|position|each side|worth)", re.I
)
_CHANGE = re.compile(r"(?:\b(?:minus|plus|by|up|down|falls?|drops?|rises?)|[-+−–])\s*$", re.I)
_COUNTED = re.compile(
    r"\s*(?:coins?|tokens?|assets?|sides?|of (?:the|them|my|us)|times|people|pints?|x\b|%|years?|"
    r"months?|weeks?|days?|other)\b",
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
        case "account":
            return found.values("account")
        case "period":
            return _periods(tool, found)
        case "date":
            return _different(asked_days(found))[:2]
        case "years":
            return _different(nearest_first(found, found.of("years")))
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
    days = asked_days(found)
    periods = [
        m
        for m in nearest_first(found, found.of("period"))
        if not any(d.start <= m.start and m.end <= d.end and ".." not in str(m.value) for d in days)
    ]
    if periods:
        return _different(periods)
    if tool.name in _GROWTH:  # "compared with a year ago"
        spans = [_AGO.fullmatch(found.text[m.start : m.end]) for m in days]
        rolling = [canonical(span[1], span[2]) for span in spans if span]
        if rolling:
            return tuple(dict.fromkeys(period for period in rolling if period))
    return tuple(f"{m.value}..{m.value}" for m in days)


def _percents(tool: Tool, found: Recognised) -> tuple[Value, ...]:
    mentions = nearest_first(found, found.of("percent"))
    if tool.name in {"what_if", "impermanent_loss"}:
        options: list[Value] = []
        # "he earns 14 % fees … if one triples": a change has a direction where any has
        for mention in sorted(mentions, key=lambda m: not m.signed):
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


def _is_deposit(found: Recognised, mention: Mention) -> bool:
    """Whether a plain number is money in a pool, not a count or a percentage."""
    before, after = found.text[: mention.start], found.text[mention.end :]
    if _COUNTED.match(after) or _CHANGE.search(before):
        return False
    if _PUT.search(before) or _PUT_IN.match(after):
        return True
    return not is_story(found) and isinstance(mention.value, Decimal) and mention.value >= 200


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
    amounts = nearest_first(found, found.of("amount"))
    money = [m for m in amounts if isinstance(m.value, Decimal)]
    if tool.name == "impermanent_loss":
        money = [m for m in money if m.signed or _is_deposit(found, m)]
    summed = [m for m in money if _SUM.match(found.text, m.end)]
    signed = [m for m in money if m.signed]
    clear = summed or signed or [m for m in money if not _inside(m, found.of("period"))] or money
    if tool.name == "compound_growth" and not signed and len(clear) > 1:
        clear = [max(clear, key=lambda m: m.value)]
    return tuple(dict.fromkeys(m.value for m in clear))


def _different(mentions: Sequence[Mention]) -> tuple[Value, ...]:
    return tuple(dict.fromkeys(m.value for m in mentions))


def _inside(mention: Mention, others: Sequence[Mention]) -> bool:
    return any(o.start <= mention.start and mention.end <= o.end for o in others)


def _choice(param: Param, found: Recognised) -> tuple[Value, ...]:
    if param.name == "compounding":
        return found.values("compounding")
    if param.name == "kind":
        return _kind(found.text)
    return ()


def _kind(text: str) -> tuple[Value, ...]:
    """Which gains are meant; "not the open ones" are the others."""
    kinds = set()
    for pattern, kind, other in (
        (_UNREALISED, "unrealised", "realised"),
        (_REALISED, "realised", "unrealised"),
    ):
        for match in pattern.finditer(text):
            kinds.add(other if _WITHOUT.search(text[: match.start()]) else kind)
        text = pattern.sub(" ", text)
    return tuple(kinds) if len(kinds) == 1 else ()


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
