"""Finds how often interest is added."""

import re

from engine.assistant.recognise.mention import Mention
from engine.assistant.recognise.numbers import SPELT, spelt_number

# not "900 every month": a sum of money
_EVERY = r"(?:\b(?<!\d )(?:every|each|per|by the)|(?:%|\bpercent|\bper cent)\s*(?:an?|/))"
_ONCE = r"\b(?:once|(?:one|1|a single) time|1x)\s+(?:an?|per|(?:in )?(?:an?|the|each|every))\s+"
_END = r"\bat (?:the )?end of (?:each|every) "
_COMPOUNDING = {
    "hourly": rf"\bhourly\b|{_EVERY} (?:single )?hour\b|\bon the hour\b|{_ONCE}hour\b",
    "daily": r"\bdaily\b|\bdayly\b|\bnightly\b|"
    rf"{_EVERY} (?:single )?(?:day|night|morning|evening)\b|"
    rf"{_ONCE}day\b|\b(?:at|each|every) midnight\b|{_END}day\b|"
    r"\bevery 24\s?h(?:ours)?\b|\bday by day\b",
    "weekly": rf"\bweekly\b|{_EVERY} (?:single )?week\b|{_ONCE}week\b|{_END}week\b|"
    r"\b(?:every|each) (?:mon|tues|wednes|thurs|fri|satur|sun)day\b|"
    r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)days\b|\bevery (?:seven|7) days\b|\bweek by week\b",
    "monthly": rf"\bmonthly\b|\bmontly\b|{_EVERY} (?:single )?month\b|{_ONCE}month\b|{_END}month\b|"
    r"\bevery (?:thirty|30) days\b|\bmonth by month\b|\bevery payday\b",
    "quarterly": rf"\bquarterly\b|{_EVERY} quarter\b|{_ONCE}quarter\b|{_END}quarter\b|"
    r"\bevery (?:three|3) months\b",
    # "6 % yearly" states a rate, not how often it is added.
    "yearly": r"\bcompound\w* (?:yearly|annually|once|(?:every|each|per|once a) year)\b|"
    rf"{_ONCE}year\b|{_END}year\b|\bevery (?:twelve|12) months\b|"
    r"\b(?:annual|yearly) (?:compounding|payouts?)\b|\b(?:paid|added|credited|"
    r"reinvested) (?:yearly|annually)\b|"
    r"^\W*(?:(?:and|but|or|then|now|with|what about|how about|make it|same|try)\s+)*"
    r"(?:yearly|annually|every year)\W*$",
    "continuous": r"\bcontin(?:uo|ou)us(?:ly)?\b|\b(?:every|each) "
    r"(?:second(?!\s+\w+day|\s+(?:day|week|month|"
    r"quarter|year)s?\b)|instant|moment)\b|"
    r"\b(?:non[ -]?stop|constant(?:ly)?|perpetual(?:ly)?)\s+compound\w*|"
    r"\bcompound\w*\s+(?:non[ -]?stop|constantly|perpetually)\b",
}
_PER_YEAR = {1: "yearly", 4: "quarterly", 12: "monthly", 52: "weekly", 365: "daily"}
_TIMES_A_YEAR = re.compile(
    rf"\b(\d+|{SPELT})\s?(?:times|x|payments?|periods?|payouts?) "
    r"(?:per annum|(?:a|per|each|every|in the|in a) year)\b|"
    r"(?:\b|--)[nm]\s?=\s?(\d+)\b|--n\s+(\d+)\b",
    re.I,
)


def find_compounding(text: str) -> list[Mention]:
    """How often interest is added ("daily", "every Sunday", "four times a year", "n = 12")."""
    found = [
        Mention("compounding", name, match.start(), match.end())
        for name, pattern in _COMPOUNDING.items()
        for match in re.finditer(pattern, text, re.I)
    ]
    for match in _TIMES_A_YEAR.finditer(text):
        said = match[1] or match[2] or match[3]
        count = int(said[:6]) if said[0].isdigit() else int(spelt_number(said))
        if count in _PER_YEAR:
            found.append(Mention("compounding", _PER_YEAR[count], match.start(), match.end()))
    return found
