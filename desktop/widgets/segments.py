"""A row of buttons of which one is chosen."""

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtWidgets import QButtonGroup, QWidget

from desktop.widgets.buttons import button
from desktop.widgets.flow import Flow
from desktop.widgets.layout import row


class Segments(QWidget):
    """Choices (key, text); calls on_choice with the key of the one clicked."""

    def __init__(
        self,
        name: str,
        choices: Sequence[tuple[str, str]],
        chosen: str,
        on_choice: Callable[[str], object],
        *,
        wrap: bool = False,
    ) -> None:
        """wrap: go on in a new line where there is no more room."""
        super().__init__()
        self.setAccessibleName(name)
        self._group = QButtonGroup(self)
        self._keys = [key for key, _ in choices]
        self._buttons = []
        for key, text in choices:
            one = button(text, partial(on_choice, key), kind="segment")
            one.setAccessibleName(f"{name}: {text}")
            one.setCheckable(True)
            one.setChecked(key == chosen)
            self._group.addButton(one)
            self._buttons.append(one)
        layout = Flow(gap=2, line_gap=4) if wrap else row(gap=2)
        for one in self._buttons:
            layout.addWidget(one)
        self.setLayout(layout)

    def set_text(self, key: str, text: str) -> None:
        """Change the words on a button."""
        self._buttons[self._keys.index(key)].setText(text)

    def set_enabled(self, key: str, enabled: bool) -> None:
        """Let a choice be made, or not."""
        self._buttons[self._keys.index(key)].setEnabled(enabled)

    def choose(self, key: str) -> None:
        """Mark a choice without calling on_choice."""
        self._buttons[self._keys.index(key)].setChecked(True)
