"""One consistent view of the user's data, kept until something changes."""

import threading

from engine.alerts.listing import read_alerts
from engine.assistant.knowledge import Knowledge
from engine.assistant.tools.context import ToolContext
from engine.assistant.tools.library import Library
from engine.core.clock import Clock
from engine.core.events import DataChanged, Event, EventBus
from engine.ledger import basis_settings
from engine.market.series import PriceBook
from engine.store.pairs import PairRepo
from engine.store.rules import RuleRepo
from engine.store.settings import SettingRepo
from engine.store.transactions import TransactionRepo

_KINDS = frozenset({"transactions", "prices", "alerts", "settings"})


class View:
    """Makes the context that the tools and the portfolio page compute from.

    It listens to the bus before anybody else, so that whoever is told of a change sees it.
    """

    def __init__(
        self,
        transactions: TransactionRepo,
        prices: PriceBook,
        rules: RuleRepo,
        settings: SettingRepo,
        library: Library,
        pairs: PairRepo,
        bus: EventBus,
        clock: Clock,
    ) -> None:
        self._transactions = transactions
        self._prices = prices
        self._rules = rules
        self._settings = settings
        self._library = library
        self._pairs = pairs
        self._clock = clock
        self._knowledge = Knowledge()
        self._lock = threading.Lock()
        self._context: ToolContext | None = None
        self._age = 0
        bus.subscribe(self._on_event)

    def context(self) -> ToolContext:
        """The data as they are now; the same object while nothing changes."""
        today = self._clock.today()
        with self._lock:
            context, age = self._context, self._age
        if context is not None and context.today == today:
            return context
        context = ToolContext(
            transactions=self._transactions.all(),
            prices=self._prices,
            alerts=read_alerts(self._rules.list(), today),
            knowledge=self._knowledge,
            currency=str(self._settings.get("currency")),
            today=today,
            library=self._library,
            pairs=self._pairs.all(),
            basis=basis_settings.basis_from_body(
                self._library.documents("cost_basis").get(basis_settings.NAME)
            ),
            simulated=any(batch.simulated for batch in self._transactions.batches()),
        )
        with self._lock:
            # What was read before a change must not be kept after it.
            if age == self._age:
                self._context = context
        return context

    def _on_event(self, event: Event) -> None:
        if isinstance(event, DataChanged) and event.kinds & _KINDS:
            if "prices" in event.kinds:
                self._prices.forget()
            with self._lock:
                self._context = None
                self._age += 1
