"""The online sources there are: where they are asked, by which switch, and what they learn."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from engine.core.errors import KnownError

_OF_COINS = "which coins you ask for, in which currency and since when"


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """One source. base: where it is asked, "" for nodes the user names. setting: the switch.

    learns: what its host gets to know, beside the address of this computer. takes_key: whether
    the user may have a key for it.
    """

    name: str
    title: str
    setting: str
    kind: Literal["prices", "yields", "chain"]
    base: str
    learns: str
    takes_key: bool = False


SOURCES: Mapping[str, SourceInfo] = {
    info.name: info
    for info in (
        SourceInfo(
            "coingecko",
            "CoinGecko",
            "online_coingecko",
            "prices",
            "https://api.coingecko.com/api/v3",
            _OF_COINS,
            takes_key=True,
        ),
        SourceInfo(
            "binance", "Binance", "online_binance", "prices", "https://api.binance.com", _OF_COINS
        ),
        SourceInfo(
            "kraken", "Kraken", "online_kraken", "prices", "https://api.kraken.com", _OF_COINS
        ),
        SourceInfo(
            "defillama",
            "DefiLlama",
            "online_defillama",
            "yields",
            "https://yields.llama.fi",
            "the pools whose history you ask for, but not what you search for among all pools",
        ),
        SourceInfo(
            "nodes",
            "Ethereum nodes",
            "online_nodes",
            "chain",
            "",
            "the addresses and contracts you look at, which are then known to belong together",
        ),
    )
}


def source(name: str) -> SourceInfo:
    """The source of a name; KnownError if there is none."""
    try:
        return SOURCES[name]
    except KeyError:
        raise KnownError(
            f"There is no online source called {name!r}.", f"There are {', '.join(SOURCES)}."
        ) from None
