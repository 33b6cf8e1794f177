"""What is done with a build on the Models page and in the wizard."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QWidget

from desktop.bridge import Bridge
from desktop.widgets.dialogs import Question
from desktop.widgets.figures import file_size
from desktop.widgets.toast import Toasts

if TYPE_CHECKING:
    from engine.core.builds import BuildStatus
    from engine.service import Service


_TOLD = 1_000_000
"""Bytes from which it is worth telling that they are free again."""


class BuildActs:
    """Each ends in a sentence where it does not work."""

    def __init__(self, owner: QWidget, service: "Service", bridge: Bridge, toasts: Toasts) -> None:
        self._owner, self._builds = owner, service.builds
        self._bridge, self._toasts = bridge, toasts

    def stop(self, key: str) -> None:
        """End the running stage."""
        self._bridge.run(partial(self._builds.stop, key), owner=self._owner)

    def resume(self, key: str) -> None:
        """Go on where it was."""
        self._bridge.run(partial(self._builds.resume, key), owner=self._owner)

    def report(self, report: Path) -> None:
        """Open the comparison, which is a file on this computer."""
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(report)))

    def ask_delete(self, status: "BuildStatus", then: Callable[[], object]) -> None:
        """Ask whether a build is to be deleted; then: called once it is."""
        words = _tr("All that was fetched and made for it is deleted; its source stays.")
        if status.state == "registered":
            words = _tr("What is left of making it is deleted; the model in your models stays.")

        def deleted(freed: int) -> None:
            if freed >= _TOLD:
                self._toasts.show(_tr("{} are free again.").format(file_size(freed)))
            then()

        delete = partial(self._builds.delete, status.key)
        Question(
            self._owner.window(),
            _tr("Delete the making of {}?").format(status.order.name),
            words,
            _tr("Delete"),
            lambda: self._bridge.run(delete, deleted, owner=self._owner),
        )


def _tr(text: str) -> str:
    return QCoreApplication.translate("builds", text)
