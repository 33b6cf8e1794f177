"""The frame every result is shown in, and the widget for each kind of card."""

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy, QVBoxLayout, QWidget

from desktop.safetext import label
from desktop.theme.icons import set_label_icon
from desktop.widgets.chart import chart
from desktop.widgets.data_table import DataTable
from desktop.widgets.facts import Facts
from desktop.widgets.layout import column, row
from desktop.widgets.markdown_view import MarkdownView
from desktop.widgets.table import RowsModel
from engine.core.cards import Card, ChartCard, FactsCard, QuoteCard, TableCard

_translate = QCoreApplication.translate

ROWS_SHOWN = 12
"""Rows of a table shown before it scrolls."""


class CardFrame(QFrame):
    """A titled card; put the content into `body`."""

    def __init__(self, title: str, method: str = "", simulated: bool = False) -> None:
        super().__init__()
        self.setObjectName("card")
        self.setAccessibleName(title)
        self.header = row(gap=8)
        self.header.addWidget(label(title, "heading", wrap=True), 1)
        if simulated:
            self.header.addWidget(simulated_badge(), alignment=Qt.AlignmentFlag.AlignTop)
        self.body = QVBoxLayout()
        self.body.setSpacing(8)
        outer = column(self.header, self.body, gap=12, margins=(16, 14, 16, 14))
        outer.setStretch(1, 1)
        if method:
            outer.addWidget(label(method, "small", wrap=True, selectable=True))
        self.setLayout(outer)


def simulated_badge() -> QLabel:
    """The mark of every figure that comes from the demo data."""
    badge = label(_translate("cards", "Simulated"), "badge")
    badge.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
    return badge


def card_widget(card: Card) -> QWidget:
    """The widget that shows a card, no taller than it needs to be."""
    widget = _widget(card)
    widget.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
    return widget


def _widget(card: Card) -> QWidget:
    match card:
        case TableCard():
            return _table(card)
        case ChartCard():
            frame = CardFrame(card.title, card.method, card.simulated)
            frame.body.addWidget(chart(card))
            return frame
        case FactsCard():
            frame = CardFrame(card.title, card.method, card.simulated)
            frame.body.addWidget(Facts(card.facts))
            return frame
        case QuoteCard():
            return _quote(card)


def _table(card: TableCard) -> QWidget:
    frame = CardFrame(card.title, card.method, card.simulated)
    table = DataTable(card.title)
    table.setModel(RowsModel(card.columns, card.rows, total=card.total))
    table.fit_height(ROWS_SHOWN)
    frame.body.addWidget(table)
    return frame


def _quote(card: QuoteCard) -> QWidget:
    frame = CardFrame(card.title)
    text = MarkdownView(card.title)
    text.set_text(card.text)
    frame.body.addWidget(text)
    mark = QLabel()
    set_label_icon(mark, "file", "muted", 14)
    source = label(_translate("cards", "Source: {}").format(card.source), "small", wrap=True)
    line = row(mark, gap=6)
    line.addWidget(source, 1)
    frame.body.addLayout(line)
    return frame
