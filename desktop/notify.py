"""Desktop notifications for fired alerts: by the tray, or by `notify-send` where there is none."""

import shutil

from PySide6.QtCore import QObject, QProcess, Signal
from PySide6.QtWidgets import QSystemTrayIcon

from desktop.safetext import notification
from desktop.theme.icons import icon

_MILLISECONDS = 15_000


class Notifier(QObject):
    """Shows notifications; a click on one of the tray's is reported."""

    opened = Signal()
    """The user clicked a notification."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._tray: QSystemTrayIcon | None = None

    def notify(self, title: str, text: str) -> bool:
        """Show a notification; False if this desktop has none."""
        if not QSystemTrayIcon.isSystemTrayAvailable():
            return _send(notification(title), notification(text))
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


def _send(title: str, text: str) -> bool:
    """Have the desktop's own program show it; False if there is none or it does not start."""
    program = shutil.which("notify-send")
    if program is None:
        return False
    started, _ = QProcess.startDetached(program, ["--app-name=Assay", "--", title, text])
    return bool(started)
