"""The tab of holdings: all assets of one account or all, NFTs apart, and the lots of each."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex

from desktop.portfolio.coin import CoinDialog
from desktop.portfolio.holdings import has_prices, holdings_model, nfts_model
from desktop.portfolio.missing import MissingCard
from desktop.portfolio.part import Desk, Part
from desktop.safetext import label
from desktop.widgets.card import CardFrame
from desktop.widgets.data_table import DataTable
from desktop.widgets.layout import row
from desktop.widgets.picker import Picker
from desktop.widgets.table import RowsModel
from desktop.widgets.tiles import UNKNOWN
from engine.core.money import format_money

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.service import HoldingRow, Valuation

_ROWS_SHOWN = 200


class HoldingsPart(Part):
    """A click on a row opens its lots, from where it can be asked about."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.account = Picker(self.tr("Account"), [("", self.tr("All accounts"))])
        self.account.picked.connect(lambda _: self.refresh())
        self.table = DataTable(self.tr("Holdings"))
        self.nfts = DataTable(self.tr("NFTs"))
        self.dialog: CoinDialog | None = None
        self._rows: Sequence[HoldingRow] = ()
        self._nft_rows: Sequence[HoldingRow] = ()
        self._total = label(UNKNOWN, "strong", selectable=True)
        self.missing = MissingCard()
        self._note = label("", "small", wrap=True)
        self._card = CardFrame(self.tr("Holdings"))
        self._card.header.insertWidget(1, self._total)
        self._card.body.addWidget(self.table)
        self._card.body.addWidget(self._note)
        self._nft_card = CardFrame(
            self.tr("NFTs"), self.tr("NFTs have no price and are in no total.")
        )
        self._nft_card.body.addWidget(self.nfts)
        self._nft_card.hide()
        content = self.scrolling(self.tr("Holdings"))
        content.addLayout(row(label(self.tr("Account"), "muted"), self.account, None))
        for widget in (self._card, self._nft_card, self.missing):
            content.addWidget(widget)
        for table in (self.table, self.nfts):
            table.clicked.connect(lambda index, table=table: self._open(table, index))
            table.activated.connect(lambda index, table=table: self._open(table, index))

    def load(self) -> None:
        self.run(self.service.portfolio.accounts, self._show_accounts)
        account = self.account.key() or None
        self.run(lambda: self.service.portfolio.valuation(account), self._show)

    def open_coin(self, asset: str) -> None:
        """Show the lots of an asset."""
        if self.dialog is None:
            self.dialog = CoinDialog(self.desk, self.window(), asset)
            self.dialog.finished.connect(self._forget)
            self.dialog.open()

    def _show_accounts(self, accounts: tuple[str, ...]) -> None:
        choices = [(name, name) for name in accounts]
        self.account.offer([("", self.tr("All accounts")), *choices])

    def _show(self, valuation: "Valuation") -> None:
        self._rows, self._nft_rows = valuation.rows, valuation.nfts
        total = format_money(valuation.total, valuation.currency)
        self._total.setText(total if has_prices(valuation) else self.tr("Value not known"))
        self.table.setModel(holdings_model(valuation))
        self.table.fit_height(_ROWS_SHOWN)
        self.table.setVisible(bool(valuation.rows))
        self._note.setText(
            self.tr("Click a row, or press Enter on it, to see its lots.")
            if valuation.rows
            else self.tr("Nothing is held here now.")
        )
        self.nfts.setModel(nfts_model(valuation))
        self.nfts.fit_height(_ROWS_SHOWN)
        self._nft_card.setVisible(bool(valuation.nfts))
        self.missing.show_missing(valuation.missing)

    def _open(self, table: DataTable, index: QModelIndex) -> None:
        model = table.model()
        assert isinstance(model, RowsModel)
        rows = self._rows if table is self.table else self._nft_rows
        self.open_coin(rows[model.original(index.row())].asset)

    def _forget(self) -> None:
        self.dialog = None
