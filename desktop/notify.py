"""Desktop notifications for fired alerts, where the desktop has a tray."""

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QSystemTrayIcon

from desktop.safetext import notification
from desktop.theme.icons import icon

_MILLISECONDS = 15_000


class Notifier(QObject):
    """Shows notifications; silent where there is no tray."""

    opened = Signal()
    """The user clicked a notification."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._tray: QSystemTrayIcon | None = None

    def notify(self, title: str, text: str) -> bool:
        """Show a notification; False if this desktop has none."""
        if not QSystemTrayIcon.isSystemTrayAvailable():
            return False
        if self._tray is None:
            self._tray = QSystemTrayIcon(icon("assay", "accent", 32), self)
            self._tray.setToolTip("Assay")
            self._tray.messageClicked.connect(self.opened)
            self._tray.activated.connect(lambda _: self.opened.emit())
            self._tray.show()
        self._tray.showMessage(
            notification(title),
            notification(text),
            QSystemTrayIcon.MessageIcon.Information,
            _MILLISECONDS,
        )
        return True
