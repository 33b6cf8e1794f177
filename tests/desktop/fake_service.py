"""A scripted service in memory, for driving the window: slow, bursty, crashing, asking back."""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from engine.core.cards import Choice
from engine.core.clock import FixedClock
from engine.core.errors import KnownError
from engine.core.events import (
    CardReady,
    DataChanged,
    Event,
    EventBus,
    TextDelta,
    ThinkDelta,
    TurnFinished,
    TurnStarted,
)
from engine.core.jobs import Job, JobPool
from engine.core.paths import Paths
from engine.core.settings import SETTINGS, SettingValue, validate
from engine.ledger.importers import preview_import
from engine.service import (
    Alert,
    Batch,
    Chat,
    History,
    HoldingRow,
    ImportPreview,
    ListedModel,
    Message,
    ModelStatus,
    PricePreview,
    Valuation,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)

Step = float | Callable[[int], Event]
"""A pause in seconds, or an event made for the message that is being answered."""

Script = Callable[[str], Iterable[Step]]


def says(text: str, piece: int = 7, pause: float = 0.0) -> list[Step]:
    """Steps that stream a text in pieces of so many characters."""
    steps: list[Step] = []
    for at in range(0, len(text), piece):
        steps.append(lambda m, part=text[at : at + piece]: TextDelta(m, part))
        if pause:
            steps.append(pause)
    return steps


def ends(status: str = "complete", notice: str = "") -> list[Step]:
    """The step that ends an answer."""
    return [lambda m: TurnFinished(m, status, notice)]


class FakeChat:
    """Answers every question by `script`, on a thread of its own."""

    def __init__(self, bus: EventBus) -> None:
        self._bus = bus
        self.script: Script = lambda question: [*says(f"You said: {question}"), *ends()]
        self.chats: dict[int, Chat] = {}
        self.stored: dict[int, list[Message]] = {}
        self.asked: list[str] = []
        self.chosen: list[tuple[int, str]] = []
        self.confirmed: list[str] = []
        self.discarded: list[str] = []
        self._stop = threading.Event()
        self._ids = iter(range(1, 1_000_000))
        self.threads: list[threading.Thread] = []

    def list(self) -> Sequence[Chat]:
        return list(reversed(self.chats.values()))

    def messages(self, chat_id: int) -> Sequence[Message]:
        return list(self.stored.get(chat_id, []))

    def add_chat(self, title: str, *pairs: tuple[str, str]) -> int:
        """Store a conversation of questions and answers."""
        chat_id = next(self._ids)
        self.chats[chat_id] = Chat(chat_id, title, NOW)
        self.stored[chat_id] = []
        for question, answer in pairs:
            self._store(chat_id, "user", question, "complete")
            self._store(chat_id, "assistant", answer, "complete")
        return chat_id

    def ask(self, chat_id: int | None, text: str) -> tuple[int, int]:
        self.asked.append(text)
        if text == "refused":
            raise KnownError("This question cannot be asked.", "Ask another.")
        if chat_id is None:
            chat_id = self.add_chat(text)
            self._bus.publish(DataChanged(frozenset({"chats"})))
        self._store(chat_id, "user", text, "complete")
        message_id = self._store(chat_id, "assistant", "", "streaming")
        self._stop.clear()
        thread = threading.Thread(target=self._answer, args=(chat_id, message_id, text))
        self.threads.append(thread)
        thread.start()
        return chat_id, message_id

    def stop(self) -> None:
        self._stop.set()

    def choose(self, message_id: int, key: str) -> tuple[int, int]:
        self.chosen.append((message_id, key))
        chat_id = next(c for c, all_ in self.stored.items() if any(m.id == message_id for m in all_))
        return self.ask(chat_id, key.removeprefix("text:"))

    def confirm(self, draft_id: str) -> int:
        if draft_id == "broken":
            raise KnownError("This draft is not open any more.", "Ask again.")
        self.confirmed.append(draft_id)
        return 1

    def discard(self, draft_id: str) -> None:
        self.discarded.append(draft_id)

    def rename(self, chat_id: int, title: str) -> None:
        self.chats[chat_id] = replace(self.chats[chat_id], title=title)
        self._bus.publish(DataChanged(frozenset({"chats"})))

    def delete(self, chat_id: int) -> None:
        del self.chats[chat_id]
        self._bus.publish(DataChanged(frozenset({"chats"})))

    def _store(self, chat_id: int, role: Any, text: str, status: Any) -> int:
        message = Message(next(self._ids), chat_id, role, text, "", status, (), "", NOW)
        self.stored[chat_id].append(message)
        return message.id

    def _answer(self, chat_id: int, message_id: int, text: str) -> None:
        self._bus.publish(TurnStarted(chat_id, message_id))
        for step in self.script(text):
            if self._stop.is_set():
                self._bus.publish(TurnFinished(message_id, "stopped", ""))
                return
            if isinstance(step, float):
                time.sleep(step)
                continue
            event = step(message_id)
            self._bus.publish(event)
            self._keep(chat_id, message_id, event)

    def _keep(self, chat_id: int, message_id: int, event: Event) -> None:
        at = next(n for n, m in enumerate(self.stored[chat_id]) if m.id == message_id)
        message = self.stored[chat_id][at]
        match event:
            case TextDelta(text=text):
                message = replace(message, text=message.text + text)
            case ThinkDelta(text=text):
                message = replace(message, thinking=message.thinking + text)
            case CardReady(card=card):
                message = replace(message, cards=(*message.cards, card))
            case TurnFinished(status=status):
                message = replace(message, status=status)
        self.stored[chat_id][at] = message


class FakePortfolio:
    """Previews real files; keeps what is confirmed in a list."""

    def __init__(self, bus: EventBus, jobs: JobPool) -> None:
        self._bus = bus
        self._jobs = jobs
        self.stored: dict[int, ImportPreview] = {}
        self.simulated = False
        self.value: Valuation | None = None
        self.days: list[date] = []

    def preview(self, path: Path) -> Job[ImportPreview]:
        clock = FixedClock(NOW)
        return self._jobs.submit(
            path.name, lambda _: preview_import(path, lambda hashes: set(), clock)
        )

    def confirm(self, preview: ImportPreview) -> int:
        batch_id = len(self.stored) + 1
        self.stored[batch_id] = preview
        self.simulated = False
        self.value = self.value or some_valuation()
        self._changed()
        return batch_id

    def undo(self, batch_id: int) -> None:
        del self.stored[batch_id]
        self._changed()

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

    def history(self) -> History:
        days = [NOW.date() - timedelta(n) for n in range(1_200, -1, -1)]
        steps = np.random.default_rng(7).normal(0.0012, 0.021, len(days))
        values = 20_000 * np.exp(np.cumsum(steps))
        values *= float(self.valuation().total) / values[-1]
        return History(days, values, np.zeros(len(days)), 0.0)

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


class FakeSettings:
    """Settings in a dict, checked as the real ones are."""

    def __init__(self, bus: EventBus) -> None:
        self._bus = bus
        self.values: dict[str, SettingValue] = {one.key: one.default for one in SETTINGS}

    def get(self, key: str) -> SettingValue:
        return self.values[key]

    def all(self) -> dict[str, SettingValue]:
        return dict(self.values)

    def set(self, key: str, value: object) -> SettingValue:
        self.values[key] = validate(key, value)
        self._bus.publish(DataChanged(frozenset({"settings"})))
        return self.values[key]


class FakeAlerts:
    """Alerts in a list."""

    def __init__(self, bus: EventBus) -> None:
        self._bus = bus
        self.alerts: list[Alert] = []

    def list(self) -> Sequence[Alert]:
        return list(self.alerts)

    def delete(self, alert_id: int) -> None:
        self.alerts = [alert for alert in self.alerts if alert.id != alert_id]
        self._bus.publish(DataChanged(frozenset({"alerts"})))


class FakeModels:
    """The starter, and files added by name only."""

    def __init__(self, bus: EventBus, jobs: JobPool) -> None:
        self._bus = bus
        self._jobs = jobs
        self.status = ModelStatus("ready", "Assay starter", "")
        self.models = [
            ListedModel(0, "Assay starter", Path("starter.gguf"), 24_000_000, "qwen3", True)
        ]

    def current(self) -> ModelStatus:
        return self.status

    def list(self) -> Sequence[ListedModel]:
        return list(self.models)

    def use(self, which: int) -> str:
        self.models = [replace(one, in_use=one.id == which) for one in self.models]
        self._bus.publish(DataChanged(frozenset({"models"})))
        return next(one.name for one in self.models if one.in_use)

    def add_file(self, path: Path) -> Job[ListedModel]:
        def add(progress: object) -> ListedModel:
            if not path.name.endswith(".gguf"):
                raise KnownError(f"{path.name} is not a GGUF file.")
            model = ListedModel(len(self.models), path.stem, path, 2_500_000_000, "qwen3", False)
            self.models.append(model)
            return model

        return self._jobs.submit(f"Adding {path.name}", add)

    def remove(self, model_id: int) -> None:
        self.models = [one for one in self.models if one.id != model_id]
        self._bus.publish(DataChanged(frozenset({"models"})))

    def catalogue(self) -> tuple[Any, ...]:
        from engine.model.catalogue import catalogue

        return catalogue()


class FakeService:
    """Everything the window talks to."""

    def __init__(self, root: Path) -> None:
        self.bus = EventBus()
        self.jobs = JobPool(self.bus)
        self.paths = Paths(root)
        self.key_place = "in a file of yours only, beside the database"
        self.read_only = False
        self.chat = FakeChat(self.bus)
        self.portfolio = FakePortfolio(self.bus, self.jobs)
        self.market = FakeMarket(self.jobs)
        self.alerts = FakeAlerts(self.bus)
        self.models = FakeModels(self.bus, self.jobs)
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
    """Previews real price files; keeps what is confirmed in a list."""

    def __init__(self, jobs: JobPool) -> None:
        self._jobs = jobs
        self.stored: list[PricePreview] = []

    def preview_prices(self, path: Path) -> Job[PricePreview]:
        from engine.market.prices import preview_prices

        return self._jobs.submit(path.name, lambda _: preview_prices(path, "USD"))

    def confirm_prices(self, preview: PricePreview) -> int:
        self.stored.append(preview)
        return 50 + len(self.stored)

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


def choices() -> tuple[Choice, ...]:
    """Two meanings of a question."""
    return (
        Choice('{"name": "what_if"}', "What if BTC falls 30 %?"),
        Choice("text:How much did BTC fall?", "How much did BTC fall?"),
    )
