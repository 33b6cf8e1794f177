"""Numbers of a follow-up that are counted from the number before.

"half that rate", "a tenth of that amount", "three times as bad", "double the window",
"five more years", "and over 30?".
"""

import re
from decimal import Decimal

from engine.assistant.recognise import Recognised
from engine.assistant.recognise.mention import Kind
from engine.assistant.recognise.numbers import DIGITS, SPELT, number

Value = str | Decimal
Answer = tuple[Value, tuple[int, int]]
"""A value, and where the text says it."""

_HALF = Decimal("0.5")
_WORDS: dict[str, int | Decimal] = {
    "twice": 2, "double": 2, "doubled": 2, "doubling": 2, "triple": 3, "tripled": 3, "treble": 3,
    "thrice": 3, "quadruple": 4, "half": _HALF, "halve": _HALF, "halved": _HALF,
}  # fmt: skip
_PARTS = {"half": 2, "third": 3, "quarter": 4, "fifth": 5, "sixth": 6, "eighth": 8, "tenth": 10,
          "hundredth": 100}  # fmt: skip
_TIMES = (
    rf"(?:(?P<digits>{DIGITS})\s?(?:x|times)|(?P<spelt>{SPELT})\s+times|"
    rf"(?:(?P<top>an?|one|two|three|four|five)[\s-])(?P<part>{'|'.join(_PARTS)})s?|"
    r"(?P<bare>third|quarter|fifth|tenth)(?=\s+of\b)|"
    rf"(?P<word>{'|'.join(sorted(_WORDS, key=len, reverse=True))}))"
)
_NOUNS = {
    "rate_percent": r"(?:interest |percentage )?rates?|interest|apr|apy|yield|percent(?:age)?",
    "amount": r"amount|money|sum|deposit|stake|capital|principal|much|stack|investment|size",
    "years": r"time|years|long|period|duration|term",
    "period": r"windows?|periods?|time ?frame|time ?span|time|range|stretch|horizon|span|length|"
    r"look-?back|interval|long",
    "change": r"pain|damage|hit|drop|fall|dip|crash|loss|decline|plunge|rise|gain|jump|rally|pump|"
    r"move|change|size|swing|percent(?:age)?|bad|much|big|deep|hard|steep|severe|far|high|large|strong|badly|low",
    "value": r"level|price|threshold|target|value|mark|high|low",
}
# What "it" and "that" are, per tool.
_MAIN = {"compound_growth": "amount", "what_if": "change_percent", "create_alert": "value",
         "impermanent_loss": "price_change_percent", "apr_to_apy": "rate_percent",
         "volatility": "period", "max_drawdown": "period", "period_return": "period",
         "best_worst": "period", "correlation": "period", "transactions": "period"}  # fmt: skip
_THE = r"(?:(?:of|the|that|my|this|its|your|those|same|as)\s+)*"
_ALONE = re.compile(
    r"\W*(?:(?:and|what about|how about|ok|okay|now|then|or|make (?:it|that)|try|say|just|only|no|"
    r"so|with|oh|but|do|use|take|go with|sorry|oops|i|meant?)[\s,]+)*"
    r"(?:(?P<lead>over|for|in|after|within|across|during|at)\s+)?(?:the\s+)?(?:(?P<last>last|past)\s+)?"
    rf"(?P<number>\d{{1,3}}(?:\.\d+)?|{SPELT})(?:\s+and\s+(?:a\s+)?(?P<extra>half|quarter))?"
    r"(?:\s+(?:instead|then|too|as well|please|pls|though|tho|again|only))*\W*",
    re.I,
)
_ANOTHER = re.compile(r"\b(?:another|an? (?:extra|additional|further)|an extra)\s+$", re.I)
_MORE = re.compile(r"\s+(?:more|longer|extra|further|on top)\b", re.I)
_LESS = re.compile(r"\s+(?:less|fewer|shorter)\b", re.I)
_HIGHER = re.compile(r"\s+(?:higher|more|up|above that)\b", re.I)
_LOWER = re.compile(r"\s+(?:lower|less|below that)\b", re.I)
_POINTS = re.compile(
    rf"(?<![\w.,])(?:(?P<half>half\s+an?)|(?P<digits>{DIGITS})|(?P<spelt>{SPELT})|an?)\s?"
    r"(?:(?:(?:percentage|percent|%)\s*)?points?|percent|%)\s+"
    r"(?P<way>more|higher|up|extra|less|lower|down|fewer)\b",
    re.I,
)
_LARGEST = Decimal(10) ** 18  # as of an amount of money
_MOST = 9999  # a canonical period has at most four digits; no factor is larger
_KINDS: dict[str, Kind] = {"years": "years", "amount": "amount", "value": "amount"}


def scaled(tool: str, name: str, before: Value, found: Recognised) -> Answer | None:
    """ "twice the rate", "half as long", "double it"; "five more years", "500 lower"."""
    group = "change" if name.endswith("change_percent") else name
    nouns = _NOUNS.get(group)
    if nouns is None:
        return None
    if _MAIN.get(tool) == name:
        nouns += r"|(?:it|that|this)(?!\s+(?!(?:too|please|instead|as|then|for|with|and)\b)\w)"
    forward = rf"(?<![\w.,]){_TIMES}\s+{_THE}(?:{nouns})\b"
    backward = rf"\b(?:{nouns})\s+(?:(?:is|was|were|gets?)\s+)?(?P<word>doubled|halved|tripled)\b"
    for pattern in (forward, backward):
        match = re.search(pattern, found.text, re.I)
        value = _times(before, _factor(match)) if match else None
        if match and value is not None:
            return value, match.span()
    return _added(name, before, found)


def _factor(match: re.Match[str]) -> Decimal:
    said = match.groupdict()
    if said.get("part"):
        top = number(None, said["top"]) if len(said["top"]) > 2 else Decimal(1)
        return top / _PARTS[said["part"].lower()]
    if said.get("bare"):
        return Decimal(1) / _PARTS[said["bare"].lower()]
    if said.get("digits") or said.get("spelt"):
        return number(said["digits"], said["spelt"])
    return Decimal(_WORDS[said["word"].lower()])


def _times(before: Value, factor: Decimal) -> Value | None:
    """A number or rolling period times a factor, if that is no absurd one."""
    if not 0 < factor <= _MOST:
        return None
    if isinstance(before, Decimal):
        if abs(before * factor) > _LARGEST:
            return None
        value = (before * factor).quantize(Decimal("0.0001")).normalize()
        return Decimal(f"{value:f}")
    rolling = re.fullmatch(r"(\d+)([dmy])", before)
    if not rolling:
        return None
    count, unit = Decimal(rolling[1]) * factor, rolling[2]
    if unit == "y" and count != int(count):
        count, unit = count * 12, "m"
    if unit == "m" and count == 12:
        count, unit = Decimal(1), "y"
    return f"{max(1, round(count))}{unit}" if count <= _MOST else None


def _added(name: str, before: Value, found: Recognised) -> Answer | None:
    """ "another 5 years", "1000 more", and for an alert "500 lower"."""
    if name == "rate_percent" and isinstance(before, Decimal):
        return _points(before, found)
    if name not in _KINDS or not isinstance(before, Decimal):
        return None
    more, less = (_HIGHER, _LOWER) if name == "value" else (_MORE, _LESS)
    for mention in found.of(_KINDS[name]):
        assert isinstance(mention.value, Decimal)
        after = more.match(found.text, mention.end)
        down = less.match(found.text, mention.end)
        if after or _ANOTHER.search(found.text[: mention.start]):
            return before + mention.value, (mention.start, after.end() if after else mention.end)
        if down and mention.value < before:
            return before - mention.value, (mention.start, down.end())
    # "five more years": the unit follows
    match = re.search(rf"\b(?P<n>\d+|{SPELT})\s+(?:more|extra)\s+years?\b", found.text, re.I)
    if name == "years" and match:
        said = match["n"]
        digits = said[0].isdigit()
        return before + number(said if digits else None, None if digits else said), match.span()
    return None


def _points(before: Decimal, found: Recognised) -> Answer | None:
    """ "one percentage point less", "half a point higher", "2 % more"."""
    match = _POINTS.search(found.text)
    if not match:
        return None
    step = _HALF if match["half"] else Decimal(1)
    if match["digits"] or match["spelt"]:
        step = number(match["digits"], match["spelt"])
    after = (
        before + step
        if match["way"].lower() in {"more", "higher", "up", "extra"}
        else (before - step)
    )
    return (after, match.span()) if after > 0 else None


def alone(tool: str, name: str, before: Value, found: Recognised) -> Answer | None:
    """ "and over 30?" after 90 days, "and for 10?" after 5 years, "and 50?" after −30 %."""
    match = _ALONE.fullmatch(found.text)
    if not match:
        return None
    said = match["number"]
    value = number(said, None) if said[0].isdigit() else number(None, said)
    value += Decimal(1) / _PARTS[match["extra"].lower()] if match["extra"] else 0
    if value > _MOST:
        return None
    span = match.span("number")
    lead = (match["lead"] or "").lower()
    timed = bool(match["last"] or lead) and lead != "at"
    if name == "rate_percent" and not timed and (lead or tool == "apr_to_apy"):
        return value, span
    if name == "period" and lead != "at" and (unit := re.fullmatch(r"\d+([dmy])", str(before))):
        return (f"{value}{unit[1]}", span) if value == int(value) and value else None
    if name == "years" and timed:
        return value, span
    if name.endswith("change_percent") and not timed and isinstance(before, Decimal):
        return value.copy_sign(before), span
    return None
