"""A list to choose one value from."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox

from desktop.safetext import one_line

_MOST_VISIBLE = 14


class Picker(QComboBox):
    """Choices (key, text); emits the key of what the user picks."""

    picked = Signal(str)

    def __init__(self, name: str, choices: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.view().setAccessibleName(name)
        self.setMaxVisibleItems(_MOST_VISIBLE)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.offer(choices)
        self.activated.connect(lambda _: self.picked.emit(self.key()))

    def offer(self, choices: Sequence[tuple[str, str]]) -> None:
        """Replace the choices; what was chosen stays so if it is still there."""
        texts = [(key, one_line(text, 60)) for key, text in choices]
        if texts == [(self.itemData(n), self.itemText(n)) for n in range(self.count())]:
            return
        chosen = self.key()
        self.clear()
        for key, text in texts:
            self.addItem(text, key)
        self.choose(chosen)

    def choose(self, key: str) -> None:
        """Choose without emitting; the first one if there is no such key."""
        self.setCurrentIndex(max(0, self.findData(key)))

    def key(self) -> str:
        """The key of what is chosen, "" if there is nothing to choose."""
        return str(self.currentData() or "")
