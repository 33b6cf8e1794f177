"""The tab of transactions: a list of any length, filtered, changed with a way back, exported."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPoint, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QFileDialog, QMenu

from desktop.portfolio.changes import Changes
from desktop.portfolio.filters import Filters, Names, names_in
from desktop.portfolio.part import MARGIN, WIDTH, Desk, Part
from desktop.portfolio.transaction_rows import (
    TAG,
    TIME,
    Order,
    TransactionsModel,
    ordered,
    summary,
)
from desktop.safetext import label
from desktop.widgets.buttons import button, icon_button
from desktop.widgets.data_table import DataTable
from desktop.widgets.layout import boxed, column, framed, row
from engine.core.records import Transaction

if TYPE_CHECKING:
    from desktop.portfolio.history import HistoryDialog
    from desktop.portfolio.transaction_dialog import TransactionDialog

_NEWEST_FIRST: Order = (TIME, Qt.SortOrder.DescendingOrder)
_NOTE = 7


class TransactionsPart(Part):
    """Reading, filtering and sorting happen away from the window's thread."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.changes = Changes(desk, self)
        self.filters = Filters()
        self.filters.changed.connect(self.refresh)
        self.model = TransactionsModel()
        self.model.sort_wanted.connect(self._sort)
        self.table = DataTable(self.tr("Transactions"), widest=_NOTE)
        self.table.setModel(self.model)
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.table.customContextMenuRequested.connect(self._menu)
        self.table.activated.connect(lambda _: self.edit())
        self.table.selectionModel().currentRowChanged.connect(lambda *_: self._mark())
        delete_key = QShortcut(QKeySequence(Qt.Key.Key_Delete), self.table)
        delete_key.setContext(Qt.ShortcutContext.WidgetShortcut)
        delete_key.activated.connect(self.delete)
        self.dialog: TransactionDialog | None = None
        self.history: HistoryDialog | None = None
        self.names = names_in(())
        self._simulated = False
        self._order = _NEWEST_FIRST
        self._count = label("", "heading")
        self.nothing = label("", "muted")
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.nothing.hide()
        self.edit_button = icon_button("pencil", self.tr("Edit"), self.edit)
        self.delete_button = icon_button("trash", self.tr("Delete"), self.delete)
        self._arrange()
        self._mark()

    def load(self) -> None:
        wanted = self.filters.values()
        listed, order = self.service.ledger.transactions, self._order
        is_simulated = self.service.portfolio.is_simulated

        def read() -> tuple[list[Transaction], int, Names, bool]:
            everything = listed()
            rows = everything if not any(wanted.values()) else listed(**wanted)
            if order != _NEWEST_FIRST:
                rows = ordered(rows, order)
            return rows, len(everything), names_in(everything), is_simulated()

        self.run(read, lambda found: self._show(*found))

    def chosen(self) -> Transaction | None:
        """The transaction whose row is chosen."""
        index = self.table.currentIndex()
        return self.model.row(index.row()) if index.isValid() else None

    def add(self) -> None:
        """Ask for a new transaction."""
        self._ask(None)

    def edit(self) -> None:
        """Change the chosen transaction."""
        chosen = self.chosen()
        if chosen is not None:
            self._ask(chosen)

    def delete(self) -> None:
        """Delete the chosen transaction; it can be taken back."""
        chosen = self.chosen()
        if chosen is not None and chosen.id is not None:
            row_id = chosen.id
            said = self.tr("Deleted: {}").format(summary(chosen))
            self.changes.make(lambda: self.service.ledger.delete(row_id), said)

    def show_history(self) -> None:
        """Show what has been changed by hand."""
        from desktop.portfolio.history import HistoryDialog  # noqa: PLC0415

        self.history = HistoryDialog(self.desk, self.window(), self.changes)
        self.history.finished.connect(self._forget_history)
        self.history.open()

    def export(self) -> None:
        """Ask for a name and write all transactions there."""
        dialog = QFileDialog(self.window(), self.tr("Export transactions"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilters([self.tr("CSV files (*.csv)")])
        dialog.setDefaultSuffix("csv")
        dialog.selectFile("transactions.csv")
        # Writing refuses to replace a file, and says so.
        dialog.setOption(QFileDialog.Option.DontConfirmOverwrite)
        dialog.fileSelected.connect(lambda name: self.export_to(Path(name)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def export_to(self, path: Path) -> None:
        """Write all transactions into a new file."""
        words = self.tr("{count} transactions written to {name}.")

        def said(count: int) -> None:
            self.desk.toasts.show(words.format(count=f"{count:,}", name=path.name))

        self.desk.bridge.run_job(lambda: self.service.ledger.export(path), said, owner=self)

    def _ask(self, transaction: Transaction | None) -> None:
        # Opened with the first change.
        from desktop.portfolio.transaction_dialog import TransactionDialog  # noqa: PLC0415

        if self.dialog is not None:
            return
        warning = ""
        if transaction is None and self._simulated:
            warning = self.tr(
                "The demo portfolio is loaded, and your own transactions must not mix with it. "
                "Remove the demo first, at the top of the window."
            )
        self.dialog = TransactionDialog(
            self.window(), self.changes, self.service.ledger, transaction, self.names, warning
        )
        self.dialog.finished.connect(self._forget_dialog)
        self.dialog.open()

    def _forget_dialog(self) -> None:
        self.dialog = None

    def _forget_history(self) -> None:
        self.history = None

    def _show(self, rows: list[Transaction], total: int, names: Names, simulated: bool) -> None:
        chosen, place = self.chosen(), self.table.verticalScrollBar().value()
        self.names, self._simulated = names, simulated
        self.filters.offer(names)
        self.model.show_rows(rows, self._order)
        self.table.setColumnHidden(TAG, not names.tags)
        if chosen is not None and chosen.id is not None:
            again = self.model.find(chosen.id)
            if again >= 0:
                self.table.selectRow(again)
        self.table.verticalScrollBar().setValue(place)
        shown = self.tr("{} transactions").format(f"{total:,}")
        if len(rows) != total:
            shown = self.tr("{some} of {all} transactions").format(
                some=f"{len(rows):,}", all=f"{total:,}"
            )
        self._count.setText(shown)
        self.table.setVisible(bool(rows))
        self.nothing.setText(
            self.tr("No transaction fits these filters.")
            if total
            else self.tr("There are no transactions. Import a CSV, or add one by hand.")
        )
        self.nothing.setVisible(not rows)
        self._mark()

    def _sort(self, section: int, order: Qt.SortOrder) -> None:
        self._order = (section, order)
        self.refresh()

    def _mark(self) -> None:
        for one in (self.edit_button, self.delete_button):
            one.setEnabled(self.chosen() is not None)

    def _menu(self, place: QPoint) -> None:
        index: QModelIndex = self.table.indexAt(place)
        if not index.isValid():
            return
        chosen = self.model.row(index.row())
        menu = QMenu(self.table)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(self.tr("Edit"), self.edit)
        menu.addAction(self.tr("Delete"), self.delete)
        menu.addSeparator()
        for asset in dict.fromkeys((chosen.asset_in, chosen.asset_out)):
            if asset:
                text = self.tr("Only {}").format(asset).replace("&", "&&")
                menu.addAction(text, partial(self._only, asset))
        menu.popup(self.table.viewport().mapToGlobal(place))

    def _only(self, asset: str) -> None:
        self.filters.choose(asset=asset)
        self.refresh()

    def _arrange(self) -> None:
        actions = row(
            self._count,
            None,
            self.edit_button,
            self.delete_button,
            button(self.tr("History"), self.show_history, icon="undo"),
            button(self.tr("Export CSV…"), self.export, icon="file"),
            button(self.tr("Add"), self.add, kind="primary", icon="plus"),
        )
        lines = column(actions, self.filters, gap=12)
        listed = column(self.table, self.nothing, gap=0, margins=(12, 6, 12, 8))
        lines.addWidget(framed(listed, "card"), 1)
        inner = boxed(lines)
        inner.setMaximumWidth(WIDTH)
        centred = row(margins=(MARGIN, 14, MARGIN, MARGIN))
        centred.addStretch(1)
        centred.addWidget(inner, 1000)
        centred.addStretch(1)
        self.setLayout(centred)
