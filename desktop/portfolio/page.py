"""The portfolio page: its head, its tabs, and what is shown while there is no portfolio."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QStackedWidget, QWidget

from desktop.bridge import Bridge
from desktop.portfolio.part import MARGIN, WIDTH, Desk, Part
from desktop.portfolio.parts import builders
from desktop.widgets.buttons import button
from desktop.widgets.empty_state import EmptyState
from desktop.widgets.layout import boxed, column, row
from desktop.widgets.tabs import Tabs
from desktop.widgets.titles import page_head
from desktop.widgets.toast import Toasts
from engine.core.events import DataChanged, Event

if TYPE_CHECKING:
    from engine.service import Service

_OF_INTEREST = frozenset({"transactions", "prices", "settings"})


class PortfolioPage(QWidget):
    """Keeps the tab that is seen in step with what is stored; the others follow when shown."""

    import_wanted = Signal()
    prices_wanted = Signal()
    demo_wanted = Signal()
    undo_wanted = Signal(int)
    ask_wanted = Signal(str, str)

    def __init__(self, service: "Service", bridge: Bridge, toasts: Toasts) -> None:
        super().__init__()
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._service = service
        self._bridge = bridge
        self._stale = True
        self.desk = Desk(service, bridge, toasts)
        self.desk.setParent(self)
        self.desk.ask_wanted.connect(self.ask_wanted.emit)
        self.desk.undo_wanted.connect(self.undo_wanted.emit)
        self.desk.import_wanted.connect(self.import_wanted.emit)
        self.tabs = Tabs(self.tr("Portfolio"), builders(self.desk), self)
        self.tabs.changed.connect(lambda _: self._see())
        self.desk.tab_wanted.connect(self.tabs.show_tab)
        self.desk.transactions_wanted.connect(self._show_transactions)
        self._stack = QStackedWidget()
        self._empty, self._full = self._nothing(), self._content()
        # Blank until it is known whether there is a portfolio.
        for page in (QWidget(), self._empty, self._full):
            self._stack.addWidget(page)
        self.setLayout(column(self._stack))
        bridge.received.connect(self._on_event)

    def part(self, key: str) -> Part:
        """One of the tabs, built if it is not there yet."""
        part = self.tabs.page(key)
        assert isinstance(part, Part)
        return part

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale:
            self._check()

    def _check(self) -> None:
        """Load again what is seen, if there is anything to show."""
        self._stale = False
        self._bridge.run(self._look, lambda found: self._show(*found), owner=self)

    def _look(self) -> tuple[bool, bool]:
        """Whether there are transactions, and imports, if only of what was deleted."""
        portfolio = self._service.portfolio
        return portfolio.has_data(), bool(portfolio.batches())

    def _show(self, has_data: bool, has_imports: bool) -> None:
        self._stack.setCurrentWidget(self._full if has_data or has_imports else self._empty)
        if has_data:
            self.tabs.show_tab(self.tabs.current)
        elif has_imports:
            # From here what was deleted can be brought back.
            self.tabs.show_tab("transactions")

    def _see(self) -> None:
        part = self.part(self.tabs.current)
        if part.stale and self._stack.currentWidget() is self._full:
            part.refresh()

    def _show_transactions(self, filters: dict[str, str]) -> None:
        from desktop.portfolio.transactions import TransactionsPart  # noqa: PLC0415

        part = self.part("transactions")
        assert isinstance(part, TransactionsPart)
        part.filters.choose(**filters)
        self.tabs.show_tab("transactions")

    def _type(self) -> None:
        """Ask for a first transaction; the tabs appear once it is stored."""
        from desktop.portfolio.transactions import TransactionsPart  # noqa: PLC0415

        part = self.part("transactions")
        assert isinstance(part, TransactionsPart)
        part.add()

    def _on_event(self, event: Event) -> None:
        if isinstance(event, DataChanged) and event.kinds & _OF_INTEREST:
            self._stale = True
            for part in self.tabs.built():
                assert isinstance(part, Part)
                part.stale = True
            if self.isVisible():
                self._check()

    def _nothing(self) -> QWidget:
        return EmptyState(
            "portfolio",
            self.tr("No portfolio yet"),
            self.tr(
                "Import a CSV from your exchange by the button below, or drop the file anywhere "
                "on this window. Nothing is stored before you confirm."
            ),
            button(self.tr("Import a CSV"), self.import_wanted.emit, kind="primary", icon="upload"),
            button(self.tr("Type in a transaction"), self._type, icon="pencil"),
            button(self.tr("Try the demo portfolio"), self.demo_wanted.emit, icon="flask"),
        )

    def _content(self) -> QWidget:
        head = page_head(
            self.tr("Portfolio"),
            "",
            button(self.tr("Import prices"), self.prices_wanted.emit, icon="chart"),
            button(
                self.tr("Import a CSV"),
                self.import_wanted.emit,
                kind="primary",
                icon="upload",
                hint=self.tr("Ctrl+O; or drop the file anywhere on the window"),
            ),
        )
        top = boxed(column(head, self.tabs.bar, gap=14))
        top.setMaximumWidth(WIDTH)
        # What scrolls must not touch the tabs.
        centred = row(margins=(MARGIN, MARGIN, MARGIN, 8))
        centred.addStretch(1)
        centred.addWidget(top, 1000)
        centred.addStretch(1)
        content = column(centred, gap=0)
        content.addWidget(self.tabs, 1)
        return boxed(content)
