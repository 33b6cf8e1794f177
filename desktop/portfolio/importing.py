"""The way of a file into the portfolio: choose or drop, look, confirm, and undo."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from desktop.bridge import Bridge, Call
from desktop.portfolio.preview import PreviewDialog
from desktop.widgets.toast import Toasts
from engine.core.jobs import Job

if TYPE_CHECKING:
    from engine.service import ImportPreview, PricePreview, Service

T = TypeVar("T")


class Importing(QObject):
    """Runs one import at a time; nothing is stored before the user confirms the preview."""

    stored = Signal()
    """An import was stored."""

    def __init__(self, service: "Service", bridge: Bridge, window: QWidget, toasts: Toasts) -> None:
        super().__init__(window)
        self._service = service
        self._bridge = bridge
        self._window = window
        self._toasts = toasts
        self._reading: Call | None = None
        self.dialog: PreviewDialog | None = None

    def choose_transactions(self) -> None:
        """Ask for a CSV file of transactions."""
        self._choose(self.tr("Import transactions"), self.read)

    def choose_prices(self) -> None:
        """Ask for a CSV file of prices."""
        self._choose(self.tr("Import price history"), self.read_prices)

    def read(self, path: Path) -> None:
        """Look at a file of transactions; if it is none, see whether it holds prices."""

        def not_transactions(sentence: str) -> None:
            self._look(
                lambda: self._service.market.preview_prices(path),
                self._show_prices,
                lambda _: self._toasts.show(sentence),
            )

        self._look(lambda: self._service.portfolio.preview(path), self._show, not_transactions)

    def read_prices(self, path: Path) -> None:
        """Look at a file of prices."""
        self._look(
            lambda: self._service.market.preview_prices(path), self._show_prices, self._toasts.show
        )

    def load_demo(self) -> None:
        """Load the simulated portfolio."""
        self._bridge.run(self._service.portfolio.load_demo, lambda _: self.stored.emit())

    def _choose(self, title: str, then: Callable[[Path], None]) -> None:
        dialog = QFileDialog(self._window, title)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters([self.tr("CSV files (*.csv *.txt)"), self.tr("All files (*)")])
        dialog.fileSelected.connect(lambda name: then(Path(name)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _look(
        self,
        fn: Callable[[], Job[T]],
        done: Callable[[T], None],
        failed: Callable[[str], object],
    ) -> None:
        """Read a file in the background; a newer file replaces one still being read."""
        if self._reading is not None:
            self._reading.cancel()
        self._reading = self._bridge.run_job(fn, done, failed, owner=self._window)

    def _show(self, preview: "ImportPreview") -> None:
        self._open(
            PreviewDialog.of_transactions(self._window, preview),
            lambda: self._service.portfolio.confirm(preview),
            preview.file_name,
            len(preview.rows),
        )

    def _show_prices(self, preview: "PricePreview") -> None:
        self._open(
            PreviewDialog.of_prices(self._window, preview),
            lambda: self._service.market.confirm_prices(preview),
            preview.file_name,
            len(preview.rows),
        )

    def _open(
        self, dialog: PreviewDialog, confirm: Callable[[], int], name: str, count: int
    ) -> None:
        if self.dialog is not None:
            self.dialog.reject()
        self.dialog = dialog
        dialog.accepted.connect(
            lambda: self._bridge.run(confirm, lambda batch: self._stored(batch, name, count))
        )
        dialog.finished.connect(self._forget)
        dialog.open()

    def _forget(self) -> None:
        self.dialog = None

    def _stored(self, batch_id: int, name: str, count: int) -> None:
        words = self.tr("{rows} rows imported from {name}.")
        text = words.format(rows=f"{count:,}", name=name)
        undo = (self.tr("Undo"), lambda: self.undo(batch_id))
        self._toasts.show(text, undo)
        self.stored.emit()

    def undo(self, batch_id: int) -> None:
        """Take an import back."""
        self._bridge.run(
            lambda: self._service.undo(batch_id),
            lambda _: self._toasts.show(self.tr("The import was undone.")),
        )
