"""A ring of shares with its legend."""

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QLabel, QLayout, QSizePolicy, QWidget

from desktop.safetext import label
from desktop.theme import follow_theme, theme
from desktop.widgets.layout import column, row
from engine.core.money import format_percent

SHOWN = 6
"""Parts shown by name; the smaller ones are added up as the last part."""

_GAP_DEGREES = 1.6


def parts(values: Sequence[tuple[str, float]], rest: str) -> list[tuple[str, float]]:
    """Positive parts as shares of 1, largest first, the small ones added up under `rest`."""
    positive = sorted((pair for pair in values if pair[1] > 0), key=lambda pair: -pair[1])
    total = sum(value for _, value in positive)
    shares = [(name, value / total) for name, value in positive]
    if len(shares) <= SHOWN + 1:
        return shares
    return [*shares[:SHOWN], (rest, sum(share for _, share in shares[SHOWN:]))]


class Ring(QWidget):
    """The ring itself; a word or figure can stand in its middle."""

    def __init__(self, shares: Sequence[tuple[str, float]], middle: str = "") -> None:
        super().__init__()
        self._shares = shares
        self._middle = middle
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        follow_theme(self, self.update)

    def sizeHint(self) -> QSize:
        return QSize(150, 150)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        width = 20.0
        edge = min(self.width(), self.height()) - width
        box = QRectF((self.width() - edge) / 2, (self.height() - edge) / 2, edge, edge)
        at = 90.0
        gap = _GAP_DEGREES if len(self._shares) > 1 else 0.0
        for number, (_, share) in enumerate(self._shares):
            span = 360.0 * share
            pen = QPen(QColor(colour(number)), width)
            pen.setCapStyle(Qt.PenCapStyle.FlatCap)
            painter.setPen(pen)
            length = max(span - gap, 0.6)
            painter.drawArc(box, round((at - gap / 2) * 16), round(-length * 16))
            at -= span
        painter.setPen(QColor(theme().tokens.text))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._middle)


class DonutChart(QWidget):
    """Ring and legend side by side, or one over the other."""

    def __init__(
        self, values: Sequence[tuple[str, float]], middle: str = "", *, upright: bool = False
    ) -> None:
        super().__init__()
        shares = parts(values, self.tr("Other"))
        ring = Ring(shares, middle)
        legend = QGridLayout()
        legend.setVerticalSpacing(8)
        legend.setHorizontalSpacing(10)
        for number, (name, share) in enumerate(shares):
            legend.addWidget(_dot(number), number, 0)
            legend.addWidget(label(name), number, 1)
            percent = label(format_percent(share, 1), "muted")
            percent.setAlignment(Qt.AlignmentFlag.AlignRight)
            legend.addWidget(percent, number, 2)
        legend.setColumnStretch(1, 1)
        layout: QLayout
        if upright:
            layout = column(row(None, ring, None), legend, None, gap=20)
        else:
            layout = row(ring, column(None, legend, None), None, gap=32)
            legend.setColumnMinimumWidth(1, 90)
        self.setLayout(layout)


def colour(number: int) -> str:
    """The colour of the part or series with this number; the last one is for the rest."""
    colours = theme().tokens.chart
    return colours[min(number, len(colours) - 1)]


def _dot(number: int) -> QLabel:
    dot = QLabel()
    dot.setFixedSize(10, 10)
    follow_theme(
        dot, lambda: dot.setStyleSheet(f"background: {colour(number)}; border-radius: 5px;")
    )
    return dot
