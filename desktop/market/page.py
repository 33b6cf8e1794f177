"""The Market data page: stored series, online sources, reads of chains."""

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from desktop.bridge import Bridge
from desktop.market.chain import ChainSection
from desktop.market.online import OnlineSection
from desktop.market.section import Section
from desktop.market.series import SeriesSection
from desktop.portfolio.importing import Importing
from desktop.widgets.layout import boxed, column, row
from desktop.widgets.scroll import ScrollColumn
from desktop.widgets.tabs import Tabs
from desktop.widgets.titles import page_head
from desktop.widgets.toast import Toasts

if TYPE_CHECKING:
    from engine.service import Service

_WIDTH = 1120
_MARGIN = 24


class MarketPage(QWidget):
    """Three sections, one of which is shown; each loads itself when it is first seen."""

    def __init__(
        self, service: "Service", bridge: Bridge, importing: Importing, toasts: Toasts
    ) -> None:
        super().__init__()
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.series = SeriesSection(service, bridge, importing)
        self.online = OnlineSection(service, bridge, importing, toasts)
        self.chain = ChainSection(service, bridge)
        sections: tuple[tuple[str, str, Section], ...] = (
            ("series", self.tr("Series"), self.series),
            ("online", self.tr("Online sources"), self.online),
            ("chain", self.tr("On-chain"), self.chain),
        )
        self.tabs = Tabs(
            self.tr("Market data"),
            [(key, name, partial(_scrolling, name, section)) for key, name, section in sections],
            self,
        )
        words = self.tr("Nothing leaves this computer unless you switch a source on.")
        head = page_head(self.tr("Market data"), words)
        top = boxed(column(head, self.tabs.bar, gap=14))
        top.setMaximumWidth(_WIDTH)
        centred = row(margins=(_MARGIN, _MARGIN, _MARGIN, 8))
        centred.addStretch(1)
        centred.addWidget(top, 1000)
        centred.addStretch(1)
        content = column(centred, gap=0)
        content.addWidget(self.tabs, 1)
        self.setLayout(content)
        for section in (self.series, self.chain):
            section.online_wanted.connect(partial(self.tabs.show_tab, "online"))
        self.tabs.show_tab("series")


def _scrolling(name: str, section: Section) -> QWidget:
    scroll = ScrollColumn(name, _WIDTH, gap=16, margin=_MARGIN)
    scroll.column.addWidget(section)
    scroll.column.addStretch(1)
    return scroll
