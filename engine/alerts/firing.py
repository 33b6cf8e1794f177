"""A firing, with the rows of data that made it, and the record of those already told."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from engine.alerts.kinds import KINDS
from engine.alerts.kinds.base import Check
from engine.alerts.panel import Panel, SeriesId
from engine.alerts.rule import Priority, Rule
from engine.core.words import capitalised


@dataclass(frozen=True, slots=True)
class DataRow:
    """The row by which a check came true.

    measured: the figure compared, in the unit of the check's kind (see the kind's signal).
    simulated: the demo made the row, or one of those before it that the check looks at.
    """

    series: SeriesId
    day: date
    close: float
    high: float
    low: float
    measured: float
    note: str
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class Firing:
    """A rule that came true on a day. rows: one per check that was true then; key names those that
    made it so on that day, and with the rule's id tells this firing from every other."""

    rule_id: int
    day: date
    key: str
    rows: tuple[DataRow, ...]
    priority: Priority
    title: str
    text: str

    @property
    def simulated(self) -> bool:
        """Whether the demo's data have a part in it."""
        return any(row.simulated for row in self.rows)


def data_row(panel: Panel, check: Check, row: int, measured: float) -> DataRow:
    """The row of a check in the panel."""
    kind = KINDS[check.kind]
    series = kind.series(check)
    column, *others = (panel.columns[one] for one in series)
    day = panel.date_of(row)
    looked_at = slice(max(row - kind.reach(check), 0), row + 1)
    return DataRow(
        series[0],
        day,
        float(panel.close[row, column]),
        float(panel.high[row, column]),
        float(panel.low[row, column]),
        measured,
        panel.notes.get((series[0], day.toordinal()), ""),
        bool(panel.simulated[looked_at, [column, *others]].any()),
    )


def tell(check: Check, row: DataRow) -> str:
    """What the row says about the check, as a sentence."""
    said = KINDS[check.kind].tell(check, row.measured)
    note = f": {row.note}" if row.note else ""
    mark = " (simulated)" if row.simulated else ""
    return f"{capitalised(said)} on {row.day}{note}{mark}."


def make_firing(rule: Rule, day: date, found: list[tuple[Check, DataRow, bool]]) -> Firing:
    """found: the true checks with their rows, and whether they came true by this day's row."""
    return Firing(
        rule.id,
        day,
        " + ".join(sorted({f"{row.series} {row.day}" for _, row, fresh in found if fresh})),
        tuple(row for _, row, _ in found),
        rule.priority,
        rule.title(),
        " ".join(tell(check, row) for check, row, _ in found),
    )


@dataclass(slots=True)
class Recorded:
    """The firings that were recorded, by rule: their days and keys."""

    _days: dict[int, set[date]] = field(default_factory=dict)
    _keys: set[tuple[int, str]] = field(default_factory=set)

    @classmethod
    def of(cls, firings: Iterable[tuple[int, date, str]]) -> "Recorded":
        """From (rule id, day, key)."""
        made = cls()
        for one in firings:
            made.add(*one)
        return made

    def add(self, rule_id: int, day: date, key: str) -> None:
        """Note one more."""
        self._days.setdefault(rule_id, set()).add(day)
        self._keys.add((rule_id, key))

    def has(self, firing: Firing) -> bool:
        """Whether its rows have fired its rule before."""
        return (firing.rule_id, firing.key) in self._keys

    def any(self, rule_id: int) -> bool:
        """Whether the rule has ever fired."""
        return rule_id in self._days

    def last(self, rule_id: int, today: date) -> date | None:
        """The last day on which the rule fired. A day after today was recorded while the clock was
        ahead, and says nothing about the time between."""
        days = self._days.get(rule_id, set())
        return max((day for day in days if day <= today), default=None)


def to_tell(
    found: Iterable[Firing], rules: Mapping[int, Rule], recorded: Recorded, today: date
) -> list[Firing]:
    """Of what came true (oldest first), the firings that are to be told and are not recorded yet.

    A row never fires a rule twice, nothing is told of before what was told last, and a rule's
    cooldown and its `once` count from what is recorded or told here: what comes true too soon is
    passed over.
    """
    told: list[Firing] = []
    days: dict[int, date] = {}
    for firing in found:
        rule = rules[firing.rule_id]
        if recorded.has(firing) or (rule.once and (recorded.any(rule.id) or rule.id in days)):
            continue
        last = days.get(rule.id) or recorded.last(rule.id, today)
        if last is None or (firing.day - last).days >= max(rule.cooldown_days, 1):
            told.append(firing)
            days[rule.id] = firing.day
    return told
