"""Splitting the name of a market, such as BTCUSDT or BTC-EUR, into its two assets."""

import re
from collections.abc import Iterable

from engine.core.csvfile import clean_text
from engine.core.fields import FieldError, read_symbol

_SEPARATOR = re.compile(r"[/\-_:]")

# fmt: off
QUOTES = frozenset({
    "USDT", "USDC", "BUSD", "TUSD", "FDUSD", "DAI", "USDP", "PAX", "USDS", "UST", "USD1", "AEUR",
    "EURI", "BTC", "ETH", "BNB", "XRP", "TRX", "DOGE", "DOT", "SOL", "VAI", "IDRT", "BIDR", "BKRW",
    "BVND", "NGN", "RUB", "ZAR", "UAH", "EUR", "GBP", "AUD", "TRY", "BRL", "PLN", "RON", "ARS",
    "JPY", "MXN", "CZK", "COP", "IDR",
})
"""What coins are traded against on Binance."""

_COMMON = frozenset({
    "BTC", "XBT", "ETH", "BNB", "XRP", "ADA", "SOL", "DOGE", "XDG", "TRX", "DOT", "MATIC", "POL",
    "LTC", "BCH", "AVAX", "LINK", "XLM", "UNI", "ATOM", "ETC", "XMR", "FIL", "HBAR", "ICP", "APT",
    "VET", "NEAR", "OP", "ARB", "ALGO", "AAVE", "GRT", "SAND", "MANA", "AXS", "EGLD", "XTZ",
    "THETA", "EOS", "FTM", "GALA", "KAVA", "ENA", "LUNA", "LUNC", "CHZ", "ZEC", "DASH", "NEO",
    "IOTA", "WAVES", "ENJ", "COMP", "MKR", "SNX", "CRV", "SUSHI", "YFI", "BAT", "SHIB", "PEPE",
    "SUI", "SEI", "TON", "INJ", "RUNE", "CAKE", "USDT", "USDC", "DAI", "BUSD", "TUSD", "EUR",
    "GBP", "AUD",
})
# fmt: on
"""Coins so common that a reading with one of them is the right one."""


def split_pair(text: str, quotes: frozenset[str], hints: Iterable[str] = ()) -> tuple[str, str]:
    """Base and quote of a market's name; quotes: what a name without a separator may end with.

    Where several readings are possible, the one with a coin of `hints` (the fee's, for instance)
    or else with a common coin is taken. Raises FieldError if there is none, or not one.
    """
    name = text.strip().upper()
    parts = _SEPARATOR.split(name)
    if len(parts) == 2:
        return read_symbol(parts[0], "pair"), read_symbol(parts[1], "pair")
    if not name:
        raise FieldError("no pair")
    readings = [
        (name[: -len(quote)], quote)
        for quote in sorted(quotes)
        if name.endswith(quote) and len(quote) < len(name)
    ]
    return the_reading(text, readings, hints)


def the_reading(
    text: str, readings: list[tuple[str, str]], hints: Iterable[str] = ()
) -> tuple[str, str]:
    """The one possible reading of a pair's name. Raises FieldError."""
    if len(readings) > 1:
        known = frozenset(hints)
        for likely in (
            [pair for pair in readings if not known.isdisjoint(pair)],
            [pair for pair in readings if pair[0] in _COMMON],
        ):
            if len(likely) == 1:
                readings = likely
                break
    if len(readings) == 1:
        base, quote = readings[0]
        return read_symbol(base, "pair"), quote
    shown = clean_text(text, 40)
    if not readings:
        raise FieldError(f'the pair "{shown}" ends with no currency that is known')
    ways = " or ".join(f"{base}/{quote}" for base, quote in readings)
    raise FieldError(f'the pair "{shown}" can be read as {clean_text(ways, 120)}')
