"""What a rule would have done in the past."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time

from engine.alerts.conditions import series_of
from engine.alerts.evaluation import firings
from engine.alerts.firing import Firing
from engine.alerts.panel import Panel
from engine.alerts.rule import Rule
from engine.core.errors import KnownError


@dataclass(frozen=True, slots=True)
class Preview:
    """The firings from start to end, both included. days: of these, how many have a row of the
    series with the fewest."""

    start: date
    end: date
    firings: tuple[Firing, ...]
    days: int

    @property
    def text(self) -> str:
        """The count as a sentence."""
        count = len(self.firings)
        often = "not have fired" if not count else f"have fired {count} time{'s' * (count > 1)}"
        whole = (self.end - self.start).days + 1
        gaps = f", with data of {self.days} of {whole} days" if self.days < whole else ""
        return f"It would {often} from {self.start} to {self.end}{gaps}."


def preview(rule: Rule, panel: Panel, start: date, end: date) -> Preview:
    """Watch the rule as if it had been made on the first day and did not end before the last.

    The panel may begin earlier, for what a rule compares with. KnownError if a series of the rule
    has no rows in the period.
    """
    first = panel.start.toordinal()
    low = max(start.toordinal() - first, 0)
    high = min(end.toordinal() - first + 1, len(panel))
    wanted = series_of(rule.condition)
    fewest = whose = None
    for series in sorted(wanted):
        column = panel.columns.get(series)
        count = 0 if column is None else int(panel.present[low:high, column].sum())
        if fewest is None or count < fewest:
            fewest, whose = count, series
    if not fewest:
        raise KnownError(
            f"There is no data of {whose} from {start} to {end}.",
            "Choose another period or import the data first.",
        )
    made = datetime.combine(start, time(0), UTC)
    found = firings([replace(rule, created=made, expires=end)], panel)
    return Preview(start, end, tuple(found), fewest)
