"""Coins with a number each, as people type them: "BTC 60, ETH 30", "60 % BTC and 30% ETH"."""

import re
from decimal import Decimal

from engine.assistant.recognise import Recognised
from engine.core.errors import KnownError

_SYMBOL = r"(?:[A-Za-z]|\d{1,4}[A-Za-z])[A-Za-z0-9]{0,11}"
_NUMBER = r"[-−+]?\d{1,6}(?:\.\d{1,8})?"
# Without anything between, 1INCH60 would be 1INCH6 and 0.
_AFTER = re.compile(
    rf"(?P<symbol>{_SYMBOL})(?:\s+|\s*[:=]\s*|(?=[-−+]))(?P<number>{_NUMBER})\s*%?"
)
_BEFORE = re.compile(rf"(?P<number>{_NUMBER})\s*%?\s*(?:of |in )?(?P<symbol>{_SYMBOL})")


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


def pairs_said(found: Recognised) -> str:
    """The coins of a question with the percentages or plain numbers beside them; "" if none.

    "60 % bitcoin and 40 % ether" gives "BTC 60, ETH 40".
    """
    coins = found.of("asset")
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
