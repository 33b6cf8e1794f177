"""The way of a file of market data into the store: prices, yields, sentiment, NFT sales."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from engine.core.jobs import Job

if TYPE_CHECKING:
    from desktop.portfolio.importing import Importing
    from engine.service import MarketPreview, Service


class MarketImporting(QObject):
    """Reads, shows and stores a file; where it does not say whose data it holds, the user does."""

    def __init__(self, importing: "Importing", service: "Service", window: QWidget) -> None:
        super().__init__(importing)
        self._importing = importing
        self._service = service
        self._window = window

    def choose(self) -> None:
        """Ask for a file."""
        self._importing.choose(
            self.tr("Import market data"),
            self.tr("Market data (*.csv *.txt *.json *.parquet)"),
            self.read,
        )

    def read(self, path: Path, asset: str = "", currency: str = "") -> None:
        """Look at a file; asset, currency: what the user says where the file does not."""
        self._importing.look(
            path,
            lambda: self._preview(path, asset, currency),
            lambda preview: self._show(preview, path, asset, currency),
            lambda sentence: self._ask(path, asset, currency, sentence),
        )

    def read_other(self, path: Path) -> None:
        """Look at a file that was taken for another kind and is none of those."""
        self._importing.look(
            path,
            lambda: self._preview(path, "", ""),
            lambda preview: self._show(preview, path, "", ""),
            lambda _: self._importing.unknown.read(path),
        )

    def _preview(self, path: Path, asset: str, currency: str) -> Job["MarketPreview"]:
        return self._service.market.preview_file(path, asset or None, currency or None)

    def _show(self, preview: "MarketPreview", path: Path, asset: str, currency: str) -> None:
        # It loads the engine.
        from desktop.market.preview import market_preview  # noqa: PLC0415

        dialog = market_preview(self._window, preview, lambda: self._ask(path, asset, currency, ""))
        self._importing.offer(
            dialog,
            lambda: self._service.market.confirm(preview),
            preview.file_name,
            len(preview.rows),
        )

    def _ask(self, path: Path, asset: str, currency: str, sentence: str) -> None:
        from desktop.market.given import GivenDialog  # noqa: PLC0415

        GivenDialog(self._window, sentence, asset, currency, lambda *given: self.read(path, *given))
