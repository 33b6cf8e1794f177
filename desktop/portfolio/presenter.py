"""Keeps the portfolio page in step with what is stored."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from desktop.bridge import Bridge, Call
from desktop.portfolio.page import PortfolioPage
from desktop.widgets.dialogs import Question
from engine.core.events import DataChanged, Event

if TYPE_CHECKING:
    from engine.service import Batch, History, Service, Valuation

_OF_INTEREST = frozenset({"transactions", "prices", "alerts", "settings"})


class PortfolioPresenter(QObject):
    """Loads everything on the page again when something it shows has changed and it is seen."""

    def __init__(self, service: "Service", bridge: Bridge, page: PortfolioPage) -> None:
        super().__init__(page)
        self._service = service
        self._bridge = bridge
        self._page = page
        self._calls: list[Call] = []
        self._currency = ""
        self._stale = True
        bridge.received.connect(self._on_event)
        page.delete_alert_wanted.connect(self._delete_alert)
        page.shown.connect(self._refresh_if_stale)

    def refresh(self) -> None:
        """Load everything again; what was being loaded is dropped."""
        self._stale = False
        for call in self._calls:
            call.cancel()
        run, page, service = self._bridge.run, self._page, self._service
        self._calls = [
            run(self._valuation, self._show_valuation, owner=page),
            run(service.alerts.list, page.show_alerts, owner=page),
            run(self._batches, lambda both: page.show_batches(*both), owner=page),
        ]

    def _valuation(self) -> "Valuation | None":
        portfolio = self._service.portfolio
        return portfolio.valuation() if portfolio.has_data() else None

    def _batches(self) -> "tuple[list[Batch], list[Batch]]":
        return self._service.portfolio.batches(), self._service.market.batches()

    def _show_valuation(self, valuation: "Valuation | None") -> None:
        if valuation is None:
            self._page.show_empty()
            return
        self._currency = valuation.currency
        self._page.show_valuation(valuation)
        history = self._service.portfolio.history
        self._calls.append(self._bridge.run(history, self._show_history, owner=self._page))

    def _show_history(self, history: "History") -> None:
        self._page.show_history(history.days, list(history.values), self._currency)

    def _on_event(self, event: Event) -> None:
        if isinstance(event, DataChanged) and event.kinds & _OF_INTEREST:
            self._stale = True
            if self._page.isVisible():
                self.refresh()

    def _refresh_if_stale(self) -> None:
        if self._stale:
            self.refresh()

    def _delete_alert(self, alert_id: int, title: str) -> None:
        Question(
            self._page.window(),
            self.tr("Delete this alert?"),
            title,
            self.tr("Delete"),
            lambda: self._bridge.run(lambda: self._service.alerts.delete(alert_id)),
        )
