"""The cost-basis settings: what is in force, and the dialog that changes it."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QWidget

from desktop.portfolio.basis_form import BasisForm
from desktop.portfolio.basis_words import basis_words
from desktop.safetext import label
from desktop.widgets.announce import announce
from desktop.widgets.buttons import button
from desktop.widgets.card import CardFrame
from desktop.widgets.fitting import Fitting
from desktop.widgets.layout import column, row
from engine.core.errors import KnownError

if TYPE_CHECKING:
    from engine.service import CostBasis


class BasisCard(CardFrame):
    """How cost is worked out, with a button to change it."""

    def __init__(self, on_change: Callable[[], object]) -> None:
        super().__init__(self.tr("Cost basis"))
        self._methods = label("", "strong", wrap=True)
        self._years = label("", "small", wrap=True)
        self.change = button(self.tr("Change…"), on_change, icon="settings")
        self.header.addWidget(self.change)
        self.body.addWidget(self._methods)
        self.body.addWidget(self._years)

    def show_basis(self, basis: "CostBasis") -> None:
        """Show what is in force."""
        methods, years = basis_words(basis)
        self._methods.setText(methods)
        self._years.setText(years)


class BasisDialog(QDialog):
    """Calls on_save with other rules; those that make no sense are refused in place."""

    def __init__(
        self,
        parent: QWidget,
        basis: "CostBasis",
        this_year: int,
        on_save: Callable[["CostBasis"], object],
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Cost basis"))
        self.setMinimumWidth(660)
        self._on_save = on_save
        self.form = BasisForm(basis, this_year)
        self.error = label("", "error", wrap=True)
        self.error.hide()
        self._fitting = Fitting(self)
        self.form.resized.connect(self._fitting.again)
        save = button(self.tr("Save"), self.save, kind="primary")
        save.setDefault(True)
        note = self.tr(
            "Gains, costs and tax years are worked out anew by these rules, past years too. "
            "No transaction is changed."
        )
        self.setLayout(
            column(
                label(self.windowTitle(), "title"),
                label(note, "muted", wrap=True),
                8,
                self.form,
                self.error,
                8,
                row(None, button(self.tr("Cancel"), self.reject), save),
                gap=10,
                margins=(24, 20, 24, 20),
            )
        )

    def save(self) -> None:
        """Use what is entered, unless it makes no sense."""
        try:
            basis = self.form.read()
        except KnownError as error:
            self.error.setText(str(error))
            self.error.show()
            self._fitting.again()
            announce(self, str(error))
            return
        self._on_save(basis)
        self.accept()
