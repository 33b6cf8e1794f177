"""What the sources call the coins."""

import pytest

from engine.core.fields import read_symbol
from engine.market.sources.base import UnknownAsset
from engine.market.sources.ids import COINGECKO_IDS, binance_pair, coingecko_id, kraken_pair
from engine.market.sources.registry import SOURCES, source


def test_every_coin_of_the_table_has_a_usable_id_of_its_own() -> None:
    assert len(COINGECKO_IDS) >= 40
    assert len(set(COINGECKO_IDS.values())) == len(COINGECKO_IDS)
    for symbol in COINGECKO_IDS:
        assert read_symbol(symbol) == symbol
        assert coingecko_id(symbol, {}) == COINGECKO_IDS[symbol]


def test_the_users_own_id_comes_first() -> None:
    assert coingecko_id("UNI", {"UNI": "unicorn"}) == "unicorn"


def test_pairs_are_called_as_the_exchanges_do() -> None:
    assert binance_pair("BTC", "USD") == "BTCUSDT"
    assert binance_pair("BTC", "EUR") == "BTCEUR"
    assert kraken_pair("BTC", "USD") == "XBTUSD"
    assert kraken_pair("EUR", "USD") == "EURUSD"
    for same in (lambda: kraken_pair("USD", "USD"), lambda: binance_pair("USDT", "USD")):
        with pytest.raises(UnknownAsset):
            same()


def test_every_source_has_its_own_switch_and_host() -> None:
    assert {info.setting for info in SOURCES.values()} == {f"online_{name}" for name in SOURCES}
    assert all(
        info.base.startswith("https://") for name, info in SOURCES.items() if name != "nodes"
    )
    assert source("kraken").title == "Kraken"
