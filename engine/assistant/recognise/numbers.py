"""Finds numbers: percentages, multiples, money, durations in years, compounding."""

import re
from decimal import Decimal

from engine.assistant.recognise.mention import Mention

_UNITS = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13,
    "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18,
    "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fourty": 40, "fifty": 50,
    "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
_SCALES = {"hundred": 100, "thousand": 1000, "grand": 1000, "million": 10**6, "mil": 10**6}
_WORDS = "|".join(sorted([*_UNITS, *_SCALES], key=len, reverse=True))
_SPELT = rf"(?:{_WORDS})(?:(?:[\s-]+|\s+and\s+)(?:{_WORDS}))*"
_DIGITS = (
    r"(?:\d{1,3}(?:\.\d{3})+,\d{1,2}(?!\d)|\d{1,3}(?:,\d{3})+(?:\.\d+)?|"
    r"\d{1,3}(?:[ ’']\d{3})+(?:[.,]\d{1,2})?(?!\d)|"
    r"\d+e\d+|\d+[.,]\d+|\d+|\.\d+)"
)
_SUFFIX = r"(?:k|m|mn|mil|million|thousand|grand|bn|b|billion)"
_FRACTIONS = {
    "two thirds": "66.67", "two-thirds": "66.67", "three quarters": "75",
    "three-quarters": "75", "a third": "33.33", "one third": "33.33", "one-third": "33.33",
    "a quarter": "25", "one quarter": "25", "a fifth": "20", "one fifth": "20",
    "a tenth": "10", "one tenth": "10", "half": "50",
}  # fmt: skip

PERCENT_SIGN = r"(?:%|percent\b|per\s?cent\b|pct\b|pc\b|prc\b|procent\b|perc\b|precent\b|percnet\b)"
_PERCENT = re.compile(
    rf"(?P<sign>[-+−–])?\s?(?:(?P<digits>{_DIGITS})|\b(?P<spelt>{_SPELT}))"
    rf"(?P<part>\s+(?:and\s+)?(?:a\s+half|a\s+quarter|three\s+quarters|1/2|1/4|3/4))?\s?{PERCENT_SIGN}",
    re.I,
)
_PARTS = {"half": Decimal("0.5"), "1/2": Decimal("0.5"), "quarter": Decimal("0.25"),
          "1/4": Decimal("0.25"), "quarters": Decimal("0.75"), "3/4": Decimal("0.75")}  # fmt: skip
_MULTIPLE = re.compile(
    rf"\b(?P<times>{_DIGITS})\s?(?:x\b|×|times\b(?! (?:a|per|each|every) ))|\bx\s?(?P<after>\d+)\b",
    re.I,
)
_DOUBLE = {
    r"\bdoubl(?:e[sd]?|ing)\b": 100, r"\btripl(?:e[sd]?|ing)\b": 200,
    r"\bquadrupl(?:e[sd]?|ing)\b": 300, r"\bhalv(?:e[sd]?|ing)\b": -50,
    r"\bin half\b": -50,
    r"\b(?:goes?|going|went|dropp?e?d?s?|falls?|crash(?:es|ed)?|dump(?:s|ed)?)\s+(?:down\s+)?to\s+"
    r"(?:zero|0|nothing)\b(?![.,\d])|\bto (?:zero|0|nothing)\b(?![.,\d])": -100,
    r"\bwiped? out\b|\bworthless\b|\bworth (?:nothing|zero)\b|\bgoes to the ground\b": -100,
    r"\b(?:divided by two|cut in two)\b": -50,
    r"\bworth half\b|\bhalf (?:of )?(?:its|the) (?:value|price)\b": -50,
    r"\btenfold\b": 900, r"\btwofold\b": 100, r"\bthreefold\b": 200, r"\bfivefold\b": 400,
}  # fmt: skip
_MONEY = re.compile(
    rf"(?P<symbol>[$€£]\s?)?(?P<digits>{_DIGITS})\s?(?P<suffix>{_SUFFIX})?"
    rf"(?:\s?(?P<unit>usd|eur|gbp|chf|dollars?|bucks|euros?|pounds?|quid|francs?|[$€£]))?"
    rf"(?![\w.]*\d)(?!\w)",
    re.I,
)
_SPELT_MONEY = re.compile(
    rf"\b(?P<spelt>a grand|a thousand|a million|a hundred|{_SPELT})"
    rf"(?P<half>\s+and\s+a\s+half(?:\s+(?P<scale>thousand|grand|million))?)?\b(?P<cents>\s+cents?\b)?|"
    r"\b(?P<part>half|a quarter of) an? (?:dollar|buck|euro|pound|grand|million)\b|"
    r"(?P<cent_digits>\d+)\s?(?:cents?|¢)",
    re.I,
)
_DURATION = re.compile(
    rf"\b(?:(?P<digits>{_DIGITS})|(?P<spelt>(?:a|an|one|half a|{_SPELT})\b)"
    r"(?P<inner>\s+and\s+a\s+half)?)\s?-?(?P<unit>years?|yrs?|y|months?|mths?|mo|weeks?|wks?|days?)\b"
    r"(?P<half>\s+and\s+a\s+half)?",
    re.I,
)
_LONGEST = 100_000  # of any unit; a longer time is a mistake
_PER_YEAR = {"y": 1, "m": 12, "w": 52, "d": 365}
_COMPOUNDING = {
    "hourly": r"\bhourly\b|\b(?:every|each|per|by the) hour\b",
    "daily": r"\bdaily\b|\bdayly\b|\b(?:every|each|per|by the) (?:single )?day\b|\bonce a day\b",
    "weekly": r"\bweekly\b|\b(?:every|each|per|by the) week\b|\bonce a week\b",
    "monthly": r"\bmonthly\b|\bmontly\b|\b(?:every|each|per|by the) month\b|\bonce a month\b",
    "quarterly": r"\bquarterly\b|\b(?:every|each|per|by the) quarter\b|\bevery three months\b",
    # "6 % yearly" states a rate, not how often it is added.
    "yearly": r"\bcompound\w* (?:yearly|annually|once|(?:every|each|per|once a) year)\b|"
    r"\bonce a year\b|"
    r"\b(?:annual|yearly) (?:compounding|payouts?)\b|\b(?:paid|added|credited|"
    r"reinvested) (?:yearly|annually)\b",
    "continuous": r"\bcontin(?:uo|ou)us(?:ly)?\b",
}
_PERIODS_PER_YEAR = {1: "yearly", 4: "quarterly", 12: "monthly", 52: "weekly", 365: "daily"}
_TIMES_A_YEAR = re.compile(
    r"\b(1|4|12|52|365)\s?(?:times|x|payments?|periods?) (?:a|per|each) year\b|"
    r"\b[nm]\s?=\s?(1|4|12|52|365)\b",
    re.I,
)
_DOWN = re.compile(
    r"\b(?:drop\w*|fall\w*|fell|los\w+|crash\w*|dump\w*|tank\w*|down|declin\w*|dip\w*|sink\w*|"
    r"sank|plung\w*|slump\w*|decreas\w*|bleed\w*|nuk\w*|shed\w*|cut|lower|correct\w*|collaps\w*|"
    r"plummet\w*|minus|negative|tumbl\w*|slid\w*|haircut|depreciat\w*|underperform\w*|weaken\w*|rugs?|rugged|evaporat\w*|vanish\w*|rekt|wiped?|retrac\w*|pull\w*\s?back|"
    r"drawdown|red|shav\w*|giv\w+ (?:up|back)|drp|flush\w*|dives?|dived|dove|melts?)\b|↓",
    re.I,
)
_UP = re.compile(
    r"\b(?:ris\w+|rose|gain\w*|pump\w*|moon\w*|up|increas\w*|rall(?:y|ies|ied)|climb\w*|jump\w*|"
    r"grow\w*|grew|outperform\w*|strengthen\w*|surg\w*|soar\w*|higher|plus|add\w*|appreciat\w*|rip|rips|ripped|spik\w*|"
    r"rocket\w*|green|leap\w*|rebound\w*|bounc\w*|fl(?:y|ies)|explod\w*)\b|↑",
    re.I,
)


# Here "loss" is part of a name, not a direction.
_TERMS = re.compile(r"\b(?:im?perm\w*|divergence|permanent) (?:loss|los)\b|\bdivergence\b", re.I)

_CLAUSE = re.compile(r"\b(?:if|when|whenever|should|suppose|assuming|imagine|after|once)\b", re.I)


def digits_number(digits: str) -> Decimal:
    """A number in digits; a comma before three digits groups, before one or two it is decimal."""
    compact = re.sub(r"[ ’']", "", digits)
    if re.fullmatch(r"\d{1,3}(?:\.\d{3})+,\d{1,2}", compact):
        return Decimal(compact.replace(".", "").replace(",", "."))
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", compact):
        return Decimal(compact.replace(",", ""))
    return Decimal(compact.replace(",", "."))


def spelt_number(words: str) -> Decimal:
    """The value of an English number in words, such as "two hundred and fifty thousand"."""
    total, group = 0, 0
    for word in re.split(r"[\s-]+", words.lower()):
        if word in _UNITS:
            group += _UNITS[word]
        elif word == "hundred":
            group = max(group, 1) * 100
        elif word in _SCALES:
            total += max(group, 1) * _SCALES[word]
            group = 0
        elif word in ("a", "an"):
            group = max(group, 1)
    return Decimal(total + group)


def _scaled(digits: str, suffix: str | None) -> Decimal:
    value = digits_number(digits)
    first = (suffix or "").lower()
    if first in ("k", "thousand", "grand"):
        return value * 1000
    if first in ("m", "mn", "mil", "million"):
        return value * 10**6
    if first in ("b", "bn", "billion"):
        return value * 10**9
    return value


def direction(text: str, start: int, end: int) -> int:
    """−1, +1 or 0: the way the words nearest to text[start:end] say a price moves."""
    text = _TERMS.sub(lambda match: "_" * len(match[0]), text)
    clause = list(_CLAUSE.finditer(text, 0, start))
    if clause:  # "how much do I lose if it gains 5 %": the direction stands after "if"
        text = "_" * clause[-1].end() + text[clause[-1].end() :]
    nearest, sign = 60, 0
    for pattern, value in ((_DOWN, -1), (_UP, 1)):
        for match in pattern.finditer(text):
            gap = start - match.end() if match.end() <= start else (match.start() - end) * 2 + 1
            if 0 <= gap < nearest:
                nearest, sign = gap, value
    return sign


def find_percents(text: str) -> list[Mention]:
    """Percentages, fractions and multiples as percent changes ("2x" = 100, "a third" = 33.33)."""
    found = []
    for match in _PERCENT.finditer(text):
        digits = match["digits"]
        value = digits_number(digits) if digits else spelt_number(match["spelt"])
        value += _PARTS.get((match["part"] or "").lower().split(" ")[-1], Decimal(0))
        sign = match["sign"] or ""
        explicit = sign in ("-", "−", "–") and not text[: match.start()].rstrip()[-1:].isdigit()
        way = -1 if explicit else 1 if sign == "+" else direction(text, match.start(), match.end())
        found.append(
            Mention("percent", -value if way < 0 else value, match.start(), match.end(), way != 0)
        )
    lower = text.lower()
    for words, percent in _FRACTIONS.items():
        for match in re.finditer(rf"\b{words}\b(?!\s+(?:a\s+)?(?:year|month|day|hour))", lower):
            way = direction(text, match.start(), match.end())
            if way:
                found.append(
                    Mention("percent", Decimal(percent) * way, match.start(), match.end(), True)
                )
    for match in _MULTIPLE.finditer(text):
        times = digits_number(match["times"] or match["after"])
        if times > 0:
            found.append(Mention("percent", (times - 1) * 100, match.start(), match.end(), True))
    for pattern, value_ in _DOUBLE.items():
        for match in re.finditer(pattern, lower):
            found.append(Mention("percent", Decimal(value_), match.start(), match.end(), True))
    return found


def find_amounts(text: str) -> list[Mention]:
    """Money and plain numbers ("$5,000", "5k", "two grand", "65000")."""
    found = []
    for match in _MONEY.finditer(text):
        before = text[match.start() - 1 : match.start()]
        if before.isalnum() or (before in (".", "-", "/") and not match["symbol"]):
            continue
        if re.match(r"\s?[/-]\s?\d", text[match.end() :]):
            continue  # "50/50", "80-20"
        value = _scaled(match["digits"], match["suffix"])
        clear = bool(match["symbol"] or match["suffix"] or match["unit"])
        found.append(Mention("amount", value, match.start(), match.end(), clear))
    for match in _SPELT_MONEY.finditer(text):
        value, clear = _spelt_money(match)
        if clear or value >= 10:
            found.append(Mention("amount", value, match.start(), match.end(), clear))
    return found


def _spelt_money(match: re.Match[str]) -> tuple[Decimal, bool]:
    """The value, and whether the words leave no doubt that it is an amount."""
    if match["cent_digits"]:
        return Decimal(match["cent_digits"]) / 100, True
    if match["part"]:
        share = Decimal("0.5") if match["part"].lower() == "half" else Decimal("0.25")
        last = match[0].split()[-1].lower()
        return share * _SCALES.get(last, 1), True
    value = spelt_number(match["spelt"])
    scaled = any(word in match["spelt"].lower() for word in _SCALES)
    if match["half"]:
        scale = _SCALES.get((match["scale"] or "").lower(), 1)
        value = (value + Decimal("0.5")) * scale
        scaled = scaled or scale > 1
    return (value / 100, True) if match["cents"] else (value, scaled)


def find_years(text: str) -> list[Mention]:
    """Durations as a number of years ("18 months" = 1.5)."""
    found = []
    for match in _DURATION.finditer(text):
        spelt = (match["spelt"] or "").lower()
        count = (
            digits_number(match["digits"])
            if match["digits"]
            else Decimal("0.5")
            if spelt == "half a"
            else spelt_number(spelt)
        )
        if match["half"] or match["inner"]:
            count += Decimal("0.5")
        if count > _LONGEST:
            continue
        unit = match["unit"][0].lower()
        years = (count / _PER_YEAR[unit]).quantize(Decimal("0.0001")).normalize()
        found.append(Mention("years", Decimal(f"{years:f}"), match.start(), match.end()))
    for match in re.finditer(r"\bt\s?=\s?(\d+(?:\.\d+)?)\b", text):
        found.append(Mention("years", Decimal(match[1]), match.start(), match.end()))
    for match in re.finditer(r"\b(?:(?:a|one) decade|this time next year|in a year)\b", text, re.I):
        count = Decimal(10 if "decade" in match[0].lower() else 1)
        found.append(Mention("years", count, match.start(), match.end()))
    return found


def find_compounding(text: str) -> list[Mention]:
    """How often interest is added ("daily", "every month", "365 times a year", "n = 12")."""
    counted = [
        Mention("compounding", _PERIODS_PER_YEAR[int(match[1] or match[2])], *match.span())
        for match in _TIMES_A_YEAR.finditer(text)
    ]
    return counted + [
        Mention("compounding", name, match.start(), match.end())
        for name, pattern in _COMPOUNDING.items()
        for match in re.finditer(pattern, text, re.I)
    ]
