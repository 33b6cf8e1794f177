"""The page: the list of analyses on the left, the chosen one beside it."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QWidget

from desktop.analysis.view import AnalysisView
from desktop.bridge import Bridge
from desktop.safetext import label
from desktop.widgets.buttons import button
from desktop.widgets.layout import boxed, clear, column, row
from desktop.widgets.scroll import ScrollColumn
from desktop.widgets.titles import page_head
from engine.core.events import DataChanged, Event

if TYPE_CHECKING:
    from engine.service import Form, Service

_WIDTH = 900
_LIST_WIDTH = 190
_DATA = {"transactions", "prices", "measurements"}


class AnalysisPage(QWidget):
    """Every analysis but those of the portfolio, which stand on its own page."""

    ask_wanted = Signal(str, str)
    """Words and the call of a result, for the chat."""

    market_wanted = Signal()

    def __init__(self, service: "Service", bridge: Bridge) -> None:
        super().__init__()
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._service = service
        self._bridge = bridge
        self._forms: dict[str, Form] = {}
        self._chosen = ""
        self.view: AnalysisView | None = None
        self._group = QButtonGroup(self)
        self._names = column(gap=2, margins=(12, 16, 8, 16))
        side = ScrollColumn(self.tr("Analyses"), _LIST_WIDTH, gap=0, margin=0)
        side.column.addLayout(self._names)
        side.column.addStretch(1)
        side.setFixedWidth(_LIST_WIDTH + 12)
        self._scroll = ScrollColumn(self.tr("Analysis"), _WIDTH, gap=16, margin=24)
        self._content = column(gap=16)
        self._scroll.column.addLayout(self._content)
        self._scroll.column.addStretch(1)
        line = row(boxed(column(side), "subnav"), gap=0)
        line.addWidget(self._scroll, 1)
        self.setLayout(line)
        bridge.received.connect(self._on_event)
        self.refresh()

    def refresh(self) -> None:
        """Load the analyses, whose choices depend on the data."""
        self._bridge.run(self._service.analysis.forms, self._show_forms, owner=self)

    def choose(self, name: str) -> None:
        """Show an analysis and run it; what is entered in the one already shown stays."""
        form = self._forms[name]
        entered = self.view.form.entered() if self.view and name == self._chosen else {}
        self._chosen = name
        for one in self._group.buttons():
            one.setChecked(one.property("analysis") == name)
        clear(self._content)
        self.view = AnalysisView(self._service, self._bridge, form, entered)
        self.view.ask_wanted.connect(self.ask_wanted.emit)
        self.view.market_wanted.connect(self.market_wanted.emit)
        self._content.addLayout(page_head(self.tr(form.title), self.tr(form.intro)))
        self._content.addWidget(self.view)
        self._scroll.verticalScrollBar().setValue(0)

    def chosen(self) -> str:
        """The name of the analysis shown, or ""."""
        return self._chosen

    def _show_forms(self, forms: "Sequence[Form]") -> None:
        known = {form.name: form for form in forms if form.group != "Portfolio"}
        before, self._forms = self._forms, known
        if not before:
            self._list()
        chosen = self._chosen or next(iter(known))
        # What the user is typing must not go whenever new prices come.
        if chosen not in before or not known[chosen].asks_as(before[chosen]):
            self.choose(chosen)

    def _list(self) -> None:
        group = ""
        for form in self._forms.values():
            if form.group != group:
                group = form.group
                self._names.addSpacing(8)
                self._names.addWidget(label(self.tr(group), "overline"))
            one = button(self.tr(form.title), partial(self.choose, form.name), kind="nav")
            one.setCheckable(True)
            one.setProperty("analysis", form.name)
            self._group.addButton(one)
            self._names.addWidget(one)

    def _on_event(self, event: Event) -> None:
        if isinstance(event, DataChanged) and event.kinds & _DATA:
            self.refresh()
