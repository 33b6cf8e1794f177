"""The imports of market data as a card: what was taken in, and a button to take each back."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from desktop.widgets.buttons import button
from desktop.widgets.card import CardFrame
from desktop.widgets.listing import Line, Listing

if TYPE_CHECKING:
    from engine.service import Batch

_SHOWN = 8


class MarketImports(CardFrame):
    """All imports of market data, newest first; the oldest are shown when asked for."""

    def __init__(self, on_undo: Callable[[int], object]) -> None:
        super().__init__(self.tr("Imports"))
        self._on_undo = on_undo
        self._imports: Sequence[tuple[str, Batch]] = ()
        self._listing = Listing(self.tr("Imports"), self.tr("Nothing has been imported yet."))
        self._all = button("", self._show_all, kind="link")
        self.body.addWidget(self._listing)
        self.header.addWidget(self._all)

    def show_imports(self, imports: Sequence[tuple[str, "Batch"]]) -> None:
        """Show these imports with their kinds."""
        self._imports = imports
        self._all.setText(self.tr("Show all {}").format(f"{len(imports):,}"))
        self._all.setVisible(len(imports) > _SHOWN)
        self._listing.show_lines([self._line(kind, one) for kind, one in imports[:_SHOWN]])

    def _show_all(self) -> None:
        self._all.hide()
        self._listing.show_lines([self._line(kind, one) for kind, one in self._imports])

    def _line(self, kind: str, batch: "Batch") -> Line:
        kinds = {
            "prices": (self.tr("Prices"), "chart"),
            "measurements": (self.tr("Values"), "analysis"),
            "nft_sales": (self.tr("NFT sales"), "file"),
        }
        topics = {"yield": self.tr("Yields"), "sentiment": self.tr("Sentiment")}
        what, icon = kinds[kind]
        source = "" if batch.source in {"prices", "NFT sales", *topics} else batch.source
        parts = (
            topics.get(batch.source, what),
            source if batch.file_name else "",
            self.tr("1 row") if batch.rows == 1 else self.tr("{} rows").format(f"{batch.rows:,}"),
            f"{batch.created:%Y-%m-%d}",
        )
        tag = self.tr("Simulated") if batch.simulated else ""
        undo = ("undo", self.tr("Undo import"), lambda: self._on_undo(batch.id))
        return Line(
            icon,
            batch.file_name or self.tr("Prices you entered"),
            " · ".join(part for part in parts if part),
            tag,
            "badge",
            (undo,),
        )
