"""A tax year as a file: choose the year, the form and the place."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog

from desktop.portfolio.part import Desk
from desktop.safetext import label
from desktop.widgets.buttons import button
from desktop.widgets.card import CardFrame
from desktop.widgets.layout import row
from desktop.widgets.picker import Picker

if TYPE_CHECKING:
    from engine.core.jobs import Job

Save = Callable[[int, Path], "Job[Path]"]


class TaxFiles(CardFrame):
    """Writes the report of a year, with every lot, as CSV or PDF."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(self.tr("The whole report as a file"))
        self._desk = desk
        self.year = Picker(self.tr("Tax year"))
        self.csv_button = button(self.tr("Save CSV…"), partial(self._ask, "csv"), icon="file")
        self.pdf_button = button(self.tr("Save PDF…"), partial(self._ask, "pdf"), icon="file")
        what = self.tr("Every disposal with its lot, income, fees and what is left.")
        line = row(gap=10)
        line.addWidget(label(what, "muted", wrap=True), 1)
        for widget in (self.year, self.csv_button, self.pdf_button):
            line.addWidget(widget)
        self.body.addLayout(line)

    def offer(self, years: Sequence[int]) -> None:
        """Offer these years, the newest first."""
        self.year.offer([(str(year), str(year)) for year in sorted(years, reverse=True)])
        over = [year for year in years if year < datetime.now(UTC).year]
        if over:  # as the report below: the last one over
            self.year.choose(str(max(over)))
        for one in (self.csv_button, self.pdf_button):
            one.setEnabled(bool(years))

    def save(self, kind: str, path: Path) -> None:
        """Write the report of the chosen year."""
        year, tax = int(self.year.key()), self._desk.service.tax
        write: Save = tax.save_pdf if kind == "pdf" else tax.save_csv
        said = self.tr("The tax year {year} was written to {name}.")
        self._desk.bridge.run_job(
            lambda: write(year, path),
            lambda _: self._desk.toasts.show(said.format(year=year, name=path.name)),
            owner=self,
        )

    def _ask(self, kind: str) -> None:
        dialog = QFileDialog(self.window(), self.tr("Save the tax year"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilters([f"{kind.upper()} (*.{kind})"])
        dialog.setDefaultSuffix(kind)
        dialog.selectFile(f"tax-{self.year.key()}.{kind}")
        dialog.fileSelected.connect(lambda name: self.save(kind, Path(name)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
