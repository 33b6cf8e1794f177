"""Follow-ups that need one tool, whatever their words sound like."""

import re

from engine.assistant.follow import ALL, Previous
from engine.assistant.recognise import Recognised

_RATE = re.compile(r"\b(?:rate|apr|interest)\b", re.I)
_CURRENCY = re.compile(
    r"^\W*(?:(?:and|or|but|what about|how about|what is (?:it|that)|now)\s+)*(?:in|to)\s+"
    r"(?:us |swiss )?(?:euros?|dollars?|pounds?|francs?|yen|rupees?|eur|usd|gbp|chf|jpy)\W*$",
    re.I,
)
_AGAINST = re.compile(r"\b(?:versus|vs|against|compared (?:to|with)|paired with)\b", re.I)
_DEPOSIT = re.compile(r"\b(?:put|in there|in it|deposit\w*|invest\w*|start\w* with)\b", re.I)
_WAS_WORTH = re.compile(
    r"\b(?:it|that|this|one)\b.{0,15}\b(?:worth|cost|trad\w+|price)\b|"
    r"\b(?:worth|cost|price)\b.{0,15}\b(?:it|that|this|one)\b",
    re.I,
)


def leans_on(previous: Previous, found: Recognised) -> str | None:
    """The tool a follow-up needs for what it says of the call before."""
    arguments, text = previous.arguments, found.text
    if "rate_percent" in arguments and found.of("percent") and _RATE.search(text):
        return previous.tool
    if _CURRENCY.search(text):
        return previous.tool
    if previous.tool == "correlation" and found.of("asset") and _AGAINST.search(text):
        return previous.tool
    sums = previous.tool in ("impermanent_loss", "compound_growth") and found.of("amount")
    if sums and _DEPOSIT.search(text) and not found.of("asset"):
        return previous.tool
    coin = "asset" in arguments and arguments["asset"] != ALL and not found.of("asset")
    if coin and found.of("date") and _WAS_WORTH.search(text) and not found.of("account"):
        return "price"  # a position has no past value of its own
    return None
