"""The dialog in which a transaction is added or changed."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QWidget

from desktop.portfolio.changes import Changes
from desktop.portfolio.filters import Names
from desktop.portfolio.transaction_form import TransactionForm
from desktop.portfolio.transaction_rows import summary
from desktop.safetext import label
from desktop.widgets.announce import announce
from desktop.widgets.buttons import button
from desktop.widgets.fitting import Fitting
from desktop.widgets.layout import column, row
from engine.core.errors import KnownError
from engine.core.records import Transaction

if TYPE_CHECKING:
    from engine.service import LedgerArea


class TransactionDialog(QDialog):
    """Closes when the transaction is stored; what is wrong with it is said in place."""

    def __init__(
        self,
        parent: QWidget,
        changes: Changes,
        ledger: "LedgerArea",
        transaction: Transaction | None,
        names: Names,
        warning: str = "",
    ) -> None:
        """transaction: what is to be changed, None for a new one; warning: why it will not be."""
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        title = self.tr("Edit transaction") if transaction else self.tr("Add transaction")
        self.setWindowTitle(title)
        self.setMinimumWidth(520)
        self._changes = changes
        self._ledger = ledger
        self._before = transaction
        self.form = TransactionForm(names)
        if transaction is not None:
            self.form.show_transaction(transaction)
        else:
            self.form.time.setText(f"{datetime.now(UTC):%Y-%m-%d %H:%M}")
        self.error = label(warning, "error", wrap=True)
        self.error.setVisible(bool(warning))
        self.save_button = button(self.tr("Save"), self.save, kind="primary")
        self.save_button.setDefault(True)
        self._fitting = Fitting(self)
        self.form.kind.currentIndexChanged.connect(lambda _: self._fitting.again())
        self.setLayout(
            column(
                label(title, "title"),
                4,
                self.form,
                self.error,
                8,
                row(None, button(self.tr("Cancel"), self.reject), self.save_button),
                gap=10,
                margins=(24, 20, 24, 20),
            )
        )

    def save(self) -> None:
        """Store what is entered, unless something is wrong with it."""
        try:
            entered = self.form.transaction(self._before)
        except KnownError as error:
            self._say(str(error))
            return
        row_id = self._before.id if self._before is not None else None
        words = self.tr("Added: {}") if row_id is None else self.tr("Changed: {}")
        self.save_button.setEnabled(False)
        self._changes.make(
            lambda: self._store(row_id, entered),
            words.format(summary(entered)),
            self.accept,
            self._say,
        )

    def _store(self, row_id: int | None, entered: Transaction) -> None:
        if row_id is None:
            self._ledger.add(entered)
        else:
            self._ledger.edit(row_id, entered)

    def _say(self, sentence: str) -> None:
        self.save_button.setEnabled(True)
        self.error.setText(sentence)
        self.error.show()
        self._fitting.again()
        announce(self, sentence)
