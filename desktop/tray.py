"""Assay's icon in the tray of the desktop, where there is one."""

from PySide6.QtCore import QObject, Signal, SignalInstance
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QSystemTrayIcon

from desktop.safetext import notification
from desktop.theme.icons import icon

_MILLISECONDS = 15_000


class Tray(QObject):
    """The icon with its menu. Without a tray there is neither, and nothing is shown."""

    open_wanted = Signal()
    quit_wanted = Signal()
    hour_wanted = Signal()
    """Pause the alerts for an hour."""
    tomorrow_wanted = Signal()
    """Pause them until tomorrow."""
    resume_wanted = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._icon: QSystemTrayIcon | None = None
        self.menu = QMenu()
        self._add(self.tr("Open Assay"), self.open_wanted)
        self.menu.addSeparator()
        self._hour = self._add(self.tr("Pause alerts for 1 hour"), self.hour_wanted)
        self._tomorrow = self._add("", self.tomorrow_wanted)
        self._resume = self._add("", self.resume_wanted)
        self.menu.addSeparator()
        self._add(self.tr("Quit"), self.quit_wanted)
        self.show_pause("", "")

    def available(self) -> bool:
        """Whether this desktop has a tray."""
        return QSystemTrayIcon.isSystemTrayAvailable()

    def show(self) -> None:
        """Show the icon, if there is a tray by now."""
        if self._icon is not None or not self.available():
            return
        self._icon = QSystemTrayIcon(icon("assay", "accent", 32), self)
        self._icon.setToolTip("Assay")
        self._icon.setContextMenu(self.menu)
        self._icon.messageClicked.connect(self.open_wanted)
        self._icon.activated.connect(self._activated)
        self._icon.show()

    def hide(self) -> None:
        """Take the icon away for good."""
        if self._icon is not None:
            self._icon.hide()
            self._icon.deleteLater()
            self._icon = None

    def message(self, title: str, text: str) -> bool:
        """Show a message at the icon; False if there is no tray."""
        self.show()
        if self._icon is None:
            return False
        self._icon.showMessage(
            notification(title),
            notification(text),
            QSystemTrayIcon.MessageIcon.Information,
            _MILLISECONDS,
        )
        return True

    def show_pause(self, until: str, tomorrow: str) -> None:
        """Offer to pause the alerts, or to end the pause.

        until: when it ends, "" if there is none. tomorrow: at what time one until tomorrow would.
        """
        resume = self.tr("Resume alerts (paused until {})").format(until)
        self._resume.setText(resume)
        self._tomorrow.setText(self.tr("Pause alerts until tomorrow, {}").format(tomorrow))
        self._resume.setVisible(bool(until))
        self._hour.setVisible(not until)
        self._tomorrow.setVisible(not until)

    def _activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason != QSystemTrayIcon.ActivationReason.Context:
            self.open_wanted.emit()

    def _add(self, text: str, wanted: SignalInstance) -> QAction:
        action = self.menu.addAction(text)
        action.triggered.connect(lambda _: wanted.emit())
        return action
