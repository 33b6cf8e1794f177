"""What is doubtful about one series: each finding with its day and the stored row."""

from datetime import date
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal

from desktop.market.series_table import source_name
from desktop.safetext import label
from desktop.widgets.card import CardFrame
from desktop.widgets.data_table import DataTable
from desktop.widgets.table import RowsModel
from engine.core.cards import Column
from engine.core.money import format_money, format_percent
from engine.core.records import PricePoint

if TYPE_CHECKING:
    from engine.service import Quality

_ROWS_SHOWN = 8
_WHAT = 1


class FindingsCard(CardFrame):
    """The report on a series; a finding that is chosen names its day."""

    day_chosen = Signal(object)

    def __init__(self, quality: "Quality") -> None:
        super().__init__(
            self.tr("Quality"),
            self.tr(
                "Outliers: log returns far beyond the robust spread (MAD) of the series; a spike "
                "comes back the next day, a jump stays."
            ),
        )
        self._quality = quality
        self.body.addWidget(label(self._summary(), "muted", wrap=True))
        if not quality.findings:
            return
        self.table = DataTable(self.tr("Findings"), widest=_WHAT)
        self.table.setModel(self._model())
        self.table.fit_height(_ROWS_SHOWN)
        self.table.selectionModel().currentRowChanged.connect(
            lambda now, _: self.day_chosen.emit(self._day(now.row()))
        )
        self.body.addWidget(self.table)

    def _summary(self) -> str:
        quality = self._quality
        gaps = (
            self.tr("{days} missing, at most {longest} in a row").format(
                days=f"{quality.missing:,}", longest=f"{quality.longest_gap:,}"
            )
            if quality.missing
            else self.tr("none missing")
        )
        parts = [self.tr("{} days").format(f"{quality.count:,}"), gaps]
        if quality.spread is None:
            parts.append(self.tr("too few to look for outliers"))
        else:
            spread = format_percent(quality.spread, 1)
            parts.append(self.tr("usual daily move {}").format(spread))
        if not quality.findings:
            parts.append(self.tr("nothing doubtful found"))
        return " · ".join(parts)

    def _model(self) -> RowsModel:
        kinds = {
            "gap": self.tr("Gap"),
            "spike": self.tr("Spike"),
            "jump": self.tr("Jump"),
            "candle": self.tr("Candle"),
            "no volume": self.tr("No volume"),
            "stale": self.tr("Old"),
        }
        columns = (
            Column(self.tr("Day"), "date"),
            Column(self.tr("Finding"), "text"),
            Column(self.tr("Stored row"), "text"),
        )
        shown = [
            (one.day.isoformat(), f"{kinds[one.kind]}: {one.text}", _row(one.row, one.day))
            for one in self._quality.findings
        ]
        return RowsModel(columns, shown)

    def _day(self, row: int) -> date:
        model = self.table.model()
        assert isinstance(model, RowsModel)
        return self._quality.findings[model.original(row)].day


def _row(point: PricePoint, day: date) -> str:
    """The stored row, with its day where that is not the one of the finding."""
    price = format_money(point.close, point.currency)
    other = "" if point.day == day else f"{point.day.isoformat()}: "
    return f"{other}{price} · {source_name(point.source)}"
