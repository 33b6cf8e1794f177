"""The Alerts page: the form, the list, the history, and how alerts arrive."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QWidget

from desktop.alerts.builder import Builder
from desktop.alerts.delivery import DeliveryCard
from desktop.alerts.history import HistoryCard
from desktop.alerts.listed import AlertsCard
from desktop.alerts.moments import moment_text
from desktop.alerts.summary import Summary
from desktop.bridge import Bridge, Call
from desktop.safetext import label, one_line
from desktop.widgets.buttons import button
from desktop.widgets.card import CardFrame
from desktop.widgets.empty_state import EmptyState
from desktop.widgets.layout import boxed, clear, column, framed, row
from desktop.widgets.scroll import ScrollColumn
from desktop.widgets.titles import page_head
from desktop.widgets.toast import Toasts
from engine.core.events import DataChanged, Event

if TYPE_CHECKING:
    from engine.service import (
        Alert,
        AlertKind,
        AlertOffers,
        AlertPhase,
        DeletedAlert,
        FiredAlert,
        Service,
    )

_WIDTH = 980
_OF_INTEREST = frozenset({"alerts", "prices", "transactions"})


class AlertsPage(QWidget):
    """Keeps itself in step with what is stored while it is seen."""

    def __init__(self, service: "Service", bridge: Bridge, toasts: Toasts, has_tray: bool) -> None:
        super().__init__()
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._service = service
        self._bridge = bridge
        self._toasts = toasts
        self._calls: list[Call] = []
        self._stale = True
        self._new: frozenset[int] = frozenset()
        self.builder: Builder | None = None
        self._form = column(gap=0)
        self.alerts = AlertsCard()
        self.alerts.edit_wanted.connect(self._edit)
        self.alerts.pause_wanted.connect(self._pause)
        self.alerts.delete_wanted.connect(self._delete)
        self._empty = column(gap=8)
        self._empty_card = CardFrame(self.tr("Your alerts"))
        self._empty_card.body.addLayout(self._empty)
        self.history = HistoryCard(Summary(service, bridge))
        self.delivery = DeliveryCard(service, bridge, has_tray)
        self.new = button(self.tr("New alert"), self.build, kind="primary", icon="plus")
        self._scroll = ScrollColumn(self.tr("Alerts"), _WIDTH, gap=16, margin=24)
        self._scroll.column.addLayout(
            page_head(
                self.tr("Alerts"),
                self.tr("Watched on this computer, against the data that are stored here."),
                self.new,
            )
        )
        self._pause_words = label("", wrap=True)
        resume = button(
            self.tr("Resume"),
            lambda: bridge.run(partial(service.alerts.telling.pause, None), owner=self),
        )
        pause_line = row(gap=12, margins=(16, 8, 8, 8))
        pause_line.addWidget(self._pause_words, 1)
        pause_line.addWidget(resume)
        self.paused = framed(pause_line, "well")
        self.paused.hide()
        self._scroll.column.addWidget(self.paused)
        # Blank until it is known whether there is an alert.
        self._rest = boxed(column(self._empty_card, self.alerts, self.history, self.delivery,
                                  gap=16))  # fmt: skip
        self._rest.hide()
        self._scroll.column.addLayout(self._form)
        self._scroll.column.addWidget(self._rest)
        self._scroll.column.addStretch(1)
        self.setLayout(column(self._scroll))
        bridge.received.connect(self._on_event)

    def build(self, text: str = "", alert: "Alert | None" = None) -> None:
        """Open the form, on a rule (as JSON) or on an alert that is there."""
        alerts = self._service.alerts
        self._bridge.run(
            lambda: (alerts.kinds(), alerts.offers()),
            lambda found: self._open(*found, text, alert),
            owner=self,
        )

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale:
            self._refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        """What has been seen is new no more."""
        super().hideEvent(event)
        self._new = frozenset()
        self._stale = True

    def _refresh(self) -> None:
        self._stale = False
        for call in self._calls:
            call.cancel()
        alerts = self._service.alerts
        self._calls = [
            self._bridge.run(
                lambda: (
                    alerts.phases(),
                    alerts.without_data(),
                    alerts.history(),
                    alerts.telling.seen(),
                    alerts.telling.paused_until(),
                ),
                lambda found: self._show(*found),
                owner=self,
            )
        ]

    def _show(
        self,
        phases: "Sequence[tuple[Alert, AlertPhase]]",
        without: frozenset[int],
        history: "Sequence[FiredAlert]",
        seen: int,
        paused: datetime | None,
    ) -> None:
        until = moment_text(paused) if paused else ""
        words = self.tr("Alerts are paused until {}: only those of high priority are told.")
        self._pause_words.setText(words.format(until))
        self.paused.setVisible(bool(until))
        self._new |= {one.id for one in history if one.id > seen}
        self.alerts.show_alerts(phases, without)
        self.alerts.setVisible(bool(phases))
        self.history.show_history(history, self._new)
        self.history.setVisible(bool(phases) or bool(history))
        nothing = not phases and self.builder is None
        self._empty_card.setVisible(nothing)
        if nothing and not self._empty.count():
            self._bridge.run(self._service.alerts.offers, self._show_examples, owner=self)
        self._rest.show()
        if history and history[0].id > seen:
            self._mark_seen(history[0].id)

    def _mark_seen(self, firing_id: int) -> None:
        if not self._service.read_only and self.isVisible():
            self._bridge.run(partial(self._service.alerts.telling.mark_seen, firing_id), owner=self)

    def _show_examples(self, offers: "AlertOffers") -> None:
        """What a first alert could be, each a click away from the form."""
        clear(self._empty)
        title = self.tr("No alerts yet")
        text = self.tr("Begin with one of these, or ask for one in the chat.")
        chips = [
            button(words, partial(self.build, example), kind="chip")
            for words, example in offers.examples
        ]
        self._empty.addWidget(EmptyState("bell", title, text, *chips))

    def _open(
        self,
        kinds: "Sequence[AlertKind]",
        offers: "AlertOffers",
        text: str,
        alert: "Alert | None",
    ) -> None:
        clear(self._form)
        self.builder = Builder(self._service, self._bridge, kinds, offers, text, alert)
        self.builder.closed.connect(self._close)
        self.builder.saved.connect(self._saved)
        self._form.addWidget(self.builder)
        self._empty_card.hide()
        self.new.hide()
        self._scroll.verticalScrollBar().setValue(0)
        self.builder.begin()

    def _close(self) -> None:
        clear(self._form)
        self.builder = None
        self.new.show()
        self.new.setFocus()
        self._refresh()

    def _saved(self, hint: str) -> None:
        self._close()
        self._toasts.show(" ".join(filter(None, (self.tr("The alert is saved."), hint))))

    def _edit(self, alert: "Alert") -> None:
        self.build(alert=alert)

    def _pause(self, alert: "Alert") -> None:
        alerts = self._service.alerts
        act = alerts.resume if alert.state == "paused" else alerts.pause
        self._bridge.run(partial(act, alert.id), owner=self)

    def _delete(self, alert: "Alert") -> None:
        alerts, title = self._service.alerts, one_line(alert.title)

        def deleted(found: "DeletedAlert") -> None:
            undo = partial(self._bridge.run, partial(alerts.restore, found))
            self._toasts.show(self.tr("Deleted: {}").format(title), (self.tr("Undo"), undo))

        self._bridge.run(partial(alerts.delete, alert.id), deleted, owner=self)

    def _on_event(self, event: Event) -> None:
        if isinstance(event, DataChanged):
            if "settings" in event.kinds:
                self.delivery.refresh()
            if event.kinds & _OF_INTEREST:
                self._stale = True
                if self.isVisible():
                    self._refresh()
