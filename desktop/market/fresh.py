"""How often prices are refreshed by themselves, and when that was last done."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from desktop.alerts.moments import moment_text
from desktop.safetext import clean, label
from desktop.widgets.layout import column, row
from desktop.widgets.picker import Picker

if TYPE_CHECKING:
    from engine.service import RefreshState

_MINUTES = (5, 15, 30, 60, 360)
_NAMED = 12


class FreshLine(QWidget):
    """A choice of intervals, and under its name what came of the last time."""

    def __init__(self, change: Callable[[int], object]) -> None:
        """change: called with the minutes that the user chooses, 0 for never."""
        super().__init__()
        self.choice = Picker(self.tr("How often prices are refreshed"))
        self.choice.picked.connect(lambda key: change(int(key)))
        self._text = label("", "small", wrap=True)
        line = row(gap=16)
        words = column(label(self.tr("Keep prices fresh"), "strong"), self._text, gap=2)
        line.addLayout(words, 1)
        line.addWidget(self.choice)
        self.setLayout(column(line, margins=(0, 4, 0, 4)))
        self.show_state(0, (), None)

    def show_state(
        self, minutes: int, sources: Sequence[str], state: "RefreshState | None"
    ) -> None:
        """Show the interval; sources: the titles of those that are on; state: of the last time."""
        offered = sorted({*_MINUTES, minutes} - {0})
        self.choice.offer(
            [("0", self.tr("Off")), *((str(one), self._every(one)) for one in offered)]
        )
        self.choice.choose(str(minutes))
        self._text.setText(clean(self._words(minutes, sources, state)))

    def often(self, minutes: int) -> str:
        """An interval as part of a sentence, "" for never."""
        return self._every(minutes).lower() if minutes else ""

    def _every(self, minutes: int) -> str:
        if minutes == 60:
            return self.tr("Every hour")
        if minutes % 60 == 0:
            return self.tr("Every {} hours").format(minutes // 60)
        return (
            self.tr("Every minute")
            if minutes == 1
            else self.tr("Every {} minutes").format(f"{minutes:,}")
        )

    def _words(self, minutes: int, sources: Sequence[str], state: "RefreshState | None") -> str:
        what = self.tr("For the coins of your alerts and your portfolio, while Assay runs.")
        if not minutes:
            return self.tr("Prices are fetched only when you press a button here.")
        if not sources:
            return self.tr("{} Nothing is asked, as no source of prices is on.").format(what)
        if state is None or state.asked is None:
            asked = (
                self.tr("{} are asked in turn.") if len(sources) > 1 else self.tr("{} is asked.")
            )
            return f"{what} {asked.format(', '.join(sources))}"
        last = self.tr("Last asked {}.").format(moment_text(state.asked))
        if not state.missing:
            return f"{what} {last}"
        names = ", ".join(state.missing[:_NAMED])
        more = len(state.missing) - _NAMED
        if more > 0:
            names = self.tr("{} and {} more").format(names, more)
        return f"{what} {last} {self.tr('No answer about {}.').format(names)}"
