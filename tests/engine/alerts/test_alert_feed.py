"""What providers give, and the panel that is read from them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from engine.alerts import providers
from engine.alerts.feed import LONGEST_SILENCE, Feed, Watch, load_panel, reach_of
from engine.alerts.firing import Recorded
from engine.alerts.panel import SeriesId, price_of
from engine.core.clock import FixedClock
from engine.core.records import SIMULATED, PricePoint, Transaction
from engine.ledger.pricing import Floats
from engine.market.series import PriceBook
from engine.store.database import Database
from engine.store.prices import PriceRepo
from tests.engine.alerts.alert_data import NAN, above, check, day, rule
from tests.engine.assistant.world import trade

CLOCK = FixedClock(datetime(2024, 1, 10, tzinfo=UTC))


def points(asset: str, *closes: int, currency: str = "USD", source: str = "") -> list[PricePoint]:
    """One a day from day 0 on."""
    return [
        PricePoint(asset, currency, day(number), Decimal(close), source=source)
        for number, close in enumerate(closes)
    ]


class Market:
    """Stored prices and the feed over them."""

    def __init__(self, db: Database) -> None:
        self.stored = PriceRepo(db)
        self.book = PriceBook(self.stored)
        self.feed: Feed = {"price": providers.prices(self.book, self.stored)}

    def add(self, found: Sequence[PricePoint]) -> int:
        return self.stored.add_batch("test", "t.csv", found)


@pytest.fixture
def market(tmp_path: Path) -> Iterator[Market]:
    db = Database.open(tmp_path / "assay.db", bytes(32), CLOCK)
    yield Market(db)
    db.close()


def test_the_panel_begins_on_its_day_and_has_every_series(market: Market) -> None:
    market.add(points("BTC", 10, source=SIMULATED))
    market.add(
        [
            PricePoint("BTC", "USD", day(1), Decimal(20), high=Decimal(25), low=Decimal(15)),
            PricePoint("BTC", "USD", day(3), Decimal(30)),
        ]
    )
    unknown = SeriesId("yield", "lp")
    wanted = {price_of("BTC", "USD"), price_of("ETH", "USD"), unknown}
    panel = load_panel(market.feed, wanted, day(1), day(4))
    assert set(panel.series) == wanted
    assert panel.start == day(1)
    btc = panel.columns[price_of("BTC", "USD")]
    np.testing.assert_array_equal(panel.close[:, btc], [20, NAN, 30, NAN])
    np.testing.assert_array_equal(panel.high[:, btc], [25, NAN, 30, NAN])
    np.testing.assert_array_equal(panel.low[:, btc], [15, NAN, 30, NAN])
    assert not panel.simulated.any()
    assert panel.present.sum() == 2
    whole = load_panel(market.feed, wanted, day(0), day(4))
    assert whole.simulated[:, btc].tolist() == [True, False, False, False, False]


def test_prices_in_another_currency_are_converted(market: Market) -> None:
    market.add([*points("BTC", 100, 200), *points("EUR", 2, 2)])
    panel = load_panel(market.feed, {price_of("BTC", "EUR")}, day(0), day(1))
    assert panel.close[:, 0].tolist() == [50, 100]
    dollars = load_panel(market.feed, {price_of("USD", "EUR")}, day(0), day(1))
    assert dollars.close[:, 0].tolist() == [0.5, 0.5]


def test_rows_that_are_gone_are_gone_from_the_panel(market: Market) -> None:
    market.add(points("BTC", 10, 20))
    wrong = market.add(points("BTC", 10, 20, 20, 30))
    watch = Watch([rule(above("25"))], market.feed, day(3))
    assert [one.day for one in watch.tick(Recorded())] == [day(3)]
    market.stored.undo(wrong)
    watch.refresh({"yield"}, day(3))
    assert len(watch.tick(Recorded())) == 1
    watch.refresh({"price"}, day(4))
    assert watch.tick(Recorded()) == []
    assert watch.today == day(4)


@pytest.mark.parametrize(
    ("kind", "values", "reach"),
    [
        ("price", {"asset": "BTC", "direction": "above", "level": "1"}, 7),
        ("move", {"asset": "BTC", "direction": "up", "percent": "1", "days": "30"}, 37),
        ("drawdown", {"asset": "BTC", "percent": "1", "days": "90"}, 97),
        ("volatility", {"asset": "BTC", "days": "10", "base_days": "20"}, 37),
        ("correlation", {"asset": "BTC", "other": "ETH", "change": "1", "days": "10"}, 27),
        ("yield", {"pool": "x", "percent": "1", "days": "10"}, 17),
        ("stale", {"name": "BTC/USD"}, LONGEST_SILENCE),
    ],
)
def test_how_far_back_a_rule_looks(kind: str, values: dict[str, str], reach: int) -> None:
    assert reach_of(rule(check(kind, **values))) == reach


def test_a_rule_sees_the_data_of_before_it_was_made(market: Market) -> None:
    market.add(points("BTC", 10))
    stale = check("stale", name="BTC/USD", days="5")
    watch = Watch([rule(stale, made=900)], market.feed, day(900))
    assert [one.day for one in watch.tick(Recorded())] == [day(900)]


@dataclass(frozen=True)
class Holder:
    """A portfolio as the service would give it."""

    linked: tuple[Transaction, ...]
    prices: PriceBook
    today: date
    currency: str = "USD"
    simulated: bool = False


def weights(holder: Holder, start: date, *names: str) -> dict[str, list[float]]:
    found = providers.weights(lambda: holder)(names, start)
    return {one.series.name: one.close.tolist() for one in found}


def test_weights_are_those_of_each_day(market: Market) -> None:
    market.add([*points("BTC", 10, 20, 30), *points("ETH", 5, 5, 5)])
    trades = (
        trade("2024-01-01", "buy", ("BTC", "1"), ("USD", "10")),
        trade("2024-01-02", "buy", ("ETH", "4"), ("USD", "20")),
    )
    holder = Holder(trades, market.book, day(2))
    # 20 of 40, then 30 of 50.
    assert weights(holder, day(0), "BTC", "ETH", "SOL") == {
        "BTC": [1.0, 0.5, 0.6],
        "ETH": [0.0, 0.5, 0.4],
        "SOL": [0.0, 0.0, 0.0],
    }
    assert weights(holder, day(2), "BTC") == {"BTC": [0.6]}
    assert weights(holder, day(3), "BTC") == {}
    assert weights(Holder((), holder.prices, day(2)), day(0), "BTC") == {}
    demo = Holder(trades, holder.prices, day(2), simulated=True)
    (one,) = providers.weights(lambda: demo)(["BTC"], day(1))
    assert one.simulated == frozenset(one.days.tolist())


def test_a_weight_is_not_known_without_a_price(market: Market) -> None:
    trades = (trade("2024-01-01", "buy", ("XYZ", "1"), ("USD", "10")),)
    found = weights(Holder(trades, market.book, day(0)), day(0), "XYZ", "BTC")
    assert np.isnan([found["XYZ"], found["BTC"]]).all()


def test_measurements_and_scorecards() -> None:
    def read(name: str) -> tuple[Sequence[date], Floats]:
        return ([day(1)], np.array([0.05])) if name == "lp" else ([], np.empty(0))

    lp, none = providers.measured("yield", read)(["lp", "other"], day(0))
    assert (lp.series, lp.close.tolist()) == (SeriesId("yield", "lp"), [0.05])
    assert len(none.days) == 0
    cards = [(day(0), frozenset({"mint"})), (day(5), frozenset({"mint", "proxy"}))]
    (flags,) = providers.flags(lambda token: cards if token == "TKN" else [])(["TKN"], day(3))
    assert flags.close.tolist() == [1, 1]
    assert flags.notes[day(5).toordinal()] == "proxy"


def test_a_rule_made_in_the_future_waits(market: Market) -> None:
    market.add(points("BTC", 10))
    assert Watch([rule(above("1"), made=50)], market.feed, day(3)).tick(Recorded()) == []
