"""The columns of an unknown file: each with what stands in it and what it means."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QWidget

from desktop.portfolio.mapping_words import role_choices
from desktop.safetext import label, one_line
from desktop.widgets.picker import Picker
from desktop.widgets.titles import ElidedLabel

if TYPE_CHECKING:
    from engine.service import ColumnRole, Peek

_EXAMPLES = 3
_NAME_WIDTH, _ROLE_WIDTH = 150, 220


class ColumnList(QWidget):
    """A line per column; a meaning that is given to one is taken from another."""

    changed = Signal()

    def __init__(self, seen: "Peek", roles: "Mapping[ColumnRole, str]") -> None:
        """roles: the column that has each role."""
        super().__init__()
        self.pickers: dict[str, Picker] = {}
        meanings: dict[str, str] = {column: role for role, column in roles.items()}
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        titles = (self.tr("Column"), self.tr("First rows"), self.tr("Meaning"))
        for place, title in enumerate(titles):
            grid.addWidget(label(title, "overline"), 0, place)
        for number, column in enumerate(seen.columns):
            if not column:
                continue
            picker = Picker(self.tr("Meaning of {}").format(one_line(column, 40)), role_choices())
            picker.setFixedWidth(_ROLE_WIDTH)
            picker.choose(meanings.get(column, ""))
            picker.picked.connect(lambda role, column=column: self._picked(column, role))
            self.pickers[column] = picker
            name = ElidedLabel(column, "strong")
            name.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
            name.setFixedWidth(_NAME_WIDTH)
            grid.addWidget(name, number + 1, 0)
            grid.addWidget(ElidedLabel(_examples(seen, number), "muted"), number + 1, 1)
            grid.addWidget(picker, number + 1, 2)
        self.setLayout(grid)

    def roles(self) -> dict[str, str]:
        """The column that has each role."""
        return {picker.key(): column for column, picker in self.pickers.items() if picker.key()}

    def _picked(self, column: str, role: str) -> None:
        for other, picker in self.pickers.items():
            if role and other != column and picker.key() == role:
                picker.choose("")
        self.changed.emit()


def _examples(seen: "Peek", number: int) -> str:
    """The first different texts of a column."""
    texts = dict.fromkeys(row[number] for row in seen.rows if row[number])
    return " · ".join(list(texts)[:_EXAMPLES])
