"""The table of what can be made of a model; the last row is of a size of the user's own."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QModelIndex, Signal
from PySide6.QtGui import QColor

from desktop.builds.words import (
    bits_of,
    fit_words,
    is_searched,
    size_text,
    target_note,
    target_title,
)
from desktop.theme import theme
from desktop.widgets.data_table import DataTable
from desktop.widgets.table import CellModel, Index
from engine.core.cards import Column

if TYPE_CHECKING:
    from engine.core.builds import BuildChoice

_FIT = 4
_TINTS = {"tight": "warning", "too large": "negative"}
_MOST_ROWS = 9


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table."""

    title: str
    target: str
    size: int
    memory: int
    fits: str
    recommended: bool = False


class ChoicesModel(CellModel):
    """What is made, what that loses, and what it takes."""

    def __init__(self) -> None:
        names = [("To make", "text"), ("Loss", "text"), ("File", "amount"),
                 ("Memory", "amount"), ("Here", "text")]  # fmt: skip
        super().__init__([Column(_tr(name), kind) for name, kind in names])  # type: ignore[arg-type]
        self.rows: list[Row] = []

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.rows)

    def text(self, row: int, column: int) -> str:
        one = self.rows[row]
        return (
            one.title,
            target_note(one.target),
            size_text(one.size),
            size_text(one.memory),
            fit_words(one.fits),
        )[column]

    def colour(self, row: int, column: int) -> QColor:
        tint = _TINTS.get(self.rows[row].fits, "text") if column == _FIT else "text"
        return QColor(getattr(theme().tokens, tint))

    def show(self, rows: Sequence[Row]) -> None:
        """Show other rows; what is selected stays so if there are as many."""
        others = len(rows) != len(self.rows)
        if others:
            self.beginResetModel()
        self.rows = list(rows)
        if others:
            self.endResetModel()
        else:
            last = self.index(len(rows) - 1, self.columnCount() - 1)
            self.dataChanged.emit(self.index(0, 0), last)


class ChoicesTable(DataTable):
    """One row is chosen, with the arrow keys or a click; rows keep their order."""

    picked = Signal()

    def __init__(self) -> None:
        super().__init__(_tr("What to make"), widest=1)
        self.choices = ChoicesModel()
        self._own = False
        self.setModel(self.choices)
        self.horizontalHeader().setSectionsClickable(False)
        self.selectionModel().selectionChanged.connect(lambda *_: self.picked.emit())

    def show_choices(self, choices: "Sequence[BuildChoice]", own: Row | None) -> None:
        """Show the types, and last a searched file, if any; choose what is recommended."""
        fixed = [one for one in choices if not is_searched(one.target)]
        rows = [_row(one, target_title(one.target)) for one in fixed]
        self._own = own is not None
        if own is not None:
            rows.append(own)
        self.choices.show(rows)
        self.fit_height(_MOST_ROWS)
        smallest = min(range(len(rows)), key=lambda number: rows[number].size)
        best = next((number for number, one in enumerate(rows) if one.recommended), smallest)
        self.selectRow(best)

    def show_own(self, own: Row) -> None:
        """Change the last row."""
        self.choices.show([*self.choices.rows[:-1], own])

    def chosen(self) -> Row:
        """The selected row."""
        rows = self.selectionModel().selectedRows()
        return self.choices.rows[rows[0].row() if rows else 0]

    def own_chosen(self) -> bool:
        """Whether that of a size of the user's own is."""
        return self._own and self.chosen() is self.choices.rows[-1]


def own_row(choices: "Sequence[BuildChoice]", weights: int, bits: float) -> Row:
    """A searched file of so many bits per weight, foreseen from what is known of the choices.

    Its size differs from that of the choice beside it by the bits of the weights, its memory by as
    much; how it fits is what is known of the smallest choice that is not smaller.
    """
    searched = next((one for one in choices if is_searched(one.target)), None)
    size = round(weights * bits / 8)
    if searched is not None:
        size = searched.size + round(weights * (bits - bits_of(searched.target)) / 8)
    beside = min(choices, key=lambda one: abs(one.size - size))
    larger = [one for one in choices if one.size >= size] or [max(choices, key=_size)]
    recommended = searched is not None and searched.recommended
    row = Row("", f"{bits:.1f}bpw", size, size + beside.memory - beside.size,
              min(larger, key=_size).fits, recommended)  # fmt: skip
    return replace(row, title=_named(_tr("Best mixture for a size"), recommended))


def _row(choice: "BuildChoice", title: str) -> Row:
    named = _named(title, choice.recommended)
    return Row(named, choice.target, choice.size, choice.memory, choice.fits, choice.recommended)


def _named(title: str, recommended: bool) -> str:
    return _tr("{} · recommended").format(title) if recommended else title


def _size(choice: "BuildChoice") -> int:
    return choice.size


def _tr(text: str) -> str:
    return QCoreApplication.translate("builds", text)
