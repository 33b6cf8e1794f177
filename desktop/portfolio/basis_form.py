"""The fields of the cost-basis settings."""

import calendar
from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QSpinBox, QVBoxLayout, QWidget

from desktop.portfolio.basis_words import method_choices
from desktop.safetext import label
from desktop.widgets.buttons import button, icon_button
from desktop.widgets.layout import boxed, column, row
from desktop.widgets.picker import Picker
from desktop.widgets.switch import Switch
from engine.service import CostBasis, Method

_FIRST_YEAR, _LAST_YEAR = 2009, 2100
_LONGEST = 36_500
_LONGEST_MONTHS = {2: 28, 4: 30, 6: 30, 9: 30, 11: 30}


class SwitchLine(QWidget):
    """From a tax year on, another method."""

    removed = Signal()

    def __init__(self, year: int, method: str) -> None:
        super().__init__()
        self.year = _number(self.tr("From tax year"), _FIRST_YEAR, _LAST_YEAR, year)
        self.year.setGroupSeparatorShown(False)
        self.method = Picker(self.tr("Method from then on"), method_choices())
        self.method.choose(method)
        self.remove = icon_button("trash", self.tr("Remove this change"), self._remove, size=16)
        words = label(self.tr("from tax year"), "muted")
        line = row(words, self.year, gap=8)
        line.addWidget(self.method, 1)
        line.addWidget(self.remove)
        self.setLayout(line)

    def _remove(self) -> None:
        self.hide()
        self.deleteLater()
        self.removed.emit()


class BasisForm(QWidget):
    """Shows and reads a cost basis; read raises KnownError for rules that make no sense."""

    resized = Signal()
    """There are more or fewer lines than before."""

    def __init__(self, basis: CostBasis, this_year: int) -> None:
        super().__init__()
        tr = self.tr
        self._this_year = this_year
        self.method = Picker(tr("Method"), method_choices())
        self.method.choose(basis.method)
        self.scope = Picker(
            tr("Coins of different accounts"),
            [("", tr("Each account by itself")), ("all", tr("All accounts together"))],
        )
        self.scope.choose("all" if basis.universal else "")
        self.month = Picker(
            tr("Month in which tax years start"),
            [(str(n), calendar.month_name[n]) for n in range(1, 13)],
        )
        self.month.choose(str(basis.year_start[0]))
        self.day = _number(tr("Day on which tax years start"), 1, 31, basis.year_start[1])
        self.month.currentIndexChanged.connect(lambda _: self._limit_day())
        self._limit_day()
        self.long_days = _number(tr("Days to count as held long"), 1, _LONGEST, basis.long_days)
        self.long_days.setSuffix(tr(" days"))
        self.fees = Switch(tr("Rank lots by cost with fees"))
        self.fees.setChecked(basis.rank_with_fees)
        self._lines: list[SwitchLine] = []
        self._switches: QVBoxLayout = column(gap=8)
        for year, method in basis.switches:
            self.add_switch(year, method)
        more = button(tr("Add a change of method"), self._add, kind="link", icon="plus")
        self._arrange(
            (tr("Method"), self.method),
            (tr("Accounts"), self.scope),
            (tr("Changes of method"), boxed(column(self._switches, row(more, None)))),
            (tr("Tax year starts on"), boxed(row(self.day, self.month, None))),
            (tr("Held long from"), boxed(row(self.long_days, None))),
            (tr("Rank by cost with fees"), boxed(row(self.fees, None))),
        )

    def add_switch(self, year: int, method: str) -> None:
        """Add a change of method."""
        line = SwitchLine(year, method)
        line.removed.connect(lambda: self._removed(line))
        self._lines.append(line)
        self._switches.addWidget(line)
        self.resized.emit()

    def switches(self) -> list[SwitchLine]:
        """The changes of method."""
        return list(self._lines)

    def read(self) -> CostBasis:
        """What is entered."""
        changes: Sequence[tuple[int, Method]] = [
            (one.year.value(), one.method.key())  # type: ignore[misc]
            for one in self.switches()
        ]
        return CostBasis(
            method=self.method.key(),  # type: ignore[arg-type]
            universal=bool(self.scope.key()),
            switches=tuple(sorted(changes)),
            year_start=(int(self.month.key()), self.day.value()),
            rank_with_fees=self.fees.isChecked(),
            long_days=self.long_days.value(),
        )

    def _removed(self, line: SwitchLine) -> None:
        self._lines.remove(line)
        self.resized.emit()

    def _add(self) -> None:
        latest = max((one.year.value() for one in self.switches()), default=self._this_year - 1)
        self.add_switch(latest + 1, self.method.key())

    def _limit_day(self) -> None:
        """A day that every year has."""
        self.day.setMaximum(_LONGEST_MONTHS.get(int(self.month.key()), 31))

    def _arrange(self, *lines: tuple[str, QWidget]) -> None:
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(20)
        grid.setVerticalSpacing(12)
        grid.setColumnStretch(1, 1)
        for number, (name, field) in enumerate(lines):
            grid.addWidget(label(name, "muted"), number, 0)
            grid.addWidget(field, number, 1)
        self.setLayout(grid)


def _number(name: str, least: int, most: int, value: int) -> QSpinBox:
    box = QSpinBox()
    box.setAccessibleName(name)
    box.setRange(least, most)
    box.setValue(value)
    box.setGroupSeparatorShown(True)
    box.setFixedWidth(112)
    # The style sheet does not reach inside.
    box.lineEdit().setTextMargins(8, 0, 0, 0)
    return box
