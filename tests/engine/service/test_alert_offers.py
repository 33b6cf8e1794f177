"""What a form of an alert offers of the user's own data."""

from decimal import Decimal
from pathlib import Path

from engine.service import Service
from tests.engine.service.conftest import take, take_prices

FILE = """date,symbol,currency,close
2026-11-22,BTC,USD,100000
2026-11-22,ETH,USD,3210
2026-11-22,USDC,USD,1.0001
2026-11-22,PEPE,USD,0.0000123
"""


def test_without_data_there_are_examples_all_the_same(service: Service) -> None:
    offers = service.alerts.offers()
    assert (offers.names["asset"], offers.levels, offers.weights) == ((), {}, {})
    assert [words for words, _ in offers.examples] == [
        "BTC above $100,000.00",
        "BTC down 5 % in 24 h",
        "USDC 1 % off its peg of $1.00",
    ]
    for words, text in offers.examples:
        assert service.alerts.read(text).title() == words


def test_coins_held_come_first_with_round_levels_above_their_price(
    service: Service, purchases: Path, tmp_path: Path
) -> None:
    path = tmp_path / "more.csv"
    path.write_text(FILE)
    take_prices(service, path)
    take(service, purchases)
    offers = service.alerts.offers()
    assert offers.names["asset"] == ("BTC", "ETH", "PEPE", "USDC")
    assert offers.names["other"] == ("ETH", "PEPE", "USDC", "BTC")
    assert offers.names["stablecoin"][0] == "USDC"
    assert offers.names["currency"][0] == "USD"
    assert offers.series["price"][0] == "BTC/USD"
    assert offers.series["weight"] == ("BTC",)
    assert offers.weights == {"BTC": Decimal(100)}
    # A tenth above, two digits: 110,000, 3,531, 1.10011 and 0.00001353.
    assert offers.levels == {
        "BTC": Decimal(110_000),
        "ETH": Decimal(3_500),
        "USDC": Decimal("1.1"),
        "PEPE": Decimal("0.000014"),
    }
    assert offers.examples[0][0] == "BTC above $110,000.00"


def test_levels_are_in_the_currency_of_the_settings(service: Service, prices: Path) -> None:
    take_prices(service, prices)
    service.settings.set("currency", "EUR")
    offers = service.alerts.offers()
    assert (offers.names["currency"][:2], offers.levels) == (("EUR", "USD"), {})
    assert offers.examples[0][0] == "BTC above €100,000.00"
