"""Measures one tick of the alerts: 10,000 rules of all kinds over 500 assets.

    python benchmarks/alert_tick.py [--rules 10000] [--assets 500] [--days 730] [--ticks 50]
    python benchmarks/alert_tick.py --stored

Every tick brings a new close, high and low of every asset, of which all rules are worked out. The
prices are a simulated random walk. Prints the median and the slowest tick, with and without putting
the rows into the panel, and the time to work out the firings of all days anew, as at a start.
--stored: the same through the monitor and an encrypted database, where a new price of every asset
means reading every series again, and every firing is recorded and told.
"""

import argparse
import json
import random
import statistics
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np

from engine.alerts import providers
from engine.alerts.conditions import AllOf, AnyOf, Condition
from engine.alerts.firing import Recorded
from engine.alerts.kinds import KINDS
from engine.alerts.monitor import Monitor
from engine.alerts.panel import Panel, Rows, SeriesId, build_panel, price_of
from engine.alerts.rule import Rule
from engine.alerts.rulejson import make_check, rule_to_json
from engine.alerts.ticking import Ticker
from engine.core.clock import FixedClock
from engine.core.events import DataChanged, EventBus
from engine.core.records import PricePoint
from engine.market.series import PriceBook
from engine.store.database import Database
from engine.store.prices import PriceRepo
from engine.store.rules import RuleRepo

TODAY = date(2026, 11, 20)
SHARE_OF_JOINED = 0.2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rules", type=int, default=10_000)
    parser.add_argument("--assets", type=int, default=500)
    parser.add_argument("--days", type=int, default=730)
    parser.add_argument("--watched", type=int, default=60, help="days since the rules were made")
    parser.add_argument("--ticks", type=int, default=50)
    parser.add_argument("--stored", action="store_true", help="through a database")
    arguments = vars(parser.parse_args())
    stored = arguments.pop("stored")
    print(json.dumps((measure_stored if stored else measure)(**arguments), indent=2))


def measure(rules: int, assets: int, days: int, watched: int, ticks: int) -> dict[str, float]:
    """Milliseconds of a tick, and seconds of a start."""
    numbers = np.random.default_rng(1)
    names = [f"A{index}" for index in range(assets)]
    panel = build_panel(history(names, days, numbers), TODAY)
    created = datetime.combine(TODAY - timedelta(watched), datetime.min.time(), UTC)
    chosen = random.Random(1)
    made = [Rule(index, created, condition(names, chosen)) for index in range(rules)]
    ticker = Ticker(made, panel)
    recorded = Recorded()
    begun = time.perf_counter()
    record(ticker, recorded)
    start = time.perf_counter() - begun
    whole, alone, fired = [], [], 0
    for _ in range(ticks):
        rows = moved(panel, numbers)
        begun = time.perf_counter()
        panel.put(rows, TODAY)
        between = time.perf_counter()
        found = ticker.tick(recorded, TODAY)
        end = time.perf_counter()
        whole.append((end - begun) * 1000)
        alone.append((end - between) * 1000)
        fired += len(found)
        for one in found:
            recorded.add(one.rule_id, one.day, one.key)
    return {
        "rules": rules,
        "assets": assets,
        "days": days,
        "ticks": ticks,
        "fired": fired,
        "tick_median_ms": statistics.median(alone),
        "tick_max_ms": max(alone),
        "tick_with_new_rows_median_ms": statistics.median(whole),
        "tick_with_new_rows_max_ms": max(whole),
        "start_s": start,
        "days_worked_out_at_start": watched + 1,
    }


def measure_stored(
    rules: int, assets: int, days: int, watched: int, ticks: int
) -> dict[str, float]:
    """Seconds of the checks of a monitor over a database: the first, an idle one, and those after a
    new price of every asset."""
    names = [f"A{index}" for index in range(assets)]
    chosen, numbers = random.Random(1), np.random.default_rng(1)
    now = datetime.combine(TODAY, datetime.min.time(), UTC)
    with tempfile.TemporaryDirectory() as folder:
        made = Database.open(Path(folder, "assay.db"), bytes(32), FixedClock(now))
        store = RuleRepo(made)
        stored = PriceRepo(made)
        points = [
            point(rows.series.name.removesuffix("/USD"), date.fromordinal(day), close)
            for rows in history(names, days, numbers)
            if rows.series.topic == "price"
            for day, close in zip(rows.days.tolist(), rows.close.tolist(), strict=True)
        ]
        stored.add_batch("benchmark", "prices.csv", points)
        made.clock = FixedClock(now - timedelta(watched))
        for _ in range(rules):
            store.add(rule_to_json(Rule(0, now, condition(names, chosen))), ())
        made.clock = FixedClock(now)
        book, bus = PriceBook(stored), EventBus()
        feed = {"price": providers.prices(book, stored)}
        monitor = Monitor(store, feed, bus, made.clock, lambda *_: None)
        first, fired = timed(monitor)
        checks = []
        for _ in range(ticks):
            moves = np.exp(numbers.normal(0, 0.003, assets)) * 100
            new = [point(*one) for one in zip(names, [TODAY] * assets, moves, strict=True)]
            stored.add_batch("benchmark", "prices.csv", new)
            book.forget()
            bus.publish(DataChanged(frozenset({"prices"})))
            seconds, more = timed(monitor)
            checks.append(seconds)
            fired += more
        timed(monitor)
        idle, _ = timed(monitor)
        monitor.stop()
        made.close()
    return {
        "rules": rules,
        "assets": assets,
        "days": days,
        "ticks": ticks,
        "fired": fired,
        "first_check_s": first,
        "check_with_new_prices_median_s": statistics.median(checks),
        "idle_check_s": idle,
    }


def timed(monitor: Monitor) -> tuple[float, int]:
    """The seconds of a check, and how many rules fired."""
    begun = time.perf_counter()
    found = monitor.check_now()
    return time.perf_counter() - begun, len(found)


def point(name: str, day: date, close: float) -> PricePoint:
    """A row with a high and a low."""
    low, middle, high = (Decimal(f"{close * part:.6g}") for part in (0.98, 1.0, 1.02))
    return PricePoint(name, "USD", day, middle, high=high, low=low)


def record(ticker: Ticker, recorded: Recorded) -> None:
    """Tick once and note all that fired as told."""
    for one in ticker.tick(recorded, TODAY):
        recorded.add(one.rule_id, one.day, one.key)


def history(names: list[str], days: int, numbers: np.random.Generator) -> list[Rows]:
    """Random walks of all the series that the rules are about."""
    found = []
    calendar = np.arange(TODAY.toordinal() - days + 1, TODAY.toordinal() + 1)
    for name in names:
        for series, level, step in (
            (price_of(name, "USD"), 100.0, 0.04),
            (SeriesId("weight", name), 0.1, 0.02),
            (SeriesId("yield", name), 0.05, 0.05),
            (SeriesId("health", name), 2.0, 0.02),
        ):
            close = level * np.exp(np.cumsum(numbers.normal(0, step, days)))
            found.append(Rows(series, calendar, close, close * 1.02, close * 0.98))
        flags = np.zeros(days)
        found.append(Rows(SeriesId("flags", name), calendar, flags, flags, flags))
    return found


def moved(panel: Panel, numbers: np.random.Generator) -> list[Rows]:
    """A new row of today for every price."""
    day = np.array([TODAY.toordinal()])
    found = []
    for column, series in enumerate(panel.series):
        if series.topic == "price":
            close = panel.close[-1, column] * np.exp(numbers.normal(0, 0.003, 1))
            high = np.fmax(panel.high[-1, column], close)
            found.append(Rows(series, day, close, high, np.fmin(panel.low[-1, column], close)))
    return found


def condition(names: list[str], chosen: random.Random) -> Condition:
    """A check of a random kind, or some joined."""
    if chosen.random() < SHARE_OF_JOINED:
        joint = chosen.choice((AllOf, AnyOf))
        return joint(tuple(check(names, chosen) for _ in range(chosen.choice((2, 3)))))
    return check(names, chosen)


def check(names: list[str], chosen: random.Random) -> Condition:
    """A check of a random kind with ordinary values."""
    asset = chosen.choice(names)
    up = chosen.random() < 0.5
    level = str(round(100 * 10 ** chosen.uniform(-1, 1), 2))
    values: dict[str, dict[str, object]] = {
        "price": {"asset": asset, "direction": "above" if up else "below", "level": level},
        "move": {
            "asset": asset,
            "direction": "up" if up else "down",
            "percent": str(chosen.randint(5, 30)),
            "days": str(chosen.randint(1, 30)),
        },
        "drawdown": {
            "asset": asset,
            "percent": str(chosen.randint(10, 60)),
            "days": str(chosen.choice((90, 365))),
        },
        "volatility": {"asset": asset, "days": str(chosen.choice((7, 14, 30)))},
        "correlation": {
            "asset": asset,
            "other": chosen.choice([name for name in names[:9] if name != asset]),
            "change": "0.6",
            "days": str(chosen.choice((14, 30, 90))),
        },
        "weight": {"asset": asset, "target": "10", "points": str(chosen.randint(2, 20))},
        "depeg": {"asset": asset, "percent": "5", "peg": level},
        "yield": {"pool": asset, "percent": str(chosen.randint(10, 50))},
        "range": {"asset": asset, "lower": "50", "upper": "200"},
        "health": {"position": asset},
        "stale": {"name": f"{asset}/USD", "days": "2"},
        "red_flag": {"token": asset},
    }
    kind = chosen.choice(list(KINDS))
    return make_check(kind, values[kind])


if __name__ == "__main__":
    main()
