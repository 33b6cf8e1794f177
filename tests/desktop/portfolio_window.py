"""The real window on a real service, opened at a tab of the Portfolio page."""

from pathlib import Path
from typing import ClassVar, TypeVar

from pytestqt.qtbot import QtBot

from desktop.portfolio.page import PortfolioPage
from desktop.portfolio.part import Part
from engine.service import Service
from tests.desktop.opened_window import OpenedWindow

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


class PortfolioWindow(OpenedWindow):
    """A window, its service and its Portfolio page."""

    KEY: ClassVar[str] = "portfolio"

    def __init__(self, qtbot: QtBot, service: Service) -> None:
        super().__init__(qtbot, service)
        self.page = self.shown(PortfolioPage)

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
