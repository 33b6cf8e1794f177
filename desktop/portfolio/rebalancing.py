"""The tab of rebalancing: it begins with the weights held now, to be changed to those wanted."""

from collections.abc import Sequence
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QLineEdit

from desktop.portfolio.analyses import AnalysesPart
from desktop.portfolio.part import Desk
from desktop.safetext import label
from desktop.widgets.buttons import button
from desktop.widgets.layout import row
from engine.core.records import FIAT

if TYPE_CHECKING:
    from engine.service import Form, Valuation

_ANALYSIS, _WEIGHTS, _STORED = "rebalance", "weights", "target"
_HUNDREDTH = Decimal("0.01")
_HUNDRED = Decimal(100)


def weights_text(valuation: "Valuation") -> str:
    """The weights held now as they are typed, "BTC 60, ETH 40"; "" if none is known.

    Rounded to hundredths; the largest makes up for what that adds or takes. Money is not named.
    """
    rows = [
        (line.asset, line.weight * _HUNDRED)
        for line in valuation.rows
        if line.weight and line.asset not in FIAT
    ]
    rounded = {asset: part.quantize(_HUNDREDTH, ROUND_HALF_UP) for asset, part in rows}
    kept = {asset: part for asset, part in rounded.items() if part}
    if kept:
        whole = sum((part for _, part in rows), Decimal(0)).quantize(_HUNDREDTH, ROUND_DOWN)
        kept[max(kept, key=lambda asset: kept[asset])] += whole - sum(kept.values())
    return ", ".join(f"{asset} {part.normalize():f}" for asset, part in kept.items())


class RebalancingPart(AnalysesPart):
    """A stored target is taken before the weights held now."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk, (_ANALYSIS,))
        self._words = label("", "muted")
        self._filled = ""

    def choose(self, name: str) -> None:
        super().choose(name)
        self._words = label("", "muted", wrap=True)
        line = row(gap=16)
        line.addWidget(self._words, 1)
        line.addWidget(button(self.tr("Use the weights held now"), self.begin, icon="portfolio"))
        self._place.insertLayout(1, line)

    def begin(self) -> None:
        """Write the weights held now into the field of the target, whatever is written there."""
        self.run(self.service.portfolio.valuation, self._fill)

    def field(self) -> QLineEdit | None:
        """Where the target weights are written."""
        controls = self.view.form.controls if self.view is not None else []
        found = next((one for one in controls if one.name == _WEIGHTS), None)
        return found.findChild(QLineEdit) if found is not None else None

    def _show_forms(self, forms: "Sequence[Form]") -> None:
        super()._show_forms(forms)
        if not self._untouched():
            return
        if self._forms[_ANALYSIS].offers.get(_STORED):
            self._words.setText(self.tr("Choose a stored target, or write the weights you want."))
        else:
            self.run(self.service.portfolio.valuation, self._fill_untouched)

    def _untouched(self) -> bool:
        """Whether the user has neither written weights nor deleted those filled in."""
        field = self.field()
        return field is not None and field.text() == self._filled

    def _fill_untouched(self, valuation: "Valuation") -> None:
        # The user may have begun to write while the valuation was under way.
        if self._untouched():
            self._fill(valuation)

    def _fill(self, valuation: "Valuation") -> None:
        text, field = weights_text(valuation), self.field()
        if field is None or self.view is None:
            return
        if text:
            self._words.setText(
                self.tr("These are the weights held now. Change them to the ones you want.")
            )
        elif valuation.rows:
            self._words.setText(
                self.tr(
                    "No prices are known, so neither are the weights held now. Import a price "
                    "history first."
                )
            )
        else:
            self._words.setText(
                self.tr("Nothing is held now. Write the weights that new money is to have.")
            )
        if text or self._untouched():
            self._filled = text
            field.setText(text)
            self.view.form.emit_values()
