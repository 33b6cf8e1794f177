"""Names of markets are split where only one reading is possible, else refused."""

import pytest

from engine.core.fields import FieldError
from engine.ledger.importers.kraken_trades import split
from engine.ledger.importers.pairs import QUOTES, split_pair


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("BTCUSDT", ("BTC", "USDT")),
        ("btcusdt", ("BTC", "USDT")),
        ("1INCHUSDT", ("1INCH", "USDT")),
        ("ETHBUSD", ("ETH", "BUSD")),
        ("BTC/USD", ("BTC", "USD")),
        ("BTC-USD", ("BTC", "USD")),
        ("BTC_USD", ("BTC", "USD")),
        ("DUSK:USD", ("DUSK", "USD")),
        ("ADAEUR", ("ADA", "EUR")),  # not AD/AEUR: ADA is a common coin
        ("TUSDUSDT", ("TUSD", "USDT")),
        ("ETHBTC", ("ETH", "BTC")),
    ],
)
def test_names_with_one_reading(name: str, expected: tuple[str, str]) -> None:
    assert split_pair(name, QUOTES) == expected


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "no pair"),
        ("USDT", "ends with no currency that is known"),
        ("BTCXYZ", "ends with no currency that is known"),
        ("ZETAEUR", 'the pair "ZETAEUR" can be read as ZET/AEUR or ZETA/EUR'),
        ("/USD", "no pair"),
        ("A/B/C", "ends with no currency that is known"),
        ("@@USDT", "is not a symbol"),
    ],
)
def test_names_that_are_refused(name: str, reason: str) -> None:
    with pytest.raises(FieldError, match=reason):
        split_pair(name, QUOTES)


def test_the_coin_of_the_fee_decides() -> None:
    assert split_pair("ZETAEUR", QUOTES, ["ZETA"]) == ("ZETA", "EUR")
    assert split_pair("ZETAEUR", QUOTES, ["AEUR"]) == ("ZET", "AEUR")
    with pytest.raises(FieldError):
        split_pair("ZETAEUR", QUOTES, ["BNB"])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("XXBTZUSD", ("BTC", "USD")),
        ("XETHXXBT", ("ETH", "BTC")),
        ("XXDGXXBT", ("DOGE", "BTC")),
        ("ZGBPZUSD", ("GBP", "USD")),
        ("USDTZUSD", ("USDT", "USD")),
        ("XTZUSD", ("XTZ", "USD")),  # not XT and ZUSD
        ("CHZEUR", ("CHZ", "EUR")),
        ("ADAEUR", ("ADA", "EUR")),
        ("XBTUSDT", ("BTC", "USDT")),
        ("XBTPYUSD", ("BTC", "PYUSD")),
        ("SOL/EUR", ("SOL", "EUR")),
        ("XBT/USD", ("BTC", "USD")),
    ],
)
def test_pairs_of_kraken(name: str, expected: tuple[str, str]) -> None:
    assert split(name) == expected


def test_a_pair_of_kraken_with_two_readings() -> None:
    with pytest.raises(FieldError, match="MON/AUSD or MONA/USD"):
        split("MONAUSD")
