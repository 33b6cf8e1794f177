"""When an answer gets a risk notice: by rule, never by the model's choice."""

import re
from collections.abc import Callable
from datetime import date

from engine.analytics.periods import resolve
from engine.assistant.recognise import recognise
from engine.assistant.tools.base import Arguments, Tool
from engine.core.errors import KnownError

NOTICE = (
    "Not investment advice. Crypto prices can fall to zero; "
    "past figures do not say what comes next."
)
_DEAL = (
    r"(?:buy|buying|sell|selling|hold|holding|hodl|keep|keeping|invest|investing|get in|get out|"
    r"dca|ape in|go all[- ]in|take profits?|taking profits?|cash(?:ing)? out|stake|staking|"
    r"swap|swapping|rebalance|rebalancing|diversify|allocate|dump|dumping|exit|double down|"
    r"put (?:it|my|the|some|more|all)\b)"
)
# Questions that want to be told what to do or what will happen; "what do I hold" does not.
_ASKS = re.compile(
    r"\b(?:should|shall|ought|shld|shoud)\s+(?:i|we|one|my|you)\b|\bshould(?:n'?t)? i\b|"
    r"\bworth (?:buying|selling|holding|keeping|investing|getting|it\b)|"
    r"(?<!my )\b(?:good|right|best|bad|smart|wise|safe|sensible|better|wiser|clever) "
    r"(?:time|moment|idea|buy|entry|investment|move|bet|coin to|thing to)\b|"
    r"\b(?:recommend\w*|suggest\w*|advi[cs]e\w*)\b|\byour opinion\b|"
    r"\b(?:better|safe|wise|wiser|smart|sensible|time|okay|ok|risky|clever|dumb|stupid|mad|crazy) "
    rf"(?:\w+ )?to {_DEAL}|"
    rf"\b(?:do|would) you (?:think|{_DEAL})|\bwhat would you (?:do|{_DEAL})|"
    rf"\b{_DEAL}(?: \w+){{0,2}} or (?:not|just )?(?:\w+ )?{_DEAL}|"
    r"(?:^|[,;.]\s*|\b(?:or|so|now)\s+)(?:buy|sell|hold|hodl|keep|dump|ape in|all[- ]in)"
    r"(?: (?:it|more|some|everything|\w{2,6}))?\s*\?\s*$|"
    rf"\b(?:is it|is this|is now|are we) .{{0,25}}\bto {_DEAL}|"
    r"\bhow (?:much|many|do i|can i|would you|should i) "
    r"(?!have i).{0,20}\b(?:invest|rebalance|diversify|allocate)\b|"
    r"\bwhich (?:coins?|one|crypto|asset|shitcoin|token) "
    r"(?:to|shall|will|would|is (?:best|gonna))\b|"
    r"\bwhat (?:coins? )?to (?:buy|sell|hold|invest in)\b|"
    r"\b(?:will|gonna|going to|is .{1,20} ever) .{0,30}"
    r"\b(?:moon|recover|crash|pump|rise|go up|go down|com(?:e|ing) back|hit|reach|\d+x|be at)\b|"
    r"\b(?:predict\w*|forecast\w*|g[au]+rant\w*|sure (?:profit|thing)|wen moon)\b",
    re.I,
)
_FACTS = re.compile(
    r"\b(?:what|which coins?|how much|how many|when|where) "
    r"(?:do|did|have|has|am|are|was|were) (?:i|we)\b|"
    r"\b(?:did|have|had) i (?:last |ever |already )?(?:buy|bought|sell|sold|hold|held)\b",
    re.I,
)
_TELLS = re.compile(
    r"\b(?:you|one) (?:should|could|might|may|ought|had better|can safely)\b"
    rf"[^.!?]{{0,40}}\b{_DEAL}\b|"
    r"\bi(?:'d| would)? (?:recommend|suggest|advise)\b|"
    rf"\b(?:consider|think about|it is time to|better to|now is .{{0,20}}to) {_DEAL}\b|"
    rf"\bno (?:personal )?advice to {_DEAL}\b|\bno predictions\b|\bcannot predict\b",
    re.I,
)

_MONEY = frozenset(
    {"portfolio_value", "position", "profit_loss", "price", "what_if", "transactions", "best_worst",
     "period_return", "price_extremes", "sale_preview", "lots_held", "growth", "movers", "tax_year",
     "income", "stress_replay", "nft_value", "loan_health"}
)  # fmt: skip
_OF_TODAY = frozenset(
    {"portfolio_value", "position", "price", "lots_held", "nft_value", "loan_health"}
)
_STORY = 25  # words; a longer text names times that it does not ask about
_CURRENCIES = {
    code: re.compile(rf"\b(?:in|into|to) (?:{words}|{code})\b(?! pool| pair| account)", re.I)
    for code, words in {
        "USD": r"(?:us )?dollars?",
        "EUR": r"euros?",
        "GBP": r"(?:british )?pounds?|sterling|quid",
        "CHF": r"(?:swiss )?francs?",
        "JPY": r"yen",
        "INR": r"rupees?",
        "CAD": r"canadian dollars?",
        "AUD": r"(?:australian|aussie) dollars?",
    }.items()
}


def risk_notice(question: str, answer: str, tool: Tool | None) -> str:
    """The notice that must follow this answer, or "" when it cannot be read as advice.

    It follows every answer of a tool about risk and return, every question that asks what to do,
    and every answer that says so; a glossary entry is quoted as it is.
    """
    if tool is not None and tool.advice:
        return NOTICE
    if _ASKS.search(_FACTS.sub(" ", question)):
        return NOTICE
    glossary = tool is not None and tool.name == "explain_term"
    return NOTICE if not glossary and _TELLS.search(answer) else ""


_SIGNS = {"€": "EUR", "£": "GBP", "¥": "JPY", "$": "USD"}


def other_currency(question: str, currency: str) -> str:
    """The code of another currency than the one reported in that a question asks for, or ""."""
    for code, pattern in _CURRENCIES.items():
        if code != currency and pattern.search(question):
            return code
    signs = {code for sign, code in _SIGNS.items() if sign in question} - {currency}
    dollars = {"USD"} if currency in ("CAD", "AUD", "NZD", "HKD", "SGD", "MXN") else set()
    return min(signs - dollars, default="")


def currency_notice(question: str, tool: Tool, currency: str, knows: Callable[[str], bool]) -> str:
    """What to say when another currency than the one reported in is asked for, or "".

    knows: whether an exchange rate of a currency is at hand.
    """
    code = other_currency(question, currency) if tool.name in _MONEY else ""
    if not code:
        return ""
    if knows(code):
        return f"The figures are in {currency}; choose {code} in Settings to see those."
    return f"The figures are in {currency}; I know no exchange rate to {code}."


def period_notice(question: str, tool: Tool, arguments: Arguments, today: date) -> str:
    """What to say when a past period is named and the figures are those of today, or ""."""
    if tool.name not in _OF_TODAY or "date" in arguments or len(question.split()) > _STORY:
        return ""
    found = recognise(question, today)
    for mention in found.of("period"):
        try:
            _, end, _ = resolve(str(mention.value), today, today)
        except KnownError:  # of the future
            continue
        if end < today:
            words = found.text[mention.start : mention.end]
            return f"These are the figures of {today}; “{words}” is not used."
    return ""
