"""Which rules fire on which day: all rules of a kind at once, one day after the other.

What holds after a day follows from the rules and the rows up to that day only, so that working it
out again from the same rows gives the same firings. A check comes true by the row's high or low
and stays true until a row does not reach the level and closes back by the hysteresis; a day without
a row changes nothing. A rule comes true on the day its whole condition does. On the day it was
made, the last known row of each series stands in for the day's, if it is not too old.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from engine.alerts.conditions import compile_trees
from engine.alerts.firing import Firing, Recorded, data_row, make_firing, to_tell
from engine.alerts.kinds import KINDS
from engine.alerts.kinds.base import Batch, Kind, View
from engine.alerts.panel import Bools, Floats, Ints, Panel, SeriesId
from engine.alerts.rule import Rule
from engine.alerts.schedule import Limits
from engine.core.records import MAX_PRICE_AGE

_ROUNDING = 1e-11
"""A level reached exactly is reached, whatever the last bits of a division say."""


@dataclass(frozen=True, slots=True)
class State:
    """What holds after a day: per check whether it is true, and the row (a day of the calendar) and
    figure that made it so."""

    true: Bools
    row: Ints
    measured: Floats


@dataclass(frozen=True, slots=True)
class _Group:
    """The checks of one kind: their places among all checks, and what they compare.

    known: the panel has all their series. bar: the level times the sign. back: what the signed
    settle must be under.
    """

    kind: Kind
    places: Ints
    rules: Ints
    batch: Batch
    known: Bools
    bar: Floats
    back: Floats


class Evaluator:
    """The rules laid out for one choice of series."""

    def __init__(self, rules: Sequence[Rule], series: Sequence[SeriesId]) -> None:
        self.rules = tuple(rules)
        self.series = tuple(series)
        self._trees = compile_trees([rule.condition for rule in rules])
        self._limits = Limits.of(rules)
        self._groups = tuple(self._grouped())
        checks = self._trees.checks
        self._pulse = np.array([KINDS[check.kind].pulse for check in checks], dtype=np.bool_)

    def fresh(self) -> State:
        """The state before the first day."""
        checks = len(self._trees.checks)
        return State(
            np.zeros(checks, np.bool_),
            np.full(checks, -1, np.int64),
            np.full(checks, np.nan),
        )

    def first_day(self, panel: Panel) -> int:
        """The first day of the panel's calendar on which a rule is watched."""
        if not self.rules:
            return len(panel)
        return max(int(self._limits.start.min()) - panel.start.toordinal(), 0)

    def step(self, panel: Panel, day: int, state: State) -> tuple[State, Ints]:
        """The state after a day of the panel's calendar, and the places of the rules come true.

        The panel must have the series of the evaluator; state: that after the day before.
        """
        ordinal = panel.start.toordinal() + day
        checks = len(state.true)
        reached, over, seen = (np.zeros(checks, np.bool_) for _ in range(3))
        measured, row = np.full(checks, np.nan), np.full(checks, -1, np.int64)
        with np.errstate(all="ignore"):
            for group in self._groups:
                at, early = self._rows(panel, day, ordinal, group)
                view = View(panel, group.batch, day, np.maximum(at, 0), early)
                trigger, settle = group.kind.signal(view)
                here = at >= 0
                signs = group.batch.signs
                seen[group.places] = here
                reached[group.places] = here & (signs * trigger >= group.bar)
                over[group.places] = here & (signs * settle < group.back)
                measured[group.places] = trigger
                row[group.places] = at
        before = state.true & ~(self._pulse & seen)
        true = reached | (before & ~over)
        new = reached & ~before
        rises = self._trees.truth(true) & ~self._trees.truth(before)
        fires = rises & self._limits.allow(ordinal)
        after = State(
            true,
            np.where(new, row, state.row),
            np.where(new, measured, state.measured),
        )
        return after, np.flatnonzero(fires)

    def holding(self, state: State) -> frozenset[int]:
        """The rules whose condition is true in a state."""
        true = self._trees.truth(state.true)
        return frozenset(rule.id for rule, one in zip(self.rules, true, strict=True) if one)

    def firing(self, panel: Panel, day: int, before: State, after: State, place: int) -> Firing:
        """The firing of the rule at a place, between the states before and after its day."""
        # The checks of a rule lie side by side.
        first, end = np.searchsorted(self._trees.rule, [place, place + 1]).tolist()
        found = []
        for index in range(first, end):
            if not after.true[index]:
                continue
            check = self._trees.checks[index]
            row, measured = int(after.row[index]), float(after.measured[index])
            fresh = not before.true[index] or row != before.row[index]
            found.append((check, data_row(panel, check, row, measured), fresh))
        return make_firing(self.rules[place], panel.date_of(day), found)

    def _rows(self, panel: Panel, day: int, ordinal: int, group: _Group) -> tuple[Ints, Bools]:
        """The row that each check of a group looks at, -1 for none, and whether it is early."""
        start = self._limits.start[group.rules]
        column = group.batch.columns[0]
        last = panel.last[day, column].astype(np.int64)
        early = start == ordinal
        if group.kind.every_day:
            at = np.where(start <= ordinal, last, -1)
        else:
            at = np.where((last == day) & (start < ordinal), last, -1)
            if not group.kind.pulse:
                recent = day - last <= MAX_PRICE_AGE.days
                at = np.where(early & recent, last, at)
        return np.where(group.known, at, -1), early

    def _grouped(self) -> Iterator[_Group]:
        column = {series: index for index, series in enumerate(self.series)}
        checks = self._trees.checks
        for kind in KINDS.values():
            places = [index for index, check in enumerate(checks) if check.kind == kind.name]
            if not places or not self.series:
                continue
            mine = [checks[index] for index in places]
            columns = np.array(
                [[column.get(one, -1) for one in kind.series(check)] for check in mine]
            ).T
            signs = np.array([float(kind.sign(check)) for check in mine])
            level = np.array([kind.level(check) for check in mine])
            hysteresis = np.array([float(check.hysteresis / 100) for check in mine])
            numbers = {
                field.name: np.array([float(check.number(field.name)) for check in mine])
                for field in kind.fields
                if field.kind in ("number", "days")
            }
            yield _Group(
                kind,
                np.array(places),
                self._trees.rule[places],
                Batch(np.maximum(columns, 0), signs, numbers),
                np.asarray((columns >= 0).all(axis=0), np.bool_),
                signs * level - _ROUNDING * np.abs(level),
                signs * level - hysteresis * np.abs(level),
            )


def firings(rules: Sequence[Rule], panel: Panel) -> list[Firing]:
    """All firings of the rules over the panel, oldest first, as if none had been told."""
    evaluator = Evaluator(rules, panel.series)
    state = evaluator.fresh()
    found = []
    for day in range(evaluator.first_day(panel), len(panel)):
        after, places = evaluator.step(panel, day, state)
        found += [evaluator.firing(panel, day, state, after, one) for one in places.tolist()]
        state = after
    end = panel.date_of(len(panel))
    return to_tell(found, {rule.id: rule for rule in rules}, Recorded(), end)
