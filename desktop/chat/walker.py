"""‹ 2/3 ›: walks between messages that stand in the same place."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from desktop.safetext import label
from desktop.widgets.buttons import icon_button
from desktop.widgets.layout import row

_ICON = 14


class Walker(QWidget):
    """Two arrows around a count; calls on_choice with the id that is wanted."""

    def __init__(self, previous: str, following: str, on_choice: Callable[[int], object]) -> None:
        """previous, following: names of the arrows for tooltips and screen readers."""
        super().__init__()
        self._on_choice = on_choice
        self._siblings: tuple[int, ...] = ()
        self._place = 0
        self.back = icon_button(
            "chevron-left", previous, lambda: self._step(-1), kind="tiny", size=_ICON
        )
        self.forth = icon_button(
            "chevron-right", following, lambda: self._step(1), kind="tiny", size=_ICON
        )
        self.count = label("", "small")
        self.count.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setLayout(row(self.back, self.count, self.forth, gap=1))
        self.hide()

    def show_place(self, message_id: int, siblings: tuple[int, ...]) -> None:
        """Show which of its siblings a message is; nothing if it is the only one."""
        self._siblings = siblings
        self._place = siblings.index(message_id) if message_id in siblings else 0
        count = len(siblings)
        self.count.setText(f"{self._place + 1}/{count}")
        self.setAccessibleName(self.tr("Version {} of {}").format(self._place + 1, count))
        self.back.setEnabled(self._place > 0)
        self.forth.setEnabled(self._place < count - 1)
        self.setVisible(count > 1)

    def _step(self, by: int) -> None:
        self._on_choice(self._siblings[self._place + by])
