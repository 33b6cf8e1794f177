"""Words for screen readers about what has just appeared."""

from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QWidget

from desktop.safetext import one_line

_LENGTH = 1_000


def announce(widget: QWidget, text: str) -> None:
    """Have a screen reader, if there is one, read the text out when it has time."""
    if text and QAccessible.isActive():
        QAccessible.updateAccessibility(
            QAccessibleAnnouncementEvent(widget, one_line(text, _LENGTH))
        )
