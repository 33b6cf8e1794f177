"""What a question names that does not exist: an account, a day, a coin, a currency for an alert.

Without this the words would be left out and another question answered.
"""

import re
from collections.abc import Mapping
from decimal import Decimal

from engine.assistant.notice import other_currency
from engine.assistant.recognise.calendar_words import MONTH, MONTHS, valid_date
from engine.assistant.tools.base import Tool
from engine.assistant.tools.context import ToolContext
from engine.core.errors import KnownError

_PLACES = (
    "binance|coinbase|kraken|bitstamp|kucoin|bybit|okx|gemini|bitfinex|crypto\\.com|revolut|trezor|"
    "metamask|nexo|uphold|bitpanda|etoro|robinhood|bitvavo|huobi|gate\\.io|cold storage"
)
_ON_PLACE = re.compile(rf"\b(?:on|in|at|from|to|my|the) ({_PLACES})\b(?! coins?\b)", re.I)
_OTHER_ALERT = re.compile(
    r"\b(?:points? (?:off|from|away)|(?:off|from) (?:its|an?|my|the)\b.{0,12}\btarget|"
    r"health factor|"
    r"draw ?downs?|volatility|yields?|apy|correlations?|out of range|red flags?|"
    r"(?:data|prices?) (?:go(?:es)?|gets?|turns?|becomes?) stale|"
    r"(?:from|off|below|under) (?:its|the|an?|my) (?:[\w-]+ ){0,2}(?:high|peak|top)|weights?)\b",
    re.I,
)
_CROSSES = (
    r"\b(?:above|below|over|under|reach\w*|hits?|drops?|falls?|rises?|dips?|climbs?|passes)\b"
)
_TWO_ALERTS = re.compile(
    rf"{_CROSSES}[^.?!]*\d[^.?!]*\b(?:or|and)\b[^.?!]*{_CROSSES}[^.?!]*\d", re.I
)
_ISO = re.compile(r"(?<![\d-])(20\d\d)-(\d\d)-(\d\d)(?![\d-])")
_DAY = re.compile(rf"(?<![\d.,])(\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?({MONTH})\b", re.I)
_SYMBOL = re.compile(r"\bhow (?:much|many) ([A-Z][A-Z0-9]{2,9}) (?:do|have|did) (?:[Ii]|we)\b")


def object_to(
    question: str, tool: Tool, arguments: Mapping[str, str | Decimal], context: ToolContext
) -> None:
    """Raises KnownError if the question names something that does not exist."""
    kinds = {param.kind for param in tool.parameters}
    if "account" in kinds and "account" not in arguments:
        _check_account(question, context)
    if kinds & {"date", "period"}:
        _check_days(question)
    said = _SYMBOL.search(question)
    if said and "asset" in arguments and said[1] != arguments["asset"]:
        raise KnownError(f"I know no coin {said[1]}.", "Check how it is written.")
    if tool.name == "create_alert" and _OTHER_ALERT.search(question):
        raise KnownError(
            "In the chat I set alerts on prices and moves within a day only.",
            "Build this one on the Alerts page, or with `assay alerts add --kind`.",
        )
    if tool.name == "create_alert" and _TWO_ALERTS.search(question):
        raise KnownError(
            "In the chat I set one alert at a time.",
            "Ask for each by itself, or join conditions on the Alerts page.",
        )
    if tool.name == "create_alert" and not str(arguments["condition"]).endswith("percent"):
        other = other_currency(question, context.currency)
        if other:
            raise KnownError(
                f"Alerts watch prices in {context.currency}, and this level is in {other}.",
                f"Give it in {context.currency}, or choose {other} in Settings.",
            )


def _check_account(question: str, context: ToolContext) -> None:
    own = {account.lower() for account in context.accounts}
    for match in _ON_PLACE.finditer(question):
        if not any(match[1].lower() in account for account in own):
            names = ", ".join(context.accounts) or "none yet"
            raise KnownError(f"There is no account {match[1]}.", f"Your accounts: {names}.")


def _check_days(question: str) -> None:
    for match in _ISO.finditer(question):
        if not valid_date(int(match[1]), int(match[2]), int(match[3])):
            raise KnownError(f"There is no day {match[0]}.", "Check the date.")
    for match in _DAY.finditer(question):
        # 2024 was a leap year: only what no year has is refused.
        if not valid_date(2024, MONTHS[match[2].lower()], int(match[1])) and int(match[1]) <= 31:
            raise KnownError(f"There is no day {match[0]}.", "Check the date.")
