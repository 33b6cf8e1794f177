"""The way of a file into the portfolio: choose or drop, look, confirm, and undo."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from desktop.bridge import Bridge, Call
from desktop.market.importing import MarketImporting
from desktop.portfolio.preview import PreviewDialog
from desktop.portfolio.unknown import UnknownImporting
from desktop.portfolio.waiting import WaitingDialog
from desktop.safetext import one_line
from desktop.widgets.dialogs import Notice
from desktop.widgets.toast import Toasts
from engine.core.jobs import Job

if TYPE_CHECKING:
    from engine.service import ImportPreview, Service

T = TypeVar("T")


class Importing(QObject):
    """Runs one import at a time; nothing is stored before the user confirms the preview."""

    stored = Signal()
    """An import was stored."""

    review_wanted = Signal()
    """The user wants to see the transfers that are proposed."""

    def __init__(self, service: "Service", bridge: Bridge, window: QWidget, toasts: Toasts) -> None:
        super().__init__(window)
        self._service = service
        self._bridge = bridge
        self._window = window
        self._toasts = toasts
        self._reading: Call | None = None
        self.dialog: PreviewDialog | None = None
        self.waiting: WaitingDialog | None = None
        self.market = MarketImporting(self, service, window)
        self.unknown = UnknownImporting(self, service, bridge, window)

    def choose_transactions(self) -> None:
        """Ask for a CSV file of transactions."""
        self.choose(self.tr("Import transactions"), self.tr("CSV files (*.csv *.txt)"), self.read)

    def read(self, path: Path) -> None:
        """Look at a file of transactions; if it is none, see whether it holds market data.

        If it does not either, the user may say what its columns mean.
        """

        def preview() -> Job["ImportPreview"]:
            return self._service.portfolio.preview(path)

        self.look(path, preview, self.show, lambda _: self.market.read_other(path))

    def load_demo(self) -> None:
        """Load the simulated portfolio."""
        self._bridge.run(self._service.portfolio.load_demo, lambda _: self.stored.emit())

    def choose(self, title: str, names: str, then: Callable[[Path], None]) -> None:
        """Ask for a file; names: a filter such as "CSV files (*.csv)"."""
        dialog = QFileDialog(self._window, title)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters([names, self.tr("All files (*)")])
        dialog.fileSelected.connect(lambda name: then(Path(name)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def look(
        self,
        path: Path,
        fn: Callable[[], Job[T]],
        done: Callable[[T], object],
        failed: Callable[[str], object],
    ) -> None:
        """Read a file in the background; a newer file replaces one still being read."""
        if self._reading is not None:
            self._reading.cancel()
        waiting = self._wait(
            self.tr("Reading {}").format(path.name),
            self.tr("Nothing is stored until you import."),
            self.tr("Cancel"),
        )
        self._reading = call = self._follow(waiting, fn, done, failed)
        waiting.rejected.connect(call.cancel)

    def _wait(self, title: str, note: str, way_out: str) -> WaitingDialog:
        """A new dialog in the place of one that is still there."""
        if self.waiting is not None:
            self.waiting.end()
        self.waiting = waiting = WaitingDialog(self._window, title, note, way_out)
        waiting.finished.connect(self._forget_waiting)
        return waiting

    def _follow(
        self,
        waiting: WaitingDialog,
        fn: Callable[[], Job[T]],
        done: Callable[[T], object],
        failed: Callable[[str], object],
    ) -> Call:
        """Start a job that the dialog waits for; the dialog is gone before either is called."""

        def ended(then: Callable[[Any], object], result: Any) -> None:
            if self.waiting is waiting:
                waiting.end()
            then(result)

        call = self._bridge.run_job(
            fn, partial(ended, done), partial(ended, failed), owner=self._window
        )
        waiting.follow(self._bridge, call)
        return call

    def show(self, preview: "ImportPreview") -> None:
        """Show what importing a file of transactions would store, and store it if confirmed."""
        self.offer(
            PreviewDialog.of_transactions(self._window, preview),
            lambda: self._service.portfolio.confirm(preview),
            preview.file_name,
            len(preview.rows),
        )

    def offer(
        self, dialog: PreviewDialog, confirm: Callable[[], Job[int]], name: str, count: int
    ) -> None:
        """Show a preview of count rows; confirm stores them if it is accepted."""
        if self.dialog is not None:
            self.dialog.reject()
        self.dialog = dialog
        dialog.accepted.connect(lambda: self._store(confirm, name, count))
        dialog.finished.connect(self._forget)
        dialog.open()

    def _store(self, confirm: Callable[[], Job[int]], name: str, count: int) -> None:
        waiting = self._wait(
            self.tr("Storing {}").format(name),
            self.tr("It can be taken back afterwards."),
            self.tr("Hide"),
        )
        self._follow(waiting, confirm, lambda batch: self._stored(batch, name, count), self.refuse)

    def refuse(self, sentence: str) -> None:
        """Say why a file cannot be used."""
        Notice(self._window, self.tr("Nothing was imported"), sentence)

    def _forget(self) -> None:
        self.dialog = None

    def _forget_waiting(self) -> None:
        self.waiting = None

    def _stored(self, batch_id: int, name: str, count: int) -> None:
        words = self.tr("{rows} rows imported from {name}.")
        text = words.format(rows=f"{count:,}", name=one_line(name, 60))
        undo = (self.tr("Undo"), lambda: self.undo(batch_id))
        self._toasts.show(text, undo)
        self.stored.emit()
        self._bridge.run(lambda: self._proposed(batch_id), self._say_proposed, owner=self)

    def _proposed(self, batch_id: int) -> int:
        """How many transfers are proposed because of an import."""
        pairs = self._service.ledger.proposed()
        return sum(batch_id in (one.withdrawal.batch_id, one.deposit.batch_id) for one in pairs)

    def _say_proposed(self, count: int) -> None:
        if count:
            one = self.tr("A withdrawal and a deposit may be one transfer.")
            many = self.tr("{} pairs of a withdrawal and a deposit may be transfers.")
            words = one if count == 1 else many.format(f"{count:,}")
            self._toasts.show(words, (self.tr("Review"), self.review_wanted.emit))

    def undo(self, batch_id: int) -> None:
        """Take an import back."""
        self._bridge.run(
            lambda: self._service.undo(batch_id),
            lambda _: self._toasts.show(self.tr("The import was undone.")),
        )
