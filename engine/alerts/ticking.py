"""Working out the firings tick by tick, doing again only the days whose rows have changed."""

from collections.abc import Sequence
from datetime import date

from engine.alerts.evaluation import Evaluator, State
from engine.alerts.firing import Firing, Recorded, to_tell
from engine.alerts.panel import Panel
from engine.alerts.rule import Rule

_KEPT = 8
"""States kept: rows are corrected within some days; an older one is worked out from the start."""


class Ticker:
    """The rules over a panel between two ticks. A new one in its place changes no firing."""

    def __init__(self, rules: Sequence[Rule], panel: Panel) -> None:
        self._rules = {rule.id: rule for rule in rules}
        self._panel = panel
        self._evaluator = Evaluator(rules, panel.series)
        self._version = 0
        self._states: dict[int, State] = {}
        self._waiting: list[Firing] = []

    def tick(self, recorded: Recorded, today: date) -> list[Firing]:
        """The firings that are not recorded yet, oldest first.

        They are given again on the next tick unless they are recorded by then.
        """
        panel, first = self._panel, self._resume()
        waiting = [one for one in self._waiting if one.day < panel.date_of(first)]
        state = self._states.get(first - 1, self._evaluator.fresh())
        for day in range(first, len(panel)):
            after, places = self._evaluator.step(panel, day, state)
            waiting += [
                self._evaluator.firing(panel, day, state, after, place) for place in places.tolist()
            ]
            self._states[day] = state = after
            self._states.pop(day - _KEPT, None)
        self._version = panel.version
        self._waiting = to_tell(waiting, self._rules, recorded, today)
        return list(self._waiting)

    def holding(self) -> frozenset[int]:
        """The rules whose condition holds after the last day."""
        state = self._states.get(len(self._panel) - 1)
        return self._evaluator.holding(state) if state else frozenset()

    def _resume(self) -> int:
        """The first day to work out again; forgets the states from it on."""
        start = self._evaluator.first_day(self._panel)
        day = max(self._panel.changed_since(self._version), start)
        if day - 1 not in self._states:
            day = start
        self._states = {one: state for one, state in self._states.items() if one < day}
        return day
