"""A drawing made by hand, parts of which say more under the pointer."""

from PySide6.QtCore import QEvent, QPoint
from PySide6.QtGui import QFont, QHelpEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from desktop.safetext import tooltip
from desktop.theme import follow_theme, theme


class Painted(QWidget):
    """As wide as there is room, as tall as its sizeHint(); drawn anew when the theme changes."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        follow_theme(self, self.update)

    def told(self, x: int, y: int) -> str:
        """What is said about a place, or ""."""
        raise NotImplementedError

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent):
            self._tell(event.pos(), event.globalPos())
            return True
        return super().event(event)

    def _tell(self, place: QPoint, on_screen: QPoint) -> None:
        text = self.told(place.x(), place.y())
        if text:
            QToolTip.showText(on_screen, tooltip(text), self)
        else:
            QToolTip.hideText()

    def small_font(self) -> QFont:
        """The font of the words in the drawing."""
        font = QFont(self.font())
        font.setPixelSize(theme().sizes.small)
        return font
