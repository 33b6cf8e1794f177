"""What the user said, as figures that an answer may repeat: with the unit it was said in.

"What if BTC falls 30 %" lets an answer say 30 %, never $30; "is it worth $5,000,000?" lets it say
nothing, for only the arguments of the call and the times of the question count.
"""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from engine.assistant.numerals import find_numerals
from engine.assistant.recognise import recognise
from engine.assistant.tools.base import Figure, Param, Tool
from engine.core.money import format_money, to_text

_ROLLING = re.compile(r"[0-9]+[dmy]")
_UNITS = {"d": "days", "m": "months", "y": "years"}
_TIMES = frozenset({"date", "period", "years"})


def said_figures(
    question: str,
    tool: Tool,
    arguments: Mapping[str, str | Decimal],
    currency: str,
    today: date,
) -> tuple[Figure, ...]:
    """The arguments of a call, and the times named in its question, each with its unit."""
    percent = str(arguments.get("condition", "")).endswith("percent")
    figures = [
        figure
        for param in tool.parameters
        if param.name in arguments
        for figure in _argument(param, arguments[param.name], currency, percent)
    ]
    for mention in recognise(question, today).mentions:
        if mention.kind in _TIMES:
            words = question[mention.start : mention.end]
            figures += [Figure("your question", n.value, "time") for n in find_numerals(words)]
    return tuple(figures)


def _argument(
    param: Param, value: str | Decimal, currency: str, percent: bool
) -> tuple[Figure, ...]:
    if isinstance(value, Decimal):
        if param.kind == "percent" or percent:
            return (Figure(param.name, value, f"{to_text(value)} %"),)
        if param.kind == "years":
            return (Figure(param.name, value, f"{to_text(value)} years"),)
        return (Figure(param.name, value, format_money(value, currency)),)
    if _ROLLING.fullmatch(value):
        return (Figure(param.name, Decimal(value[:-1]), f"{value[:-1]} {_UNITS[value[-1]]}"),)
    return tuple(Figure(param.name, n.value, param.name) for n in find_numerals(value))
