"""Coins with a number each, as people type them: "BTC 60, ETH 30", "60 % BTC and 30% ETH"."""

import re
from decimal import Decimal

from engine.assistant.recognise import Mention, Recognised
from engine.core.errors import KnownError

_SYMBOL = r"(?:[A-Za-z]|\d{1,4}[A-Za-z])[A-Za-z0-9]{0,11}"
_NUMBER = r"[-−+]?\d{1,6}(?:\.\d{1,8})?"
# Without anything between, 1INCH60 would be 1INCH6 and 0.
_AFTER = re.compile(rf"(?P<symbol>{_SYMBOL})(?:\s+|\s*[:=]\s*|(?=[-−+]))(?P<number>{_NUMBER})\s*%?")
_BEFORE = re.compile(rf"(?P<number>{_NUMBER})\s*%?\s*(?:of |in )?(?P<symbol>{_SYMBOL})")

CASH = "CASH"
_MONEY = re.compile(r"\b(?:cash|fiat|(?:us )?dollars|usd|euros?|eur|gbp|chf)\b", re.I)
_NEXT = re.compile(r"\s*(?::|=|in|of|%)?\s*", re.I)
_SPLIT = re.compile(r"(?<![\d/.])\d{1,2}(?:\s?/\s?\d{1,2}){1,3}(?![\d/.])")
_WHOLE = Decimal(100)


def read_pairs(text: str) -> dict[str, str]:
    """The number of each coin, as text; KnownError for anything that is no such list."""
    found: dict[str, str] = {}
    parts = [part.strip() for part in re.split(r"[,;\n]|\band\b", text) if part.strip()]
    for part in parts:
        match = _AFTER.fullmatch(part) or _BEFORE.fullmatch(part)
        if match is None:
            raise KnownError(f"{part!r} is not a coin and a number.", "Write BTC 60, ETH 30.")
        symbol = match["symbol"].upper()
        if symbol in found:
            raise KnownError(f"{symbol} is there twice.", "Give each coin one number.")
        found[symbol] = match["number"].replace("−", "-")
    if not found:
        raise KnownError("There is no coin with a number.", "Write BTC 60, ETH 30.")
    return found


def pairs_said(found: Recognised, money: bool = False) -> str:
    """The coins of a question with the percentages or plain numbers beside them; "" if none.

    "60 % bitcoin and 40 % ether" gives "BTC 60, ETH 40". money: whether cash is one of them, as in
    "70 % BTC and 30 % cash"; it is called CASH.
    """
    coins = found.of("asset")
    if money:
        if split := _split_said(found):
            return split
        coins = _with_money(found, coins)
    numbers = found.of("percent")
    if len(numbers) != len(coins):
        numbers = tuple(
            one for one in found.of("amount")
            if any(0 <= one.start - c.end <= 2 or 0 <= c.start - one.end <= 2 for c in coins)
        )  # fmt: skip
    if not coins or len(numbers) != len(coins):
        return ""
    pairs = zip(coins, numbers, strict=True)
    return ", ".join(f"{coin.value} {abs(Decimal(number.value)):f}" for coin, number in pairs)


def _split_said(found: Recognised) -> str:
    """ "60/40 BTC and ETH" gives "BTC 60, ETH 40"; "" for anything else."""
    match = _SPLIT.search(found.text)
    money = [Mention("asset", CASH, *one.span()) for one in _MONEY.finditer(found.text)]
    coins = sorted((*found.of("asset"), *money), key=lambda one: one.start)
    parts = match[0].replace(" ", "").split("/") if match else []
    if not parts or len(parts) != len(coins):
        return ""
    return ", ".join(f"{coin.value} {part}" for coin, part in zip(coins, parts, strict=True))


def _with_money(found: Recognised, coins: tuple[Mention, ...]) -> tuple[Mention, ...]:
    """The coins, and the word for money that has a weight beside it."""
    weights = [
        one for one in (*found.of("percent"), *found.of("amount")) if Decimal(one.value) <= _WHOLE
    ]
    said = [
        Mention("asset", CASH, match.start(), match.end())
        for match in _MONEY.finditer(found.text)
        if any(_beside(found.text, match, one) for one in weights)
    ]
    return tuple(sorted((*coins, *said), key=lambda one: one.start))


def _beside(text: str, word: re.Match[str], weight: Mention) -> bool:
    gap = text[weight.end : word.start()] or text[word.end() : weight.start]
    return bool(_NEXT.fullmatch(gap)) and not word.start() < weight.end <= word.end()
