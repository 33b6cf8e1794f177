"""A service in memory for driving the window; the chat answers by a script."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

from engine.alerts.rule import Rule
from engine.alerts.rulejson import make_check, rule_to_json
from engine.core.clock import FixedClock
from engine.core.errors import KnownError
from engine.core.events import DataChanged, EventBus
from engine.core.jobs import Job, JobPool, Progress
from engine.core.paths import Paths
from engine.core.settings import SETTINGS, SettingValue, validate
from engine.ledger.importers import preview_import
from engine.ledger.importers.peek import peek
from engine.ledger.importers.suggest import suggest
from engine.market.anyfile import preview_file
from engine.market.files.tables import Given
from engine.model.catalogue import catalogue
from engine.service import (
    Alert,
    AnalysisOutcome,
    Batch,
    CatalogueEntry,
    ColumnMapping,
    Form,
    HoldingRow,
    ImportPreview,
    ListedModel,
    MarketPreview,
    ModelStatus,
    Peek,
    Valuation,
)
from tests.desktop.fake_builds import FakeBuilds
from tests.desktop.fake_models import (
    FakeAdapters,
    FakeDownloads,
    FakeDrafts,
    FakeEndpoints,
    FakeServing,
)
from tests.desktop.scripted_chat import NOW, ScriptedChat


class FakePortfolio:
    """Previews real files; keeps what is confirmed in a list."""

    def __init__(self, bus: EventBus, jobs: JobPool) -> None:
        self._bus = bus
        self._jobs = jobs
        self.stored: dict[int, ImportPreview] = {}
        self.may_read, self.may_store = threading.Event(), threading.Event()
        self.may_read.set()
        self.may_store.set()
        self.simulated = False
        self.value: Valuation | None = None

    def preview(self, path: Path) -> Job[ImportPreview]:
        def read(progress: Progress) -> ImportPreview:
            def step(fraction: float, text: str) -> None:
                progress.step(fraction, text)
                while not self.may_read.wait(0.01):
                    progress.check()

            return preview_import(path, lambda hashes: set(), FixedClock(NOW), step=step)

        return self._jobs.submit(f"Reading {path.name}", read)

    def confirm(self, preview: ImportPreview) -> Job[int]:
        def store(progress: Progress) -> int:
            progress.report(0.5, f"{len(preview.rows) // 2:,} of {len(preview.rows):,} rows stored")
            self.may_store.wait()
            batch_id = len(self.stored) + 1
            self.stored[batch_id] = preview
            self.simulated = False
            self.value = self.value or some_valuation()
            self._changed()
            return batch_id

        return self._jobs.submit(f"Storing {preview.file_name}", store)

    def undo(self, batch_id: int) -> None:
        del self.stored[batch_id]
        self._changed()

    def peek(self, path: Path) -> Peek:
        return peek(path)

    def suggest_mapping(self, seen: Peek) -> ColumnMapping:
        return suggest(seen.columns, seen.rows)

    def accounts(self) -> tuple[str, ...]:
        return ()

    def batches(self) -> list[Batch]:
        if self.simulated:
            return [Batch(99, "demo", "demo.csv", NOW, 143, True)]
        return [
            Batch(batch_id, one.source, one.file_name, NOW, len(one.rows), False)
            for batch_id, one in self.stored.items()
        ]

    def valuation(self) -> Valuation:
        assert self.value is not None
        return self.value

    def load_demo(self) -> None:
        self.simulated, self.value = True, some_valuation()
        self._changed()

    def remove_demo(self) -> None:
        self.simulated, self.value = False, None
        self._changed()

    def has_data(self) -> bool:
        return self.value is not None

    def is_simulated(self) -> bool:
        return self.simulated

    def _changed(self) -> None:
        self._bus.publish(DataChanged(frozenset({"transactions", "prices"})))


class FakeAnalysis:
    """No analyses at all."""

    def __init__(self, jobs: JobPool) -> None:
        self._jobs = jobs

    def forms(self) -> list[Form]:
        return []

    def run(self, name: str, arguments: Mapping[str, str]) -> Job[AnalysisOutcome]:
        return self._jobs.submit(name, lambda _: AnalysisOutcome((), ""))


class FakeSettings:
    """Settings in a dict, checked as the real ones are."""

    def __init__(self, bus: EventBus) -> None:
        self._bus = bus
        self.values: dict[str, SettingValue] = {one.key: one.default for one in SETTINGS}

    def get(self, key: str) -> SettingValue:
        return self.values[key]

    def text(self, key: str) -> str:
        return str(self.values[key])

    def all(self) -> dict[str, SettingValue]:
        return dict(self.values)

    def set(self, key: str, value: object) -> SettingValue:
        self.values[key] = validate(key, value)
        self._bus.publish(DataChanged(frozenset({"settings"})))
        return self.values[key]


def an_alert(alert_id: int, kind: str, **values: str) -> Alert:
    """An alert with one condition that has not fired."""
    rule = Rule(alert_id, NOW, make_check(kind, values))
    return Alert(alert_id, rule, rule_to_json(rule), NOW, "watching", None)


class FakeAlerts:
    """Alerts in a list."""

    def __init__(self, bus: EventBus) -> None:
        self._bus = bus
        self.alerts: list[Alert] = []
        self.telling = SimpleNamespace(paused_until=lambda: None)

    def unseen(self) -> int:
        return 0

    def list(self) -> Sequence[Alert]:
        return list(self.alerts)

    def delete(self, alert_id: int) -> None:
        self.alerts = [alert for alert in self.alerts if alert.id != alert_id]
        self._bus.publish(DataChanged(frozenset({"alerts"})))


def listed_model(
    number: int, name: str, size: int, weights: str, in_use: bool = False, file_name: str = ""
) -> ListedModel:
    """A model as the page gets it."""
    path = Path(f"{number}.gguf")
    return ListedModel(number, name, path, size, "qwen3", in_use, weights, file_name)


class FakeModels:
    """The starter, and files added by name only."""

    def __init__(self, bus: EventBus, jobs: JobPool) -> None:
        self._bus = bus
        self._jobs = jobs
        self.status = ModelStatus("ready", "Assay starter", "")
        self.adapters = FakeAdapters(bus)
        self.drafts = FakeDrafts(bus)
        self.linked: list[Path] = []
        self.template = ""
        self.models = [listed_model(0, "Assay starter", 24_000_000, "Q8_0", in_use=True)]

    def current(self) -> ModelStatus:
        return self.status

    def list(self) -> Sequence[ListedModel]:
        return list(self.models)

    def own_template(self) -> str:
        return self.template

    def choice(self) -> Path:
        return next((one.path for one in self.models if one.in_use), Path())

    def use(self, which: int) -> str:
        self.models = [replace(one, in_use=one.id == which) for one in self.models]
        self._bus.publish(DataChanged(frozenset({"models"})))
        return next(one.name for one in self.models if one.in_use)

    def add_file(self, path: Path, link: bool = False) -> Job[ListedModel]:
        def add(progress: object) -> ListedModel:
            if link:
                self.linked.append(path)
            if not path.name.endswith(".gguf"):
                raise KnownError(f"{path.name} is not a GGUF file.")
            model = listed_model(len(self.models), path.stem, 2_500_000_000, "Q4_K_M")
            self.models.append(model)
            return model

        return self._jobs.submit(f"Adding {path.name}", add)

    def remove(self, model_id: int) -> int:
        freed = sum(one.frees for one in self.models if one.id == model_id)
        self.models = [one for one in self.models if one.id != model_id]
        self._bus.publish(DataChanged(frozenset({"models"})))
        return freed

    def catalogue(self) -> tuple[CatalogueEntry, ...]:
        return catalogue()


class FakeService:
    """Everything the window talks to."""

    def __init__(self, root: Path) -> None:
        self.bus = EventBus()
        self.jobs = JobPool(self.bus)
        self.paths = Paths(root)
        self.key_place = "in a file of yours only, beside the database"
        self.read_only = ""
        self.chat = ScriptedChat(self.bus)
        self.portfolio = FakePortfolio(self.bus, self.jobs)
        self.analysis = FakeAnalysis(self.jobs)
        self.ledger = SimpleNamespace(proposed=tuple)
        self.market = FakeMarket(self.jobs)
        self.alerts = FakeAlerts(self.bus)
        self.models = FakeModels(self.bus, self.jobs)
        self.downloads = FakeDownloads(self.bus, self.jobs)
        self.builds = FakeBuilds(self.bus, self.jobs)
        self.endpoints = FakeEndpoints(self.bus, self.jobs)
        self.serving = FakeServing(self.bus)
        self.settings = FakeSettings(self.bus)
        self.backups: list[Path] = []
        self.backup = SimpleNamespace(create=self.backups.append)

    def undo(self, batch_id: int) -> None:
        self.portfolio.undo(batch_id)

    def close(self) -> None:
        self.chat.stop()
        for thread in self.chat.threads:
            thread.join()
        self.jobs.close()


class FakeMarket:
    """Previews real files of market data; keeps what is confirmed in a list."""

    def __init__(self, jobs: JobPool) -> None:
        self._jobs = jobs
        self.stored: list[MarketPreview] = []

    def preview_file(
        self, path: Path, asset: str | None = None, currency: str | None = None
    ) -> Job[MarketPreview]:
        given = Given(asset, currency, "USD")
        return self._jobs.submit(
            path.name, lambda p: preview_file(path, given, lambda _: set(), NOW, p.step)
        )

    def confirm(self, preview: MarketPreview) -> Job[int]:
        def store(_: Progress) -> int:
            self.stored.append(preview)
            return 50 + len(self.stored)

        return self._jobs.submit(f"Storing {preview.file_name}", store)

    def batches(self) -> list[Batch]:
        return []


def some_valuation() -> Valuation:
    """Seven holdings, one without a price, one at a loss."""
    figures = [
        ("BTC", "0.4215", "91250.4", "18650.2"),
        ("ETH", "5.31", "3310.22", "12040"),
        ("SOL", "61.5", "187.4", "6210.55"),
        ("USDC", "5210.77", "1", "5210.77"),
        ("LINK", "240", "15.02", "3900.1"),
        ("AVAX", "88.2", "21.7", "2510"),
        ("ADA", "3100", "0.4107", "1650.3"),
    ]
    total = sum(Decimal(amount) * Decimal(price) for _, amount, price, _ in figures)
    rows = []
    for asset, amount, price, cost in figures:
        value = Decimal(amount) * Decimal(price)
        rows.append(
            HoldingRow(
                asset=asset,
                amount=Decimal(amount),
                price=Decimal(price),
                price_day=date(2026, 11, 20),
                value=value,
                weight=value / total,
                cost=Decimal(cost),
                unrealised=value - Decimal(cost),
                known_amount=Decimal(amount),
            )
        )
    return Valuation(date(2026, 11, 22), "USD", tuple(rows), total, ())
