"""The way of a file of an unknown format into the portfolio: by what the user says it holds."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from desktop.bridge import Bridge
from desktop.safetext import one_line
from engine.core.jobs import Job

if TYPE_CHECKING:
    from desktop.portfolio.importing import Importing
    from desktop.portfolio.mapping import MappingDialog
    from engine.service import ColumnMapping, ImportPreview, Peek, Service


class UnknownImporting(QObject):
    """Asks for a mapping of the columns, keeps it if it is named, and goes on as for any file."""

    def __init__(
        self, importing: "Importing", service: "Service", bridge: Bridge, window: QWidget
    ) -> None:
        super().__init__(importing)
        self._importing = importing
        self._service = service
        self._bridge = bridge
        self._window = window
        self.dialog: MappingDialog | None = None

    def read(self, path: Path) -> None:
        """Look at a file that nothing has recognised; say so if it is no table."""
        portfolio = self._service.portfolio

        def look() -> "tuple[Peek, ColumnMapping]":
            seen = portfolio.peek(path)
            return seen, portfolio.suggest_mapping(seen)

        def show(found: "tuple[Peek, ColumnMapping]") -> None:
            seen, suggested = found
            if seen.rows:
                self._ask(path, seen, suggested)
            else:
                name = one_line(seen.file_name, 80)
                self._importing.refuse(
                    self.tr(
                        "{} holds no table: there must be a line that names the columns, and rows "
                        "below it. Export it again as CSV."
                    ).format(name)
                )

        self._bridge.run(look, show, self._importing.refuse, owner=self)

    def _ask(self, path: Path, seen: "Peek", suggested: "ColumnMapping") -> None:
        # It loads the engine.
        from desktop.portfolio.mapping import MappingDialog  # noqa: PLC0415

        if self.dialog is not None:
            self.dialog.reject()
        self.dialog = dialog = MappingDialog(
            self._window,
            self._service,
            self._bridge,
            path,
            seen,
            suggested,
            lambda mapping, name: self._import(path, mapping, name),
        )
        dialog.finished.connect(lambda _: self._forget(dialog))
        dialog.open()

    def _forget(self, dialog: "MappingDialog") -> None:
        if self.dialog is dialog:
            self.dialog = None

    def _import(self, path: Path, mapping: "ColumnMapping", name: str) -> None:
        portfolio = self._service.portfolio

        def preview() -> Job["ImportPreview"]:
            if name:
                portfolio.save_mapping(name, mapping)
            return portfolio.preview_mapped(path, mapping)

        self._importing.look(path, preview, self._importing.show, self._importing.refuse)
