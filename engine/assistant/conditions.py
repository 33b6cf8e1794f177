"""Which way an alert watches: above or below a price, up or down by a percentage."""

import re
from collections.abc import Callable
from decimal import Decimal

from engine.assistant.figures import bare_moves
from engine.assistant.nearness import nearest_first
from engine.assistant.recognise import Recognised
from engine.assistant.recognise.numbers import price_words

Value = str | Decimal

_BELOW = re.compile(
    r"\b(?:below|bellow|blow(?=\s+[$€£\d])|belwo|under|beneath|less than|lower than|underneath|"
    r"down to|back to|"
    r"(?:drop|drap|fall|dip|sink|crash|dump|tank|slid|slip|com|go|declin|los)\w*\s+(?:back\s+|down\s+)*"
    r"(?:to|below|under|through)|loses|cheaper than|(?:more|as) low (?:as|than)|lower as|"
    r"south of|or (?:less|lower|below)|at most|"
    r"downside|bottoms?)\b|<",
    re.I,
)
_ABOVE = re.compile(
    r"\b(?:above|abov|over|exceeds?|more than|higher (?:than|as)|"
    r"(?:more |as )?high (?:as|than)|(?:dear|pric|costl)ier than|dearer than|more expensive than|"
    r"greater than|north of|past|"
    r"tops?|topping|cross(?:es|ed|ing)?|break(?:s|ing)?(?: out)?|broke|clear(?:s|ed|ing)?|"
    r"exceed(?:ed|ing)|breach\w*|or (?:more|higher|above)|"
    r"at least|upside|up to|pass(?:es|ing)|beat(?:s|ing)|surpass\w*|"
    r"(?:ris|climb|pump|jump|rall|get|goes|go|shoot|soar|moon)\w*\s+(?:up\s+)?(?:to|above|over|past))\b|>",
    re.I,
)
_HIT = re.compile(r"\b(?:hits?|reach\w*|touch\w*|at|gets? to|tags?)\b", re.I)
_DAILY = re.compile(
    r"\b(?:(?:in|within|over|inside|during)\s+(?:an?|one|the|24|twenty[ -]four)\s?(?:single\s+)?"
    r"(?:days?|h|hrs?|hours)|daily|overnight|on the day)\b",
    re.I,
)
# "5.000": five, or five thousand as it is written on the Continent
_GROUPED = re.compile(r"(?<![\d.])[1-9]\d{0,2}\.\d{3}(?![\d.,])")
# "for my 3 coins", "in 2 days", "twice": counts, not levels.
_COUNTED = re.compile(
    r"\s?(?:coins?|tokens?|assets?|alerts|alarms|positions?|accounts?|times|of (?:my|the|them)|"
    r"minutes?|mins?|people|others?|am|pm|o'?clock)\b",
    re.I,
)


def levels(found: Recognised) -> tuple[Value, ...]:
    """The prices or percentages an alert may ring at."""
    amounts = nearest_first(found, found.of("amount"))
    money = [m for m in amounts if not _COUNTED.match(found.text, m.end)]
    said = nearest_first(found, found.of("percent"))
    percents = [m for m in said if isinstance(m.value, Decimal)]
    clear = [m for m in money if m.signed]
    if moves := _daily_moves(found):
        return tuple(abs(move) for move in moves)
    if percents and not clear:
        return tuple(dict.fromkeys(abs(Decimal(m.value)) for m in percents))
    periods = found.of("period")
    outside = [m for m in money if not any(p.start <= m.start and m.end <= p.end for p in periods)]
    return tuple(dict.fromkeys(m.value for m in clear or outside or money))


def _daily_moves(found: Recognised) -> list[Decimal]:
    """ "slips 10 in a day": percentages, though nobody says so."""
    clear = any(m.signed for m in found.of("amount")) or found.of("percent")
    if clear or not _DAILY.search(found.text):
        return []
    return [move for move in bare_moves(found) if isinstance(move, Decimal)]


def in_scale(
    found: Recognised, levels: tuple[Value, ...], price: Decimal | None
) -> tuple[Value, ...]:
    """Levels in the scale of a price: "twenty two fifty" is 22.50 or 2,250, "5.000" 5 or 5000."""
    if not price:
        return levels
    spelt = {m.value for m in found.of("amount") if price_words(found.text[m.start : m.end])}

    grouped = {m.value for m in found.of("amount") if _GROUPED.search(found.text[m.start : m.end])}

    def scaled(level: Value) -> Value:
        factor = 100 if level in spelt else 1000 if level in grouped else 1
        if factor == 1 or not isinstance(level, Decimal) or not level:
            return level
        return min(level, level * factor, key=lambda v: abs((v / price).ln()))

    return tuple(map(scaled, levels))


def conditions(
    found: Recognised,
    assets: tuple[Value, ...],
    last_price: Callable[[str], Decimal | None],
) -> tuple[Value, ...]:
    """The conditions an alert may have, likeliest first.

    assets: the coins it may watch. last_price: tells on which side a level to be "hit" lies.
    """
    text = found.text
    if re.search(r"\bdownwards?\b|\bfrom above\b", text, re.I):
        return ("below",)
    if re.search(r"\bupwards?\b|\bfrom below\b", text, re.I):
        return ("above",)
    percents = found.of("percent")
    if percents and not any(m.signed for m in found.of("amount")):
        options: list[Value] = []
        for mention in percents:
            if not mention.signed:
                options += ["down_percent", "up_percent"]
            elif isinstance(mention.value, Decimal):
                options.append("down_percent" if mention.value < 0 else "up_percent")
        return tuple(dict.fromkeys(options))
    if moves := _daily_moves(found):
        return tuple("down_percent" if move < 0 else "up_percent" for move in moves[:1])
    below, above = _BELOW.search(text), _ABOVE.search(text)
    if bool(below) != bool(above):
        return ("below",) if below else ("above",)
    money = levels(found)
    if not money:
        return ()
    if below and above and below.start() != above.start():
        return ("below", "above") if below.start() > above.start() else ("above", "below")
    if below or _HIT.search(text):
        price = last_price(str(assets[0])) if assets else None
        level = money[0]
        if price is not None and isinstance(level, Decimal) and level < price:
            return ("below",)
        return ("above",)
    return ("above", "below")
