"""Kills a watch with SIGKILL at random moments while its alerts fire; counts what is lost.

    python benchmarks/kill9_alerts.py                 200 kills, prints the losses
    python benchmarks/kill9_alerts.py --kills 10 --seed 7

Prices of one day after the other come in, each of which fires one of two rules. After the last kill
every day must have fired once, as working it all out anew says, and every firing must have been
told. Told twice may be only what a kill hit between telling and noting it.
"""

import argparse
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from engine.alerts import providers
from engine.alerts.conditions import assets_of, series_of
from engine.alerts.evaluation import firings
from engine.alerts.feed import load_panel
from engine.alerts.listing import read_rule
from engine.alerts.monitor import Monitor
from engine.alerts.rule import Rule
from engine.alerts.rulejson import rule_to_json
from engine.alerts.simple import simple_check
from engine.core.events import DataChanged, EventBus
from engine.core.records import PricePoint
from engine.market.series import PriceBook
from engine.store.database import Database
from engine.store.prices import PriceRepo
from engine.store.rules import RuleRepo, StoredFiring

FIRST = date(2020, 1, 1)
KEY = bytes(32)
LONGEST_RUN = 0.8  # seconds to the kill, at most
_TOLD = "told "


@dataclass(slots=True)
class Tally:
    """What fired and what of it was lost or came twice."""

    kills: int = 0
    days: int = 0
    told: Counter[str] = field(default_factory=Counter)
    hit_while_telling: int = 0
    lost: int = 0
    doubled: int = 0
    never_told: int = 0
    told_twice: int = 0

    @property
    def losses(self) -> int:
        """Everything that must be 0."""
        return self.lost + self.doubled + self.never_told + self.told_twice


class DayClock:
    """A clock on the day of the last price."""

    def __init__(self) -> None:
        self.day = FIRST

    def now(self) -> datetime:
        """Noon of the day."""
        return datetime(self.day.year, self.day.month, self.day.day, 12, tzinfo=UTC)

    def today(self) -> date:
        """The day."""
        return self.day


class Watching:
    """A database with two rules, and the monitor over it; whatever is told is printed."""

    def __init__(self, path: Path) -> None:
        self.clock = DayClock()
        self.db = Database.open(path, KEY, self.clock)
        self.rules, self.prices = RuleRepo(self.db), PriceRepo(self.db)
        self.book = PriceBook(self.prices)
        self.bus = EventBus()
        self.feed = {"price": providers.prices(self.book, self.prices)}
        self.monitor = Monitor(self.rules, self.feed, self.bus, self.clock, self._tell)
        if not self.rules.list():
            for condition, level in (("above", 100), ("below", 95)):
                check = simple_check("BTC", condition, Decimal(level), "USD")
                rule = rule_to_json(Rule(0, self.clock.now(), check))
                self.rules.add(rule, assets_of(check))

    def days(self) -> int:
        """How many days have a price."""
        return len(self.prices.series("BTC", "USD"))

    def go_on(self) -> None:
        """Take a price of the next day in, for ever."""
        self.monitor.start()
        number = self.days()
        while True:
            self.clock.day = FIRST + timedelta(number)
            close = Decimal(110 if number % 2 else 90)
            point = PricePoint("BTC", "USD", self.clock.day, close)
            self.prices.add_batch("kill", "kill.csv", [point])
            self.book.forget()
            self.bus.publish(DataChanged(frozenset({"prices"})))
            number += 1
            time.sleep(0.02)

    def close(self) -> None:
        """End the watch."""
        self.monitor.stop()
        self.db.close()

    def _tell(self, firing: StoredFiring, sound: bool) -> None:
        print(f"{_TOLD}{_name(firing.title, firing.text)}", flush=True)


def _name(title: str, text: str) -> str:
    return f"{title}: {text}"


def run(kills: int, seed: int, folder: Path, longest: float = LONGEST_RUN) -> Tally:
    """Kill so many times, all on one database in `folder`, and compare at the end."""
    chance, tally = random.Random(seed), Tally()
    path = folder / "assay.db"
    in_flight: Counter[str] = Counter()
    while tally.kills < kills:
        told = _killed(path, chance.uniform(0, longest))
        tally.told.update(told)
        in_flight.update(told[-1:])
        tally.kills += 1
    tally.told.update(_lines([sys.executable, __file__, "--finish", str(path)]))
    _compare(path, tally, in_flight)
    return tally


def _killed(path: Path, seconds: float) -> list[str]:
    """What a watch told before it was killed so many seconds after it had opened the database."""
    process = subprocess.Popen(
        [sys.executable, __file__, "--child", str(path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    process.stdout.readline()
    killer = threading.Timer(seconds, process.kill)
    killer.start()
    output = process.stdout.read()
    process.wait()
    process.stdout.close()
    return _told(output)


def _lines(command: list[str]) -> list[str]:
    return _told(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def _told(output: str) -> list[str]:
    # A line that was cut off was told in part: it comes again.
    lines = output.split("\n")[:-1]
    return [line.removeprefix(_TOLD) for line in lines if line.startswith(_TOLD)]


def _compare(path: Path, tally: Tally, in_flight: Counter[str]) -> None:
    watching = Watching(path)
    try:
        tally.days = watching.days()
        rules = [rule for one in watching.rules.list() if (rule := read_rule(one))]
        series = {one for rule in rules for one in series_of(rule.condition)}
        last = FIRST + timedelta(tally.days - 1)
        panel = load_panel(watching.feed, series, FIRST, last)
        expected = Counter(_name(one.title, one.text) for one in firings(rules, panel))
        history = watching.rules.history(10 * tally.days)
        found = Counter(_name(one.title, one.text) for one in history)
    finally:
        watching.close()
    tally.lost = (expected - found).total()
    tally.doubled = (found - expected).total()
    tally.never_told = sum(name not in tally.told for name in expected)
    again = tally.told - expected
    tally.hit_while_telling = (again & in_flight).total()
    tally.told_twice = (again - in_flight).total()


def _child(path: Path) -> None:
    watching = Watching(path)
    print("open", flush=True)
    watching.go_on()


def _finish(path: Path) -> None:
    watching = Watching(path)
    watching.clock.day = FIRST + timedelta(watching.days() - 1)
    watching.monitor.check_now()
    watching.close()


def main() -> int:
    """Command line; exit status 1 if anything was lost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--finish", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        _child(options.child)
    if options.finish:
        _finish(options.finish)
        return 0
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        tally = run(options.kills, options.seed, Path(folder))
    print(f"kills: {tally.kills} in {time.monotonic() - begun:.0f} s (seed {options.seed})")
    print(f"days with a price: {tally.days}, tellings: {tally.told.total()}")
    print(f"firings lost: {tally.lost}, doubled: {tally.doubled}")
    print(f"never told: {tally.never_told}, told twice: {tally.told_twice}")
    print(f"told twice because the kill came between telling and noting: {tally.hit_while_telling}")
    return 1 if tally.losses else 0


if __name__ == "__main__":
    sys.exit(main())
