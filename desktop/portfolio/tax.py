"""The tab of lots and tax years, with the rules by which cost is worked out."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QVBoxLayout

from desktop.portfolio.analyses import AnalysesPart
from desktop.portfolio.basis import BasisCard, BasisDialog
from desktop.portfolio.part import Desk
from desktop.portfolio.tax_files import TaxFiles

if TYPE_CHECKING:
    from engine.service import CostBasis

_TAX_YEAR = "tax_year"


class TaxPart(AnalysesPart):
    """The analyses of lots, of a sale and of a tax year."""

    def __init__(self, desk: Desk) -> None:
        self.basis = BasisCard(self.change_basis)
        self.files = TaxFiles(desk)
        self.dialog: BasisDialog | None = None
        self._basis: CostBasis | None = None
        super().__init__(desk, ("lots_held", "sale_preview", _TAX_YEAR))

    def load(self) -> None:
        super().load()
        self.run(self.service.ledger.basis, self._show_basis)
        self.run(self.service.tax.years, self.files.offer)

    def choose(self, name: str) -> None:
        super().choose(name)
        self.files.setVisible(name == _TAX_YEAR)

    def change_basis(self) -> None:
        """Ask for other rules."""
        if self._basis is None:
            return
        year = datetime.now(UTC).year
        self.dialog = BasisDialog(self.window(), self._basis, year, self._save_basis)
        self.dialog.open()

    def _arrange(self, content: QVBoxLayout) -> None:
        content.addWidget(self.basis)
        super()._arrange(content)
        content.insertWidget(2, self.files)

    def _save_basis(self, basis: "CostBasis") -> None:
        said = self.tr("Everything is worked out by the new rules now.")
        self.desk.bridge.run(
            lambda: self.service.ledger.set_basis(basis),
            lambda _: self.desk.toasts.show(said),
            owner=self,
        )

    def _show_basis(self, basis: "CostBasis") -> None:
        self._basis = basis
        self.basis.show_basis(basis)
