"""Finds price changes told as multiples and ratios: "10x", "threefold", "from 1.00 to 1.25"."""

import re
from collections.abc import Iterator
from decimal import Decimal

from engine.assistant.recognise.direction import direction
from engine.assistant.recognise.mention import Mention
from engine.assistant.recognise.numbers import DIGITS, SPELT, digits_number, number

_MULTIPLE = re.compile(
    rf"\b(?P<times>{DIGITS})\s?(?:x\b|×|times\b(?! (?:an?|per|each|every) ))|"
    rf"(?<![\w.,])[x×*]\s?(?P<after>\d+(?:\.\d+)?)\b(?![.,]?\d)|"
    rf"\b(?P<spelt>twice|thrice|{SPELT})(?:\s+times)?\s+"
    r"(?:today'?s|its|as (?:much|high|dear|expensive|big)|what it|"
    r"(?:the|their) (?:current |present )?(?:price|value|worth|level))\b|"
    rf"\b(?P<fold>{DIGITS}|{SPELT})[\s-]?fold\b|"
    rf"\bfactor (?:of )?(?P<factor>{DIGITS}|{SPELT})(?!\w)",
    re.I,
)
_COIN = r"(?:dollars?|bucks?|euros?|pounds?|usd|eur|usdc|usdt)\b"
_OF = rf"(?:\s?{_COIN})?"
_RATIO = re.compile(
    rf"\bfrom\s+[$€£]?(?P<a>{DIGITS}|{SPELT}|an?(?=\s+{_COIN})){_OF}\s+"
    rf"(?:(?:up|down|all the way)\s+)*to\s+[$€£]?(?P<b>{DIGITS}|{SPELT}){_OF}"
    r"(?![\w%]|[.,:/-]\d)",
    re.I,
)
# "falls 10x": to a tenth
_FALLS = re.compile(
    r"\b(?:falls?|fell|drops?|dropped|crash(?:es)?|down|shrinks?|dumps?)\s+(?:by\s+)?$", re.I
)
_POOL = re.compile(r"\b(?:ratio|il|imperm\w*|divergence|pools?|lps?|pair)\b", re.I)


def multiples(text: str) -> Iterator[Mention]:
    """ "10x", "twice today's price", "threefold"; "falls 10x" is to a tenth."""
    for match in _MULTIPLE.finditer(text):
        said = next(group for group in match.groups() if group)
        low = said.lower()
        times = (
            Decimal({"twice": 2, "thrice": 3}[low])
            if low in ("twice", "thrice")
            else number(said, None)
            if said[0].isdigit() or said[0] == "."
            else number(None, said)
        )
        if match["spelt"] and "times" not in match[0].lower() and low not in ("twice", "thrice"):
            continue  # "one as high": no multiple
        if times <= 0:
            continue
        change = (times - 1) * 100
        falls = match["factor"] and direction(text, match.start(), match.end()) < 0
        if falls or (match["times"] and times > 1 and _FALLS.search(text[: match.start()])):
            change = (100 / times - 100).quantize(Decimal("0.01"))
        yield Mention("percent", change, match.start(), match.end(), True)


def _said(words: str) -> Decimal:
    """A number in digits or words; "a" is one."""
    if words[0].isdigit() or words[0] == ".":
        return digits_number(words)
    return Decimal(1) if words.lower() in ("a", "an") else number(None, words)


def ratios(text: str) -> Iterator[Mention]:
    """ "from 1.00 to 1.25" where a pool's price ratio is meant."""
    if not _POOL.search(text):
        return
    for match in _RATIO.finditer(text):
        a, b = (_said(match[name]) for name in ("a", "b"))
        if a > 0 and not (2000 <= a < 2040 and 2000 <= b < 2040):  # not two years
            change = ((b / a - 1) * 100).quantize(Decimal("0.01"))
            yield Mention("percent", change, match.start(), match.end(), True)
