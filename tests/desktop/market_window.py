"""The real window on a real service, opened at the Market data page."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from PySide6.QtWidgets import QDialog, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from desktop.market.page import MarketPage
from desktop.opening import Start
from desktop.portfolio.preview import PreviewDialog
from desktop.session import Session
from desktop.widgets.data_table import DataTable
from desktop.window import MainWindow
from engine.core.paths import Paths
from engine.service import Service

D = TypeVar("D", bound=QDialog)

TODAY = datetime.now(UTC).date()


class MarketWindow:
    """A window, its service and its Market data page."""

    def __init__(self, qtbot: QtBot, service: Service) -> None:
        self.qtbot = qtbot
        self.service = service
        self.window = MainWindow()
        qtbot.addWidget(self.window)
        self.session = Session(self.window, Start.read(service))
        self.window.show()
        self.window.show_page("market")
        page = self.session.pages.page("market")
        assert isinstance(page, MarketPage)
        self.page = page

    def dialog(self, kind: type[D]) -> D:
        """The open dialog of a kind, once it is there."""

        def found() -> list[D]:
            return [one for one in self.window.findChildren(kind) if one.isVisible()]

        self.qtbot.waitUntil(lambda: len(found()) == 1)
        return found()[0]

    def preview(self, path: Path) -> PreviewDialog:
        """The preview of a file of market data."""
        self.session.importing.market.read(path)
        return self.dialog(PreviewDialog)

    def take(self, path: Path) -> None:
        """Import a file of market data and see the series."""
        before = len(self.service.market.imports())
        self.preview(path).confirm_button.click()
        self.qtbot.waitUntil(lambda: len(self.service.market.imports()) == before + 1)


@contextmanager
def market_window(qtbot: QtBot, root: Path) -> Iterator[MarketWindow]:
    """Open a service on an empty folder and the window on it."""
    service = Service.open(Paths(root), background=False)
    try:
        found = MarketWindow(qtbot, service)
        yield found
        found.window.close()
    finally:
        service.close()


def prices(path: Path, asset: str, closes: list[float], whole: bool = False) -> Path:
    """A file of daily prices up to today; a close of 0 is left out; whole: with candles."""
    lines = ["date,symbol,currency,open,high,low,close"]
    for number, close in enumerate(closes):
        day = TODAY - timedelta(len(closes) - 1 - number)
        more = f"{close},{close + 1},{close - 1}" if whole else ",,"
        if close:
            lines.append(f"{day},{asset},USD,{more},{close}")
    path.write_text("\n".join(lines) + "\n")
    return path


def cells(table: DataTable) -> list[list[str]]:
    """What a table shows."""
    model = table.model()
    columns = range(model.columnCount())
    return [[model.index(row, c).data() for c in columns] for row in range(model.rowCount())]


def words(root: QWidget) -> str:
    """All words that are seen on a widget."""
    return "\n".join(one.text() for one in root.findChildren(QLabel) if one.isVisible())


def press(root: QWidget, text: str) -> None:
    """Press the button with these words."""
    buttons = [
        one
        for one in root.findChildren(QPushButton)
        if one.isVisible() and text in (one.text().strip(), one.accessibleName())
    ]
    assert len(buttons) == 1, (text, len(buttons))
    buttons[0].click()


def day(back: int) -> date:
    """A day so many days ago."""
    return TODAY - timedelta(back)
