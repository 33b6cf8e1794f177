"""The table of all price series, with the doubts about each as a badge."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QModelIndex, QPersistentModelIndex, QRect, Qt
from PySide6.QtGui import QColor, QFont, QPainter
from PySide6.QtWidgets import QStyleOptionViewItem

from desktop.theme import theme
from desktop.widgets.data_table import CellDelegate, DataTable
from desktop.widgets.table import RowsModel
from engine.core.cards import Column
from engine.core.records import MANUAL, SIMULATED

if TYPE_CHECKING:
    from engine.service import Quality, SeriesInfo

_translate = QCoreApplication.translate

FINDINGS = 7
"""The column of the badge."""
_PADDING = 15


def source_name(source: str) -> str:
    """Where a price is from, for people."""
    names = {
        SIMULATED: _translate("market", "Simulated"),
        MANUAL: _translate("market", "You"),
        "import": _translate("market", "File"),
        "coingecko": "CoinGecko",
    }
    return names.get(source, source.capitalize())


def doubts(quality: "Quality") -> str:
    """How many gaps, outliers and other doubts, but for the age: "2 gaps, 1 outlier"."""
    kinds = {"gap": "gap", "spike": "outlier", "jump": "outlier", "stale": ""}
    found = Counter(kinds.get(one.kind, "other") for one in quality.findings)
    words = (
        ("gap", _translate("market", "1 gap"), _translate("market", "{} gaps")),
        ("outlier", _translate("market", "1 outlier"), _translate("market", "{} outliers")),
        ("other", _translate("market", "1 other"), _translate("market", "{} others")),
    )
    return ", ".join(
        one if found[kind] == 1 else many.format(f"{found[kind]:,}")
        for kind, one, many in words
        if found[kind]
    )


def series_model(
    rows: Sequence["SeriesInfo"],
    qualities: Mapping[tuple[str, str], "Quality"],
    today: date,
) -> RowsModel:
    """The rows; a series that has not been looked through yet has no badge."""
    columns = (
        Column(_translate("market", "Asset"), "text"),
        Column(_translate("market", "Currency"), "text"),
        Column(_translate("market", "From"), "date"),
        Column(_translate("market", "To"), "date"),
        Column(_translate("market", "Days"), "amount"),
        Column(_translate("market", "Age"), "amount"),
        Column(_translate("market", "Source"), "text"),
        Column(_translate("market", "Findings"), "text"),
    )
    shown, keys = [], []
    for one in rows:
        quality = qualities.get((one.asset, one.currency))
        found = "" if quality is None else doubts(quality)
        count = -1 if quality is None else len(quality.findings)
        age = (today - one.last).days
        sources = ", ".join(source_name(source) for source in one.sources)
        dates = (one.first.isoformat(), one.last.isoformat())
        shown.append((one.asset, one.currency, *dates, f"{one.count:,}", _age(age), sources, found))
        keys.append((one.asset, one.currency, one.first, one.last, one.count, age, sources, count))
    return RowsModel(columns, shown, keys=keys)


class SeriesTable(DataTable):
    """The table; the last column is drawn as a badge."""

    def __init__(self, name: str) -> None:
        super().__init__(name, widest=FINDINGS)
        self.setItemDelegateForColumn(FINDINGS, _BadgeDelegate(self))


class _BadgeDelegate(CellDelegate):
    """Paints a text as a badge in the colours of a warning."""

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        self.paint_ground(painter, option)
        text = index.data()
        if not text:
            return
        tokens = theme().tokens
        font = QFont(option.font)
        font.setPixelSize(theme().sizes.small)
        font.setWeight(QFont.Weight.DemiBold)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(font)
        cell: QRect = option.rect
        metrics = painter.fontMetrics()
        room = cell.width() - 2 * _PADDING - 16
        text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, room)
        width, height = metrics.horizontalAdvance(text) + 16, metrics.height() + 4
        badge = QRect(cell.left() + _PADDING, 0, width, height)
        badge.moveTop(cell.center().y() - height // 2 + 1)
        painter.setPen(QColor(tokens.warning_border))
        painter.setBrush(QColor(tokens.warning_soft))
        painter.drawRoundedRect(badge, 9, 9)
        painter.setPen(QColor(tokens.warning))
        painter.drawText(badge, Qt.AlignmentFlag.AlignCenter, text)
        painter.restore()


def _age(days: int) -> str:
    if days <= 0:
        return _translate("market", "today")
    if days == 1:
        return _translate("market", "1 day")
    return _translate("market", "{} days").format(f"{days:,}")
