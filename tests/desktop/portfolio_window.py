"""The real window on a real service, opened at a tab of the Portfolio page."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from PySide6.QtWidgets import QDialog, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from desktop.opening import Start
from desktop.portfolio.page import PortfolioPage
from desktop.portfolio.part import Part
from desktop.session import Session
from desktop.widgets.data_table import DataTable
from desktop.window import MainWindow
from engine.core.paths import Paths
from engine.service import Service

D = TypeVar("D", bound=QDialog)
P = TypeVar("P", bound=Part)

HEADER = (
    "date,kind,account,asset_in,amount_in,asset_out,amount_out,"
    "fee_asset,fee_amount,value,value_currency,income_kind,tag,note\n"
)
MOVED = HEADER + (
    "2025-01-02 10:00:00,buy,Coinbase,BTC,0.5,USD,20000,USD,10,,,,long,first\n"
    "2025-01-05 10:00:00,buy,Coinbase,ETH,5,USD,12000,,,,,,,\n"
    "2025-01-07 10:00:00,nft_buy,Coinbase,PUNKS#7804,1,ETH,1.5,,,,,,,a punk\n"
    "2025-02-02 10:00:00,withdrawal,Coinbase,,,BTC,0.25,BTC,0.0001,,,,,\n"
    "2025-02-02 11:30:00,deposit,Ledger,BTC,0.2499,,,,,,,,,\n"
    "2025-03-02 10:00:00,withdrawal,Coinbase,,,ETH,1,,,,,,,\n"
    "2025-03-02 10:20:00,deposit,Kraken,ETH,1,,,,,,,,,\n"
    "2025-05-02 10:20:00,income,Kraken,ETH,0.02,,,,,60,USD,staking,,reward\n"
)
"""Two of its withdrawals and deposits look like transfers; there are no prices."""


class PortfolioWindow:
    """A window, its service and its Portfolio page."""

    def __init__(self, qtbot: QtBot, service: Service) -> None:
        self.qtbot = qtbot
        self.service = service
        self.window = MainWindow()
        qtbot.addWidget(self.window)
        self.session = Session(self.window, Start.read(service))
        self.window.show()
        self.window.show_page("portfolio")
        page = self.session.pages.page("portfolio")
        assert isinstance(page, PortfolioPage)
        self.page = page
        self.wait = qtbot.waitUntil

    def load_demo(self) -> None:
        """Load the simulated portfolio and see it."""
        self.session.importing.load_demo()
        self.wait(self.page.tabs.isVisible)

    def take(self, path: Path, text: str) -> None:
        """Store a file of transactions and see them."""
        path.write_text(text)
        portfolio = self.service.portfolio
        portfolio.confirm(portfolio.preview(path).future.result()).future.result()
        self.wait(self.page.tabs.isVisible)

    def open(self, key: str, kind: type[P]) -> P:
        """A tab, shown."""
        self.page.tabs.show_tab(key)
        part = self.page.part(key)
        assert isinstance(part, kind)
        return part

    def dialog(self, kind: type[D]) -> D:
        """The open dialog of a kind, once it is there."""

        def found() -> list[D]:
            return [one for one in self.window.findChildren(kind) if one.isVisible()]

        self.wait(lambda: len(found()) == 1)
        return found()[0]

    def says(self, text: str) -> None:
        """Wait for a message that contains a text."""
        self.wait(lambda: any(text in one for one in self.window.toasts.texts()))


@contextmanager
def portfolio_window(qtbot: QtBot, root: Path) -> Iterator[PortfolioWindow]:
    """Open a service on an empty folder and the window on it."""
    service = Service.open(Paths(root), background=False)
    try:
        found = PortfolioWindow(qtbot, service)
        yield found
        found.window.close()
    finally:
        service.close()


def cells(table: DataTable) -> list[list[str]]:
    """What a table holds."""
    model = table.model()
    columns = range(model.columnCount())
    return [[model.index(row, c).data() for c in columns] for row in range(model.rowCount())]


def words(root: QWidget) -> str:
    """All words that are seen on a widget."""
    return "\n".join(one.text() for one in root.findChildren(QLabel) if one.isVisible())


def press(root: QWidget, name: str) -> None:
    """Press the button with this name."""
    pick(root, lambda one: name in (one.text().strip(), one.accessibleName())).click()


def pick(root: QWidget, fits: Callable[[QPushButton], bool]) -> QPushButton:
    """The one button that can be seen and fits."""
    found = [one for one in root.findChildren(QPushButton) if one.isVisible() and fits(one)]
    assert len(found) == 1, [one.accessibleName() for one in found]
    return found[0]
