"""The composition root: opens everything on one data folder and hands out the areas."""

from collections.abc import Callable
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import cast

from engine.alerts.simple import SimpleCondition
from engine.assistant.turn import Assistant
from engine.assistant.voices import Remote, is_private, session_of
from engine.core.cards import Draft
from engine.core.clock import Clock, SystemClock
from engine.core.events import Event, EventBus, StatusChanged
from engine.core.jobs import JobPool
from engine.core.paths import Paths
from engine.market.series import PriceBook
from engine.model.client import ModelClient
from engine.model.kvstore import KvStore
from engine.model.registry import Registry
from engine.model.sandbox import shield
from engine.service.alert_feed import alert_feed
from engine.service.alert_summary import AlertSummary
from engine.service.alerts import AlertArea
from engine.service.analysis import AnalysisArea
from engine.service.answering import Turn
from engine.service.backup import BackupArea
from engine.service.builds import BuildArea
from engine.service.chat import ChatArea
from engine.service.chat_memory import ChatMemory
from engine.service.downloads import DownloadArea
from engine.service.endpoints import EndpointArea
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
from engine.service.serving import ServingArea
from engine.service.settings import Settings
from engine.service.source_health import Pair
from engine.service.tax import TaxArea
from engine.service.training import TrainingArea
from engine.service.view import View
from engine.service.warming import warm_up
from engine.store.chat_search import ChatSearch
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

ENDPOINT_PREFIX = "endpoint:"
"""How the model of a chat begins that is on another computer; its server's name follows."""


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
        shield()
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
        self.training = TrainingArea(paths.training, jobs)
        self.ledger = LedgerArea(
            EditRepo(database), pairs, documents, self._view, jobs, clock, publish
        )
        self.settings = Settings(setting_repo, publish)
        registry = Registry(paths, ModelRepo(database))
        self.models = ModelArea(
            registry,
            self.settings,
            jobs,
            publish,
            self._warm_up,
            documents,
            model_path,
            paths.root,
            paths.states,
        )
        closing.callback(self.models.close)
        requests = RequestRepo(database)
        self.downloads = DownloadArea(
            paths,
            registry,
            self.settings,
            requests,
            jobs,
            clock,
            publish,
            self.models.held,
            self.models.factor,
        )
        closing.callback(self.downloads.close)
        self.builds = BuildArea(
            paths,
            registry,
            self.models,
            self.downloads,
            self.training,
            self.settings,
            jobs,
            publish,
            lambda: database.read_only != "",
        )
        closing.callback(self.builds.close)
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
            requests,
            documents,
            jobs,
            clock,
            publish,
            lambda: self._view.context().assets,
        )
        self.endpoints = EndpointArea(documents, RequestRepo(database), jobs, clock, publish)
        self.settings.check("answers_from", self.endpoints.get)
        self.serving = ServingArea(self.models, self.settings, documents, publish)
        closing.callback(self.serving.close)
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
        store = KvStore(
            paths.states, key, lambda: int(self.settings.get("chat_memory_mb")) * 1_000_000
        )
        if not database.read_only:
            store.keep_only(session_of(chat.id) for chat in chats.list())
        self._memory = ChatMemory(store, self.models.running)
        self.settings.on_change(self._memory.on_setting)
        closing.callback(self._memory.close)
        self.chat = ChatArea(
            chats, ChatSearch(database), self._assistant, publish, self._confirm, self._memory
        )
        closing.callback(self.chat.close)
        self.alert_summary = AlertSummary(
            self.alerts.history,
            self._view.context,
            self.models.client,
            lambda: self._remote(""),
            publish,
        )
        closing.callback(self.alert_summary.close)
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
                service.serving.follow()
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

    def _assistant(self, publish: Callable[[Event], None], turn: Turn) -> Assistant:
        remote = self._remote(turn.model)
        if remote is not None:
            return Assistant(None, self._view.context, publish, turn.preset, remote)
        if self.models.lend(turn.model):
            publish(StatusChanged(turn.message_id, "Loading the model…"))
        client = self.models.client(turn.cancel)
        if client is not None:
            self._memory.before(turn.chat_id)
        return Assistant(client, self._view.context, publish, turn.preset)

    def _remote(self, model: str) -> Remote | None:
        """The model server that answers a chat whose model this is; KnownError if it cannot."""
        name = self._answering_endpoint(model)
        if not name:
            return None
        endpoint = self.endpoints.get(name)
        chat = self.endpoints.chat(name, is_private)
        return Remote(name, chat, endpoint.may_send_portfolio)

    def _answering_endpoint(self, model: str) -> str:
        """The name of that server; "" for none."""
        if model.startswith(ENDPOINT_PREFIX):
            return model.removeprefix(ENDPOINT_PREFIX)
        return "" if model else self.settings.text("answers_from")

    def _warm_up(self, client: ModelClient) -> None:
        warm_up(self._view.context(), client)

    def _confirm(self, draft: Draft) -> int:
        facts = dict(draft.facts)
        condition = cast(SimpleCondition, facts["condition"])
        value = Decimal(facts["value"])
        return self.alerts.add(facts["asset"], condition, value, facts["currency"])
