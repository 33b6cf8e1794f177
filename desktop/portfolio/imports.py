"""The imports of transactions as a card: what was taken in, and a button to take each back."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from desktop.widgets.card import CardFrame
from desktop.widgets.listing import Line, Listing

if TYPE_CHECKING:
    from engine.service import Batch


class ImportsCard(CardFrame):
    """All imports of transactions, newest first; those of market data stand on their own page."""

    def __init__(self, on_undo: Callable[[int], object]) -> None:
        super().__init__(self.tr("Imports"))
        self._on_undo = on_undo
        self._listing = Listing(self.tr("Imports"), self.tr("Nothing has been imported yet."))
        self.body.addWidget(self._listing)

    def show_batches(self, batches: Sequence["Batch"]) -> None:
        """Show these imports."""
        ordered = sorted(batches, key=lambda batch: batch.created, reverse=True)
        self._listing.show_lines([self._line(batch) for batch in ordered])

    def _line(self, batch: "Batch") -> Line:
        words = self.tr("{source} · {rows} rows · {day}")
        text = words.format(
            source=batch.source, rows=f"{batch.rows:,}", day=f"{batch.created:%Y-%m-%d}"
        )
        tag = self.tr("Simulated") if batch.simulated else ""
        undo = ("undo", self.tr("Undo import"), lambda: self._on_undo(batch.id))
        name = batch.file_name or self.tr("Typed in by hand")
        return Line("file", name, text, tag, "badge", (undo,))
