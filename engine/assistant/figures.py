"""The percentages and amounts of money that a question gives to a calculation."""

import re
from collections.abc import Sequence
from decimal import Decimal

from engine.assistant.nearness import is_story, nearest_first
from engine.assistant.recognise import Mention, Recognised
from engine.assistant.recognise.direction import direction
from engine.assistant.recognise.numbers import SPELT, number, part

Value = str | Decimal

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
_PER = re.compile(r"\s*(?:interest\s+)?(?:an?|per|each|every|/)\s*(day|week|month|quarter)\b", re.I)
_A_YEAR = {"day": 365, "week": 52, "month": 12, "quarter": 4}
_RATE = re.compile(
    r"(?:\b(?:at|rate|rate of|r|i)\s*[=:]?|@)\s*"
    rf"(?:(?P<digits>\d{{1,2}}(?:\.\d+)?)|(?P<spelt>{SPELT}))(?=\s|[,;?.]\s|[,;?.]?$)"
    r"(?:\s+and\s+(?:a\s+)?(?P<part>half|quarter|three\s+quarters))?"
    r"(?!\s*(?:%|percent|per cent|k\b|years?|months?|days?|usd|dollars?|euros?|pounds?))",
    re.I,
)
# "price down 30", "slips another eight": no price, span, count or time of day
_MOVE = re.compile(
    r"\b(?:down|up|drop(?:s|ped)?|f[ae]ll(?:s|en)?|ris(?:es|e|en)|rose|los(?:es|e|t)|gain(?:s|ed)?|"
    r"slips?|slides?|slid|dips?|sinks?|crash(?:es|ed)?|dump(?:s|ed)?|tanks?|sheds?|plunges?|jumps?|tumbl\w+|slump\w*|declin\w+|retrac\w+|"
    r"surg\w+|soar\w*|rall(?:y|ies)|rockets?|grows?|bounces?|"
    r"pumps?|climbs?|depegs?|minus|plus)\s+"
    r"(?:(?:by|another|about|around|roughly|like|some)\s+)*"
    rf"(?:(?P<digits>\d{{1,3}}(?:\.\d+)?)(?![\d.,]*\d)|(?P<spelt>{SPELT}))\b"
    r"(?!\s?(?:[-/:$€£%x]|(?:k|m|st|nd|rd|th|am|pm|percent\w*|grand|times|usd|eur|gbp|dollars?|bucks?|"
    r"euros?|pounds?|quid|cents?|coins?|tokens?|points?|basis|bps|seconds?|minutes?|hours?|days?|"
    r"weeks?|months?|years?|yrs?|of|more|btc|eth|sol)\b))",
    re.I,
)
_CHANGE = re.compile(r"(?:\b(?:minus|plus|by|up|down|falls?|drops?|rises?)|[-+−–])\s*$", re.I)
_COUNTED = re.compile(
    r"\s*(?:coins?|tokens?|assets?|sides?|of (?:the|them|my|us)|times|people|pints?|x\b|%|years?|"
    r"months?|weeks?|days?|other|"
    # "with 4 charts": things, not money
    r"(?!(?:dollars|bucks|euros|pounds|is|as|was|this|us|plus|minus|less|across|always)\b)"
    r"[a-z]{3,}[a-rt-z]s)\b",
    re.I,
)


def percents(tool: str, found: Recognised) -> tuple[Value, ...]:
    """The price changes or rates that `tool` may be asked for, likeliest first."""
    mentions = nearest_first(found, found.of("percent"))
    if tool in {"what_if", "impermanent_loss"}:
        options: list[Value] = []
        # "he earns 14 % fees … if one triples": a change has a direction where any has
        for mention in sorted(mentions, key=lambda m: not m.signed):
            assert isinstance(mention.value, Decimal)
            options.append(mention.value)
            if not mention.signed and tool == "what_if":
                options.append(-mention.value)
        if not options:
            options = _bare_percents(found)
        return tuple(dict.fromkeys(options))
    if tool == "apr_to_apy":  # a yield beside the rate is what it is compared with
        mentions = [m for m in mentions if not _is_yield(found.text, m)] or mentions
    rates = [
        abs(m.value) * _periods_a_year(found.text, m)
        for m in mentions
        if isinstance(m.value, Decimal)
    ]
    if not rates and tool == "apr_to_apy" and is_story(found):
        rates = _rates_at(found)
    elif not rates:
        rates = [
            m.value
            for m in found.of("amount")
            if isinstance(m.value, Decimal) and m.value < 1000 and not m.signed
        ]
        if tool == "compound_growth":
            rates = _rates_at(found) or (rates[-1:] if len(rates) > 1 else [])
    return tuple(dict.fromkeys(rates))


def _is_yield(text: str, mention: Mention) -> bool:
    """Whether a rate is said to be an APY."""
    return bool(re.match(r".*apy\b", text[mention.start : mention.end], re.I)) or bool(
        re.match(r"\s?apy\b", text[mention.end :], re.I)
    )


def _yearly(text: str, mention: Mention) -> bool:
    """Whether a rate is said to be one of a year: "8 % APR every month" tells when it is paid."""
    return bool(
        re.search(
            r"\b(?:ap[ry]|annual|pa|per annum|yearly)\b", text[mention.start : mention.end], re.I
        )
    )


def _periods_a_year(text: str, mention: Mention) -> int:
    """How often a rate is earned in a year: "0.05 % a day" is 18.25 % a year, "5 %" is 5 %."""
    match = None if _yearly(text, mention) else _PER.match(text, mention.end)
    return _A_YEAR[match[1].lower()] if match else 1


def _rates_at(found: Recognised) -> list[Decimal]:
    """ "leave 8k alone at 5.5 for 12 years": a small bare number after "at" or "rate"."""
    return [
        number(match["digits"], match["spelt"]) + part(match["part"])
        for match in _RATE.finditer(found.text)
    ]


def _is_deposit(found: Recognised, mention: Mention) -> bool:
    """Whether a plain number is money in a pool, not a count or a percentage."""
    before, after = found.text[: mention.start], found.text[mention.end :]
    if _COUNTED.match(after) or _CHANGE.search(before):
        return False
    if _PUT.search(before) or _PUT_IN.match(after):
        return True
    return not is_story(found) and isinstance(mention.value, Decimal) and mention.value >= 200


def _bare_percents(found: Recognised) -> list[Value]:
    """ "eth -40" or "price down sixty": a small number with a direction but no percent sign."""
    options: list[Value] = []
    for match in re.finditer(
        r"(?<![\w.,$€£])([-+−–])\s?(\d{1,3}(?:\.\d+)?)(?![\w,.]*\d)", found.text
    ):
        value = Decimal(match[2])
        options.append(value if match[1] == "+" else -value)
    return options + bare_moves(found)


def bare_moves(found: Recognised) -> list[Value]:
    """Moves in percent said without the word: "price down sixty"."""
    options: list[Value] = []
    for match in _MOVE.finditer(found.text):
        value = number(match["digits"], match["spelt"])
        way = direction(found.text, *match.span("digits" if match["digits"] else "spelt"))
        if way and 0 < value <= 100:
            options.append(value * way)
    return options


def amounts(tool: str, found: Recognised) -> tuple[Value, ...]:
    """The sums of money that `tool` may be asked for, likeliest first."""
    said = nearest_first(found, found.of("amount"))
    money = [m for m in said if isinstance(m.value, Decimal)]
    if tool != "create_alert":  # "since it was at a dollar": a price
        money = [m for m in money if m.value != 1 or len(money) == 1]
    if tool == "impermanent_loss":
        money = [m for m in money if m.signed or _is_deposit(found, m)]
    summed = [m for m in money if _SUM.match(found.text, m.end)]
    signed = [m for m in money if m.signed]
    clear = summed or signed or [m for m in money if not _inside(m, found.of("period"))] or money
    if tool == "compound_growth" and not signed and len(clear) > 1:
        clear = [max(clear, key=lambda m: m.value)]
    return tuple(dict.fromkeys(m.value for m in clear))


def _inside(mention: Mention, others: Sequence[Mention]) -> bool:
    return any(o.start <= mention.start and mention.end <= o.end for o in others)
