"""The real window on a real service, opened at the Market data page."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import ClassVar

from pytestqt.qtbot import QtBot

from desktop.market.page import MarketPage
from desktop.portfolio.preview import PreviewDialog
from engine.service import Service
from tests.desktop.opened_window import OpenedWindow

TODAY = datetime.now(UTC).date()


class MarketWindow(OpenedWindow):
    """A window, its service and its Market data page."""

    KEY: ClassVar[str] = "market"

    def __init__(self, qtbot: QtBot, service: Service) -> None:
        super().__init__(qtbot, service)
        self.page = self.shown(MarketPage)

    def preview(self, path: Path) -> PreviewDialog:
        """The preview of a file of market data."""
        self.session.importing.market.read(path)
        return self.dialog(PreviewDialog)

    def take(self, path: Path) -> None:
        """Import a file of market data and see the series."""
        before = len(self.service.market.imports())
        self.preview(path).confirm_button.click()
        self.wait(lambda: len(self.service.market.imports()) == before + 1)


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


def day(back: int) -> date:
    """A day so many days ago."""
    return TODAY - timedelta(back)
