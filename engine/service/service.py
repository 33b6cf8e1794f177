"""The composition root: opens everything on one data folder and hands out the areas."""

from collections.abc import Callable
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import cast

from engine.alerts.simple import SimpleCondition
from engine.assistant.cancel import Cancel
from engine.assistant.turn import Assistant
from engine.core.cards import Draft
from engine.core.clock import Clock, SystemClock
from engine.core.events import Event, EventBus
from engine.core.jobs import JobPool
from engine.core.paths import Paths
from engine.market.series import PriceBook
from engine.model.client import ModelClient
from engine.model.registry import Registry
from engine.service.alert_feed import alert_feed
from engine.service.alerts import AlertArea
from engine.service.analysis import AnalysisArea
from engine.service.backup import BackupArea
from engine.service.chat import ChatArea
from engine.service.ledger import LedgerArea
from engine.service.leftovers import remove_leftovers
from engine.service.library import StoredLibrary
from engine.service.lock import Occupied, ProfileLock
from engine.service.logfile import LogFile
from engine.service.market import MarketArea
from engine.service.models import ModelArea
from engine.service.onchain import OnchainArea
from engine.service.online import OnlineArea
from engine.service.portfolio import PortfolioArea
from engine.service.refreshing import Refreshing
from engine.service.settings import Settings
from engine.service.source_health import Pair
from engine.service.tax import TaxArea
from engine.service.view import View
from engine.service.warming import warm_up
from engine.store.chats import ChatRepo
from engine.store.database import Database
from engine.store.documents import DocumentRepo
from engine.store.edits import EditRepo
from engine.store.keys import load_or_create_key
from engine.store.measurements import MeasurementRepo
from engine.store.models import ModelRepo
from engine.store.nft_sales import NftSaleRepo
from engine.store.pairs import PairRepo
from engine.store.prices import PriceRepo
from engine.store.requests import RequestRepo
from engine.store.rules import RuleRepo
from engine.store.settings import SettingRepo
from engine.store.transactions import TransactionRepo


class Service:
    """Everything the screens talk to; use Service.open.

    key_place: a plain phrase saying where the database key is kept. read_only: why nothing can be
    changed, as a sentence, or "".
    """

    def __init__(
        self,
        paths: Paths,
        clock: Clock,
        model_path: Path | None,
        closing: ExitStack,
        reading: bool,
    ) -> None:
        paths.ensure()
        beside = False
        try:
            closing.callback(ProfileLock(paths).release)
            remove_leftovers(paths)
        except Occupied:
            if not reading or not paths.database.exists():
                raise
            beside = True
        closing.callback(LogFile(paths).close)
        key, self.key_place = load_or_create_key(paths)
        database = Database.open(paths.database, key, clock, beside)
        closing.callback(database.close)
        self.read_only = database.read_only
        self.paths = paths
        self.bus = EventBus()
        publish = self.bus.publish
        jobs = JobPool(self.bus)
        setting_repo, rules = SettingRepo(database), RuleRepo(database)
        transactions, price_repo = TransactionRepo(database), PriceRepo(database)
        prices = PriceBook(price_repo)
        documents, measurements = DocumentRepo(database), MeasurementRepo(database)
        pairs = PairRepo(database)
        sales = NftSaleRepo(database)
        library = StoredLibrary(documents, measurements, price_repo, sales)
        self._view = View(
            transactions, prices, rules, setting_repo, library, pairs, self.bus, clock
        )
        self.analysis = AnalysisArea(self._view, documents, jobs, publish)
        self.tax = TaxArea(self._view, jobs)
        self.ledger = LedgerArea(
            EditRepo(database), pairs, documents, self._view, jobs, clock, publish
        )
        self.settings = Settings(setting_repo, publish)
        registry = Registry(paths, ModelRepo(database))
        self.models = ModelArea(registry, self.settings, jobs, publish, self._warm_up, model_path)
        closing.callback(self.models.close)
        closing.callback(jobs.close)
        self.portfolio = PortfolioArea(
            transactions, price_repo, documents, self._view, jobs, clock, publish
        )
        self.market = MarketArea(
            price_repo, measurements, sales, prices, self.settings, jobs, clock, publish
        )
        feed = alert_feed(prices, price_repo, self._view.context, measurements, documents)
        self.alerts = AlertArea(
            rules, documents, feed, self.settings, self.bus, clock, self._view.context
        )
        closing.callback(self.alerts.close)
        self.online = OnlineArea(
            self.settings,
            price_repo,
            measurements,
            RequestRepo(database),
            documents,
            jobs,
            clock,
            publish,
            lambda: self._view.context().assets,
        )
        self.refreshing = Refreshing(self.online, self.settings, self._watched, clock, publish)
        closing.callback(self.refreshing.close)
        self.onchain = OnchainArea(
            self.online.nodes,
            transactions.existing_hashes,
            self.portfolio.warned,
            jobs,
            clock,
        )
        self.backup = BackupArea(database)
        chats = ChatRepo(database)
        if not database.read_only:
            chats.recover()
        self.chat = ChatArea(chats, self._assistant, publish, self._confirm)
        closing.callback(self.chat.close)
        self._closing = closing

    @classmethod
    def open(
        cls,
        paths: Paths,
        clock: Clock | None = None,
        model_path: Path | None = None,
        background: bool = True,
        reading: bool = False,
    ) -> "Service":
        """Open the data folder, made if need be; nobody else may have it open.

        reading: nothing is going to be changed, so another Assay may have it open.
        model_path: answer with this file instead of the chosen model. background: load the model
        at once, beside everything else, watch the alerts and refresh prices. Raises KnownError.
        """
        with ExitStack() as closing:
            service = cls(paths, clock or SystemClock(), model_path, closing, reading)
            if background:
                service.models.start()
                service.alerts.start()
                service.refreshing.start()
            service._closing = closing.pop_all()
        return service

    def undo(self, batch_id: int) -> None:
        """Take an import back, of any kind; KnownError if there is none."""
        if any(batch.id == batch_id for _, batch in self.market.imports()):
            self.market.undo(batch_id)
        else:
            self.portfolio.undo(batch_id)

    def close(self) -> None:
        """Stop the answer being written, which is kept, and close everything."""
        self._closing.close()

    def _watched(self) -> list[Pair]:
        """The prices that alerts and the portfolio are worked out from."""
        currency = self.settings.text("currency")
        held = [(asset, currency) for asset in self._view.context().assets]
        return [*sorted(self.alerts.priced()), *held]

    def _assistant(self, publish: Callable[[Event], None], cancel: Cancel) -> Assistant:
        return Assistant(self.models.client(cancel), self._view.context, publish)

    def _warm_up(self, client: ModelClient) -> None:
        warm_up(self._view.context(), client)

    def _confirm(self, draft: Draft) -> int:
        facts = dict(draft.facts)
        condition = cast(SimpleCondition, facts["condition"])
        value = Decimal(facts["value"])
        return self.alerts.add(facts["asset"], condition, value, facts["currency"])
