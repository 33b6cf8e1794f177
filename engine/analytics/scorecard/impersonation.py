"""Tokens that wear the name or symbol of a well-known one."""

import unicodedata
from collections.abc import Mapping

# Official contracts on Ethereum, in lower case; coins with a chain of their own have none there.
KNOWN: Mapping[str, str] = {
    "usdt": "0xdac17f958d2ee523a2206206994597c13d831ec7",
    "usdc": "0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48",
    "dai": "0x6b175474e89094c44da98b954eedeac495271d0f",
    "weth": "0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2",
    "wbtc": "0x2260fac5e5542a773aa44fbcfedf7c193bc2c599",
    "link": "0x514910771af9ca656af840dff83e8264ecf986ca",
    "uni": "0x1f9840a85d5af5bf1d1762f925bdaddc4201f984",
    "btc": "",
    "eth": "",
}
NAMES: Mapping[str, str] = {
    "tether": "usdt", "tetherusd": "usdt", "usdcoin": "usdc", "daistablecoin": "dai",
    "wrappedether": "weth", "wrappedbtc": "wbtc", "wrappedbitcoin": "wbtc", "chainlink": "link",
    "chainlinktoken": "link", "uniswap": "uni", "bitcoin": "btc", "ethereum": "eth", "ether": "eth",
}  # fmt: skip
# Letters of other scripts, and digits, that look like Latin ones.
_LOOKALIKES = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0445\u0443\u0456\u0458\u0455\u0432\u043a\u043c\u043d\u0442"
    "\u03b1\u03b2\u03b5\u03b7\u03b9\u03ba\u03bd\u03bf\u03c1\u03c4\u03c5\u03c701",
    "aeopcxyijsbkmhtabenikvoptuxoi",
)


def impersonates(name: str, symbol: str, address: str, chain: str = "") -> bool | None:
    """Whether a token passes itself off as one of KNOWN; None if that cannot be told.

    A known name in look-alike letters is an imposter anywhere. In plain letters it is one if the
    chain is stated to be Ethereum and the address is not the official one; elsewhere addresses
    differ. False only for an official contract.
    """
    on_ethereum = chain.strip().lower() in ("ethereum", "eth", "mainnet", "1")
    at = address.strip().lower()
    if at and at in KNOWN.values() and (on_ethereum or not chain.strip()):
        return False
    for word in (name, symbol):
        plain = "".join(c for c in word.lower() if c.isalnum() or unicodedata.combining(c))
        folded = _fold(word)
        known = NAMES.get(folded, folded if folded in KNOWN else None)
        if known is None:
            continue
        if folded != plain or (on_ethereum and at.startswith("0x") and len(at) == 42):
            return True
    return None


def _fold(word: str) -> str:
    """Lower case letters and digits, accents dropped, look-alikes replaced."""
    letters = unicodedata.normalize("NFKD", word).lower().translate(_LOOKALIKES)
    return "".join(c for c in letters if c.isalnum() and not unicodedata.combining(c))
