"""The data that rules need, kept between two ticks and read again only where it has changed."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta

import numpy as np

from engine.alerts.conditions import checks_of, series_of
from engine.alerts.firing import Firing, Recorded
from engine.alerts.kinds import KINDS
from engine.alerts.kinds.base import Check
from engine.alerts.panel import Ints, Panel, Rows, SeriesId, Topic
from engine.alerts.rule import Rule
from engine.alerts.ticking import Ticker
from engine.core.records import MAX_PRICE_AGE

Provider = Callable[[Sequence[str], date], Iterable[Rows]]
"""Gives the rows of some series of a topic by their names, from a day on or from before it."""
Feed = Mapping[Topic, Provider]

LONGEST_SILENCE = 1095
"""Data older than so many days before a rule was made are not looked for, even if stale."""


def reach_of(rule: Rule) -> int:
    """How many days before it is made a rule looks at."""
    return max(_reach(check) for check in checks_of(rule.condition))


def _reach(check: Check) -> int:
    kind = KINDS[check.kind]
    return LONGEST_SILENCE if kind.every_day else kind.reach(check) + MAX_PRICE_AGE.days


def load_panel(feed: Feed, series: Collection[SeriesId], start: date, today: date) -> Panel:
    """The panel of these series from a day to today."""
    panel = Panel(start, sorted(series))
    panel.put(_read(feed, panel, set(feed), today), today)
    return panel


def _read(feed: Feed, panel: Panel, topics: Collection[Topic], today: date) -> list[Rows]:
    """What the feed has on the panel's series of some topics, with every day from its start on: a
    day without a row is to be one in the panel too."""
    found = []
    for topic in sorted(feed):
        names = [one.name for one in panel.series if one.topic == topic]
        if not names or topic not in topics:
            continue
        rows = {one.series: one for one in feed[topic](names, panel.start)}
        first, last = panel.start.toordinal(), today.toordinal()
        last = max([last, *(int(one.days.max()) for one in rows.values() if len(one.days))])
        days = np.arange(first, max(last + 1, first + len(panel)))
        found += [
            _spread(SeriesId(topic, name), rows.get(SeriesId(topic, name)), days) for name in names
        ]
    return found


def _spread(series: SeriesId, rows: Rows | None, days: Ints) -> Rows:
    close, high, low = (np.full(len(days), np.nan) for _ in range(3))
    if rows is None:
        return Rows(series, days, close, high, low)
    inside = rows.days >= days[0]
    at = rows.days[inside] - days[0]
    for array, values in ((close, rows.close), (high, rows.high), (low, rows.low)):
        array[at] = values[inside]
    return Rows(series, days, close, high, low, rows.notes, rows.simulated)


class Watch:
    """Some rules over their data. A new one in its place changes no firing."""

    def __init__(self, rules: Sequence[Rule], feed: Feed, today: date) -> None:
        """Reads all data of the rules; there must be one rule at least."""
        self._feed = feed
        self.today = today
        start = min(rule.created.date() - timedelta(reach_of(rule)) for rule in rules)
        series = {one for rule in rules for one in series_of(rule.condition)}
        self._panel = load_panel(feed, series, min(start, today), today)
        self._ticker = Ticker(rules, self._panel)

    def refresh(self, topics: Collection[Topic], today: date) -> None:
        """Read the series of some topics again, and let the days reach to today."""
        self._panel.put(_read(self._feed, self._panel, topics, today), today)
        self.today = today

    def tick(self, recorded: Recorded) -> list[Firing]:
        """The firings that are not recorded yet, oldest first; see `Ticker.tick`."""
        return self._ticker.tick(recorded, self.today)

    def holding(self) -> frozenset[int]:
        """The rules whose condition held after the last tick."""
        return self._ticker.holding()
