"""The section of the online sources: switches, keys, fetching, and the log of requests."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QLineEdit

from desktop.bridge import Bridge, Call
from desktop.market.fresh import FreshLine
from desktop.market.keys import KeyDialog
from desktop.market.nodes import NodeList
from desktop.market.pools import PoolsDialog
from desktop.market.requests import MOST, RequestLog
from desktop.market.section import Section
from desktop.market.source_row import SourceRow
from desktop.portfolio.importing import Importing
from desktop.safetext import label, tooltip
from desktop.widgets.card import CardFrame
from desktop.widgets.dialogs import Question
from desktop.widgets.layout import column, rule
from desktop.widgets.toast import Toasts
from engine.core.events import Event, JobProgress, PricesRefreshed

if TYPE_CHECKING:
    from engine.core.exchange import Exchange
    from engine.service import Pool, Refreshed, RefreshState, Service, SourceState


class OnlineSection(Section):
    """Every source is off until its switch is turned on, which is asked for first."""

    kinds = frozenset({"settings", "documents"})

    def __init__(
        self, service: "Service", bridge: Bridge, importing: Importing, toasts: Toasts
    ) -> None:
        super().__init__(bridge)
        self._service = service
        self._bridge = bridge
        self._importing = importing
        self._toasts = toasts
        self.rows: dict[str, SourceRow] = {}
        self.coins = QLineEdit()
        self.coins.setAccessibleName(self.tr("Coins to fetch"))
        self.coins.setPlaceholderText(self.tr("Coins to refresh: those you hold"))
        self.coins.setToolTip(
            tooltip(
                self.tr(
                    "Leave it empty, or name some: BTC, ETH. PEPE=pepe says what CoinGecko calls "
                    "a coin it does not know by its symbol."
                )
            )
        )
        self.coins.setFixedWidth(260)
        self._cards = {
            "prices": CardFrame(self.tr("Prices")),
            "yields": CardFrame(self.tr("Yields")),
            "chain": CardFrame(self.tr("Chains")),
        }
        self._cards["prices"].header.addWidget(self.coins)
        self.nodes: NodeList | None = None
        self._asking: Call | None = None
        self.log = RequestLog(self._clear)
        self.fresh = FreshLine(self._change_interval)
        self._cards["prices"].body.addWidget(self.fresh)
        promise = self.tr(
            "Assay goes online only where you switch a source on. Amounts, transactions and "
            "questions are never sent."
        )
        lines = column(label(promise, "muted", wrap=True), gap=16)
        for card in (*self._cards.values(), self.log):
            lines.addWidget(card)
        self.setLayout(lines)
        bridge.received.connect(self._on_progress)

    def refresh(self) -> None:
        """Load sources, nodes and the log again."""
        self._load_sources()
        if self.nodes is not None:
            self.nodes.refresh()
        self._load_log()

    def _load_sources(self) -> None:
        online, refreshing = self._service.online, self._service.refreshing
        self._bridge.run(
            lambda: (online.sources(), refreshing.interval(), refreshing.state),
            lambda found: self._show_sources(*found),
            owner=self,
        )

    def _change_interval(self, minutes: int) -> None:
        change = partial(self._service.settings.set, "online_refresh_minutes", minutes)
        self._bridge.run(change, owner=self)

    def _load_log(self) -> None:
        online = self._service.online
        self._bridge.run(
            lambda: (online.requests(MOST), online.sources()),
            lambda found: self._show_log(*found),
            owner=self,
        )

    def _show_sources(
        self, states: "Sequence[SourceState]", minutes: int, last: "RefreshState"
    ) -> None:
        for state in states:
            if state.info.name not in self.rows:
                self._add(state)
            self.rows[state.info.name].show_state(state)
        on = [one.info.title for one in states if one.on and one.info.kind == "prices"]
        self.fresh.show_state(minutes, on, last)

    def _add(self, state: "SourceState") -> None:
        info = state.info
        name = info.name
        self.rows[name] = row = SourceRow(self._bridge, state)
        row.switch_wanted.connect(partial(self._switch, name))
        body = self._cards[info.kind].body
        if body.count():
            body.addWidget(rule())
        body.addWidget(row)
        if info.takes_key:
            row.add_action(self.tr("Key…"), partial(self._ask_key, name), needs_on=False)
        if info.kind == "prices":
            row.add_action(self.tr("Refresh prices"), partial(self._fetch, name))
        elif info.kind == "yields":
            row.add_action(self.tr("Find pools…"), self._find_pools)
        else:
            self.nodes = NodeList(self._service, self._bridge, row)
            body.addWidget(rule())
            body.addWidget(self.nodes)
            self.nodes.refresh()

    def _switch(self, name: str, on: bool) -> None:
        if self._asking is not None:
            self._asking.cancel()
        if on:
            # What the question promises is what the settings say now, not what is shown here.
            interval, ask = self._service.refreshing.interval, partial(self._ask_first, name)
            self._asking = self._bridge.run(interval, ask, owner=self)
        else:
            self._bridge.run(partial(self._service.online.switch, name, False), owner=self)

    def _ask_first(self, name: str, minutes: int) -> None:
        """Ask whether to switch a source on; minutes: between two refreshes, 0 for never."""
        switch = partial(self._service.online.switch, name, True)
        row = self.rows[name]
        often = self.fresh.often(minutes) if row.info.kind == "prices" else ""
        asks = (
            self.tr(
                "Assay will ask {host} for the coins of your alerts and your portfolio now, then "
                "{often} while it runs, and when you press a button here."
            )
            if often
            else self.tr(
                "Assay will ask {host} when you press a button here, and at no other time."
            )
        )
        learns = self.tr(
            "What is learned there: {what}, and the address of this computer.\n\n"
            "Every request is listed below. You can switch it off again at any time."
        ).format(what=row.info.learns)
        host = row.host() or self.tr("the nodes you name")
        words = f"{asks.format(host=host, often=often)}\n\n{learns}"
        Question(
            self.window(),
            self.tr("Switch on {}?").format(row.info.title),
            words,
            self.tr("Switch on"),
            lambda: self._bridge.run(switch, owner=self),
            kind="primary",
        )

    def _fetch(self, name: str) -> None:
        symbols, ids = _coins(self.coins.text())
        refresh = self._service.online.refresh
        fetched = partial(self._fetched, name)
        self.rows[name].run(lambda: refresh(name, symbols, None, ids), fetched)

    def _fetched(self, name: str, done: "Refreshed") -> None:
        row = self.rows[name]
        if done.batch is None:
            text = self.tr("Nothing new.")
        else:
            count = f"{done.rows:,}"
            text = self.tr("{} new values stored.").format(count)
            words = self.tr("{count} values from {source} stored.")
            batch = done.batch
            self._toasts.show(
                words.format(count=count, source=row.info.title),
                (self.tr("Undo"), lambda: self._importing.undo(batch)),
            )
        row.say(" ".join((text, *done.notes)))

    def _find_pools(self) -> None:
        PoolsDialog(self.window(), self._bridge, self._service.online.pools, self._fetch_pool)

    def _fetch_pool(self, pool: "Pool") -> None:
        refresh = self._service.online.refresh_pools
        fetched = partial(self._fetched, "defillama")
        self.rows["defillama"].run(lambda: refresh([pool.id]), fetched)

    def _ask_key(self, name: str) -> None:
        online = self._service.online
        title = self.rows[name].info.title
        row = self.rows[name]

        def done(text: str) -> Callable[[None], object]:
            return lambda _: row.say(text)

        def failed(sentence: str) -> None:
            row.say(sentence, wrong=True)

        def keep(key: str) -> None:
            kept = done(self.tr("The key is in the keyring."))
            self._bridge.run(lambda: online.set_key(name, key), kept, failed, owner=self)

        def forget() -> None:
            gone = done(self.tr("The key is forgotten."))
            self._bridge.run(lambda: online.forget_key(name), gone, failed, owner=self)

        def ask(kept: bool) -> None:
            KeyDialog(self.window(), title, kept, keep, forget)

        self._bridge.run(lambda: online.has_key(name), ask, failed, owner=self)

    def _clear(self) -> None:
        clear = self._service.online.clear_requests
        self._bridge.run(clear, lambda _: self._load_log(), owner=self)

    def _show_log(self, requests: "Sequence[Exchange]", states: "Sequence[SourceState]") -> None:
        titles = {one.info.name: one.info.title for one in states}
        self.log.show_requests(requests, titles)

    def _on_progress(self, event: Event) -> None:
        if not self.isVisible():
            return
        if isinstance(event, PricesRefreshed):
            self._load_sources()
        if isinstance(event, PricesRefreshed) or (isinstance(event, JobProgress) and event.done):
            self._load_log()


def _coins(text: str) -> tuple[list[str], dict[str, str]]:
    """The symbols in "BTC, PEPE=pepe", and what the source calls some of them."""
    parted = [word.partition("=") for word in text.replace(",", " ").split()]
    symbols = [symbol for symbol, _, _ in parted if symbol]
    return symbols, {symbol.upper(): name for symbol, _, name in parted if symbol and name}
