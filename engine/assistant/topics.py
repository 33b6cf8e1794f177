"""Questions for an analysis, told by the terms of the trade they contain.

The words of these topics ("HRP", "health factor", "Monte Carlo") belong to one analysis each, so
that a list of patterns settles what the router, which knows the everyday tools, is not asked.
"""

import re
from collections.abc import Sequence
from decimal import Decimal

from engine.analytics.scorecard.several import several
from engine.assistant.analyses import ANALYSES
from engine.assistant.analyses.base import Analysis, amounts_said
from engine.assistant.follow import is_follow_up
from engine.assistant.prompting import Exchange
from engine.assistant.recognise import Recognised, recognise
from engine.assistant.tools.base import Param
from engine.assistant.tools.context import ToolContext

Arguments = dict[str, str | Decimal]

_ACTION = re.compile(
    r"\b(?:show|run|compute|calculate|compare|score|check|give|make|build|plot|draw|list|find|"
    r"optimi[sz]e|simulate|replay|rebalance|estimate|rate|assess|analy[sz]e)\b",
    re.I,
)
_OWN = re.compile(r"\b(?:my|mine|our|i|we|me|portfolio|holdings)\b", re.I)
_FALL = re.compile(
    r"\b(?:falls?|drops?|loses?|crash\w*|down|declines?|sinks?|dumps?|minus|halves)\b", re.I
)

_NO_COIN = re.compile(r"\boptimi[sz](?:e|er|ed|ing|ation)\b", re.I)
"""Would be read as a misspelt Optimism."""

_COUNT = r"[$€£]?(?<![\d.,])(\d{1,3}(?:,\d{3})+|\d{1,9})(?![\d.,]\d)"


def topic_of(
    question: str, history: Sequence[Exchange], context: ToolContext
) -> tuple[Analysis, Arguments] | None:
    """The analysis a question is for, with the values it names, or None.

    "What is a Sharpe ratio?" asks for the term, not for a figure: None.
    """
    last = history[-1] if history else None
    before = ANALYSES.get(last.tool) if last and last.tool else None
    plain = _NO_COIN.sub("allocate", question)
    found = recognise(plain, context.today, context.assets, context.accounts)
    analysis = _named(question)
    if analysis is not None:
        if _asks_for_a_term(question, found):
            return None
        return analysis, arguments(analysis, question, found, context)
    if before is not None and last is not None and found.mentions and is_follow_up(question):
        texts = {param.name for param in before.tool.parameters if param.kind == "text"}
        read = arguments(before, question, found, context)
        given = {name: value for name, value in read.items() if name not in texts}
        return (before, last.arguments | given) if given else None
    return None


def arguments(
    analysis: Analysis, question: str, found: Recognised, context: ToolContext
) -> Arguments:
    """The values of a question that the analysis has parameters for."""
    offers = analysis.offers(context)
    given: Arguments = {}
    percents = [p for p in analysis.tool.parameters if p.kind == "percent"]
    amounts = (Decimal(mention.value) for mention in amounts_said(found))
    for param in analysis.tool.parameters:
        value: str | Decimal | None = _offered(param, offers.get(param.name, ()), question)
        if value is None:
            value = next(amounts, None) if param.kind == "amount" else _recognised(param, found)
        if value is None and param.kind == "percent" and param is _meant(percents):
            value = _percent(param, found, question)
        if value is None and param.kind == "number":
            value = _numbered(param.name, question)
        if value is None and param.kind == "text" and param.name not in offers:
            value = question
        if value is not None:
            given[param.name] = value
    read = analysis.reads(found)
    kept = {name: value for name, value in {**given, **read}.items() if value is not None}
    return {p.name: kept[p.name] for p in analysis.tool.parameters if p.name in kept}


def _named(question: str) -> Analysis | None:
    places = [
        (match.start(), one)
        for one in ANALYSES.values()
        for pattern in one.topics
        if (match := re.search(pattern, question, re.I))
    ]
    return min(places, key=lambda place: place[0])[1] if places else None


def _asks_for_a_term(question: str, found: Recognised) -> bool:
    """Whether it names nothing to compute with: no value, nothing of the user's, no action, nor
    tokens with what is said of them."""
    named = found.mentions or _OWN.search(question) or _ACTION.search(question)
    return not (named or several(question))


def _offered(param: Param, offered: Sequence[str], question: str) -> str | None:
    """A choice of the parameter, or a value the data offer, that the question names."""
    if param.kind in ("asset", "assets", "account"):
        return None
    spoken = question.lower().replace("-", " ")
    for choice in sorted((*param.choices, *offered), key=len, reverse=True):
        words = choice.lower().replace("_", " ").replace("-", " ")
        if re.search(rf"(?<!\w){re.escape(words)}(?!\w)", spoken):
            return choice
    return None


def _recognised(param: Param, found: Recognised) -> str | Decimal | None:
    match param.kind:
        case "assets":
            return ", ".join(map(str, found.values("asset"))) or None
        case "asset" | "account" | "period" | "date" | "years":
            values = found.values(param.kind)
            return values[0] if values else None
        case _:
            return None


def _numbered(name: str, question: str) -> Decimal | None:
    """The number that a question gives a parameter by its name: "90 days", "seed 7"."""
    stem = re.escape(name.removesuffix("s").replace("_", " "))
    for pattern in (rf"{_COUNT}[\s-]+(?:new |more )?{stem}s?\b", rf"\b{stem}s?\s*[=:]?\s*{_COUNT}"):
        match = re.search(pattern, question, re.I)
        if match:
            return Decimal(match[1].replace(",", ""))
    return None


def _meant(percents: Sequence[Param]) -> Param | None:
    """The parameter that a bare percentage is for: the only one, or that of a change."""
    if len(percents) == 1:
        return percents[0]
    return next((p for p in percents if "change" in p.name), None)


def _percent(param: Param, found: Recognised, question: str) -> Decimal | None:
    mentions = found.of("percent")
    if not mentions:
        return None
    # Of several, the one said to rise or fall.
    mention = next((one for one in mentions if one.signed), mentions[0])
    value = Decimal(mention.value)
    falls = param.least is not None and param.least < 0 and _FALL.search(question)
    return -abs(value) if falls and not mention.signed else value
