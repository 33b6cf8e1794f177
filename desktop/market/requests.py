"""The log of every request, newest first."""

from collections.abc import Callable, Mapping, Sequence

from desktop.safetext import label
from desktop.widgets.buttons import button
from desktop.widgets.card import CardFrame
from desktop.widgets.data_table import DataTable
from desktop.widgets.table import RowsModel
from engine.core.cards import Column
from engine.core.exchange import Exchange

_ROWS_SHOWN = 10
_ADDRESS = 2

MOST = 1_000
"""Requests listed at most."""


class RequestLog(CardFrame):
    """A table of what was asked of whom, and what came back."""

    def __init__(self, on_clear: Callable[[], object]) -> None:
        super().__init__(
            self.tr("Request log"),
            self.tr("Everything Assay has asked online, without keys. The newest are kept."),
        )
        self.table = DataTable(self.tr("Requests"), widest=_ADDRESS)
        self.nothing = label(self.tr("No request has been made."), "muted")
        self.clear_button = button(self.tr("Clear"), on_clear, icon="trash")
        self.header.addWidget(self.clear_button)
        self.body.addWidget(self.nothing)
        self.body.addWidget(self.table)
        self.show_requests((), {})

    def show_requests(self, requests: Sequence[Exchange], titles: Mapping[str, str]) -> None:
        """Show these; titles: of the sources by name."""
        columns = (
            Column(self.tr("Time (UTC)"), "date"),
            Column(self.tr("Source"), "text"),
            Column(self.tr("Address"), "text"),
            Column(self.tr("Outcome"), "text"),
            Column(self.tr("Sent"), "amount"),
            Column(self.tr("Received"), "amount"),
            Column(self.tr("ms"), "amount"),
        )
        shown = [
            (
                f"{one.made:%Y-%m-%d %H:%M:%S}",
                titles.get(one.source, one.source),
                one.url,
                one.outcome,
                f"{one.sent_bytes:,}",
                f"{one.received_bytes:,}",
                f"{one.milliseconds:,}",
            )
            for one in requests
        ]
        self.table.setModel(RowsModel(columns, shown))
        self.table.fit_height(_ROWS_SHOWN)
        self.table.setVisible(bool(shown))
        self.nothing.setVisible(not shown)
        self.clear_button.setVisible(bool(shown))
