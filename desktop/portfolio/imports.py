"""The imports as a card: what was taken in, and a button to take each back."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from desktop.widgets.card import CardFrame
from desktop.widgets.listing import Line, Listing

if TYPE_CHECKING:
    from engine.service import Batch


class ImportsCard(CardFrame):
    """All imports of transactions and of prices, newest first."""

    def __init__(self, on_undo: Callable[[int], object]) -> None:
        super().__init__(self.tr("Imports"))
        self._on_undo = on_undo
        self._listing = Listing(self.tr("Imports"), self.tr("Nothing has been imported yet."))
        self.body.addWidget(self._listing)

    def show_batches(self, transactions: Sequence["Batch"], prices: Sequence["Batch"]) -> None:
        """Show these imports."""
        lines = [(batch.created, self._line(batch, "file")) for batch in transactions]
        lines += [(batch.created, self._line(batch, "chart")) for batch in prices]
        lines.sort(key=lambda pair: pair[0], reverse=True)
        self._listing.show_lines([line for _, line in lines])

    def _line(self, batch: "Batch", icon: str) -> Line:
        words = self.tr("{source} · {rows} rows · {day}")
        text = words.format(
            source=batch.source, rows=f"{batch.rows:,}", day=f"{batch.created:%Y-%m-%d}"
        )
        tag = self.tr("Simulated") if batch.simulated else ""
        undo = ("undo", self.tr("Undo import"), lambda: self._on_undo(batch.id))
        return Line(icon, batch.file_name, text, tag, "badge", (undo,))
