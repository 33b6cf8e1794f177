"""Where in the wizard one is: the names of its steps, the present one marked."""

from collections.abc import Sequence

from PySide6.QtWidgets import QWidget

from desktop.safetext import label
from desktop.widgets.layout import clear, row


class Trail(QWidget):
    """Words only: the steps are gone through by what is done in them."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__()
        self._names = tuple(names)
        self._line = row(gap=8)
        self.setLayout(self._line)

    def show_step(self, present: int) -> None:
        """Mark a step, counted from 0."""
        clear(self._line)
        for number, name in enumerate(self._names):
            if number:
                self._line.addWidget(label("›", "small"))
            role = "tag" if number == present else "small"
            self._line.addWidget(label(f"{number + 1}  {name}", role))
        self._line.addStretch(1)
        words = self.tr("Step {number} of {all}: {name}")
        name = self._names[present]
        self.setAccessibleName(words.format(number=present + 1, all=len(self._names), name=name))
