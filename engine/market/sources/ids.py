"""What the sources call the largest coins; anything else is named by the user."""

import re
from collections.abc import Mapping

from engine.core.records import FIAT
from engine.market.sources.base import UnknownAsset

# fmt: off
COINGECKO_IDS: Mapping[str, str] = {
    "AAVE": "aave", "ADA": "cardano", "ALGO": "algorand", "APT": "aptos", "ARB": "arbitrum",
    "ATOM": "cosmos", "AVAX": "avalanche-2", "BCH": "bitcoin-cash", "BNB": "binancecoin",
    "BTC": "bitcoin", "CRO": "crypto-com-chain", "DAI": "dai", "DOGE": "dogecoin",
    "DOT": "polkadot", "ETC": "ethereum-classic", "ETH": "ethereum", "FIL": "filecoin",
    "GRT": "the-graph", "HBAR": "hedera-hashgraph", "ICP": "internet-computer", "LDO": "lido-dao",
    "LINK": "chainlink", "LTC": "litecoin", "MATIC": "matic-network", "MKR": "maker",
    "NEAR": "near", "OP": "optimism", "PEPE": "pepe", "POL": "polygon-ecosystem-token",
    "RETH": "rocket-pool-eth", "SHIB": "shiba-inu", "SOL": "solana", "STETH": "staked-ether",
    "SUI": "sui", "TON": "the-open-network", "TRX": "tron", "UNI": "uniswap", "USDC": "usd-coin",
    "USDT": "tether", "VET": "vechain", "WBTC": "wrapped-bitcoin", "WETH": "weth",
    "XLM": "stellar", "XMR": "monero", "XRP": "ripple", "XTZ": "tezos",
}
# fmt: on
_KRAKEN_NAMES = {"BTC": "XBT", "DOGE": "XDG"}
BINANCE_DOLLAR = "USDT"
"""Binance has no market against the dollar itself."""

_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")
_TICKER = re.compile(r"[A-Z0-9]{1,20}")


def coingecko_id(asset: str, own: Mapping[str, str]) -> str:
    """CoinGecko's id of a coin: the user's own if there is one. Raises UnknownAsset."""
    found = own.get(asset, COINGECKO_IDS.get(asset, ""))
    if asset in FIAT or not _ID.fullmatch(found):
        raise UnknownAsset(
            f"It is not known what CoinGecko calls {asset}.",
            "Name the id that stands in the address of the coin's page there.",
        )
    return found


def binance_pair(asset: str, currency: str) -> str:
    """Binance's market of an asset in a currency. Raises UnknownAsset."""
    return _pair(asset, BINANCE_DOLLAR if currency == "USD" else currency, "Binance")


def kraken_pair(asset: str, currency: str) -> str:
    """Kraken's market of an asset in a currency. Raises UnknownAsset."""
    return _pair(_KRAKEN_NAMES.get(asset, asset), currency, "Kraken")


def _pair(base: str, quote: str, name: str) -> str:
    if base == quote or not _TICKER.fullmatch(base) or not _TICKER.fullmatch(quote):
        raise UnknownAsset(f"{name} has no market of {base} in {quote}.")
    return base + quote
