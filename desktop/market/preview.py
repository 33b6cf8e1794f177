"""What importing a file of market data would store, before anything is stored."""

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QWidget

from desktop.market.preview_rows import measurements_model, prices_model, sales_model
from desktop.portfolio.preview import PreviewDialog
from desktop.portfolio.preview_rows import refused_model
from desktop.widgets.buttons import button
from desktop.widgets.table import RowsModel
from engine.service import MarketPreview, MeasurementPreview, PricePreview

_translate = QCoreApplication.translate

_NAMES = 12


def market_preview(
    parent: QWidget, preview: MarketPreview, on_other: Callable[[], object]
) -> PreviewDialog:
    """The preview; on_other: the user wants to name another asset or currency."""
    kind, names, model = _kind(preview)
    dialog = PreviewDialog(parent, preview.file_name, len(preview.rows))
    dialog.add("new", _translate("market", "New"), model, len(preview.rows))
    refused = refused_model(preview.refused, _unit(preview.unit))
    dialog.add("refused", _translate("market", "Not understood"), refused, len(preview.refused))
    other = button(
        _translate("market", "Asset or currency…"),
        dialog.reject,
        kind="link",
        hint=_translate("market", "Name them where the file does not"),
    )
    other.clicked.connect(on_other)
    dialog.fill(_sentence(preview, kind, names), _warnings(preview), other)
    return dialog


def _kind(preview: MarketPreview) -> tuple[str, tuple[str, ...], RowsModel]:
    """What the file holds, whose, and its rows."""
    if isinstance(preview, PricePreview):
        return _translate("market", "Prices"), preview.assets, prices_model(preview.rows)
    if isinstance(preview, MeasurementPreview):
        kinds = {
            "yield": _translate("market", "Yields"),
            "sentiment": _translate("market", "Sentiment"),
        }
        kind = kinds.get(preview.topic, preview.topic.capitalize())
        return kind, preview.names, measurements_model(preview.rows)
    return _translate("market", "NFT sales"), preview.collections, sales_model(preview.rows)


def _sentence(preview: MarketPreview, kind: str, names: tuple[str, ...]) -> str:
    """For instance "Prices of BTC from 2025-01-02 to 2025-01-03, from a CSV file."."""
    shown = ", ".join(names[:_NAMES]) + ("…" if len(names) > _NAMES else "")
    text = _translate("market", "{kind} of {names}").format(kind=kind, names=shown or "–")
    if preview.first is not None:
        days = _translate("market", " from {first} to {last}")
        text += days.format(first=preview.first, last=preview.last)
    return text + _translate("market", ", read as {}.").format(preview.what)


def _warnings(preview: MarketPreview) -> tuple[str, ...]:
    stored = getattr(preview, "duplicates", 0)
    if not stored:
        return preview.warnings
    words = _translate("market", "Left out {}: stored already.").format(f"{stored:,}")
    return (words, *preview.warnings)


def _unit(unit: str) -> str:
    return {
        "line": _translate("market", "Line"),
        "row": _translate("market", "Row"),
        "entry": _translate("market", "Entry"),
    }[unit]
