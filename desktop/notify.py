"""Desktop notifications for fired alerts: by the tray, or by `notify-send` where there is none."""

import shutil

from PySide6.QtCore import QProcess

from desktop.safetext import notification
from desktop.tray import Tray


class Notifier:
    """Shows notifications."""

    def __init__(self, tray: Tray) -> None:
        self._tray = tray

    def notify(self, title: str, text: str) -> bool:
        """Show a notification; False if this desktop has none."""
        return self._tray.message(title, text) or _send(notification(title), notification(text))


def _send(title: str, text: str) -> bool:
    """Have the desktop's own program show it; False if there is none or it does not start."""
    program = shutil.which("notify-send")
    if program is None:
        return False
    started, _ = QProcess.startDetached(program, ["--app-name=Assay", "--", title, text])
    return bool(started)
