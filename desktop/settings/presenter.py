"""Keeps the settings page in step with the stored settings, and writes backups."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog

from desktop.bridge import Bridge
from desktop.settings.page import SettingsPage
from desktop.widgets.toast import Toasts
from engine.core.events import DataChanged, Event
from engine.core.settings import SettingValue

if TYPE_CHECKING:
    from engine.service import Service


class SettingsPresenter(QObject):
    """Stores a change at once; what could not be stored is shown as it was."""

    def __init__(
        self, service: "Service", bridge: Bridge, page: SettingsPage, toasts: Toasts
    ) -> None:
        super().__init__(page)
        self._service = service
        self._bridge = bridge
        self._page = page
        self._toasts = toasts
        bridge.received.connect(self._on_event)
        page.changed.connect(self._change)
        page.backup_wanted.connect(self._choose_backup)
        page.folder_wanted.connect(self._open_folder)
        self.refresh()

    def refresh(self) -> None:
        """Show the stored values."""
        self._bridge.run(self._service.settings.all, self._page.show_values, owner=self._page)

    def back_up(self, target: Path) -> None:
        """Write a backup to a new file."""
        self._bridge.run(
            lambda: self._service.backup.create(target),
            lambda _: self._toasts.show(self.tr("Backup written to {}.").format(target)),
        )

    def _change(self, key: str, value: SettingValue) -> None:
        def failed(sentence: str) -> None:
            self._toasts.show(sentence)
            self.refresh()

        self._bridge.run(
            lambda: self._service.settings.set(key, value), failed=failed, owner=self._page
        )

    def _on_event(self, event: Event) -> None:
        if isinstance(event, DataChanged) and "settings" in event.kinds:
            self.refresh()

    def _choose_backup(self) -> None:
        dialog = QFileDialog(self._page.window(), self.tr("Back up to"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.selectFile(f"assay-{date.today():%Y-%m-%d}.backup")
        dialog.fileSelected.connect(lambda name: self.back_up(Path(name)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _open_folder(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._service.paths.root)))
