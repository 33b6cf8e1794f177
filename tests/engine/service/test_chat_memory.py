"""What the model has read of a chat: back before an answer, kept after a pause, gone with it."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest

from engine.core.clock import SystemClock
from engine.core.events import TurnFinished
from engine.core.paths import Paths
from engine.model.client import ModelClient
from engine.model.kvstore import KvStore
from engine.model.loading import ModelInfo
from engine.service import Service
from engine.service.chat_memory import ChatMemory

Open = Callable[..., Service]


def ask(service: Service, chat_id: int | None, text: str) -> tuple[int, TurnFinished]:
    """Ask and wait for the end."""
    ended: list[TurnFinished] = []
    stop = service.bus.subscribe(
        lambda event: ended.append(event) if isinstance(event, TurnFinished) else None
    )
    chat, message = service.chat.ask(chat_id, text)
    end = time.monotonic() + 60
    while not any(one.message_id == message for one in ended):
        assert time.monotonic() < end
        time.sleep(0.01)
    stop()
    return chat, next(one for one in ended if one.message_id == message)


@pytest.fixture
def kept() -> Callable[[Service], list[Path]]:
    """The files of a service's chats."""
    return lambda service: sorted((service.paths.root / "read").glob("*.kv"))


def test_a_chat_goes_on_after_a_restart(
    open_service: Open, kept: Callable[[Service], list[Path]]
) -> None:
    service = open_service(background=True)
    service.portfolio.load_demo()
    chat, first = ask(service, None, "what is my portfolio worth?")
    assert first.status == "complete"
    assert first.figures is not None
    service.close()
    assert len(kept(service)) == 1

    again = Service.open(Paths(service.paths.root), SystemClock())
    _, second = ask(again, chat, "what is my portfolio worth?")
    assert second.figures is not None
    assert second.figures.cached_tokens > 100
    again.chat.delete(chat)
    again.close()
    assert not kept(again)


def test_nothing_is_kept_where_the_user_wants_that(
    open_service: Open, kept: Callable[[Service], list[Path]]
) -> None:
    service = open_service(background=True)
    service.settings.set("chat_memory_mb", 0)
    service.portfolio.load_demo()
    ask(service, None, "what is my portfolio worth?")
    service.close()
    assert not kept(service)


def test_less_room_takes_effect_at_once(
    open_service: Open, kept: Callable[[Service], list[Path]]
) -> None:
    service = open_service(background=True)
    service.portfolio.load_demo()
    ask(service, None, "what is my portfolio worth?")
    service.close()
    assert kept(service)
    again = Service.open(Paths(service.paths.root), SystemClock())
    again.settings.set("chat_memory_mb", 0)
    assert not kept(again)
    again.close()


class SlowModel:
    """A client whose saving of a session waits for a sign."""

    loaded = ModelInfo("m", "qwen3", Path("m.gguf"), 1, "chatml", 1, "ab" * 32)
    adapters = ()

    def __init__(self) -> None:
        self.saving, self.go_on = threading.Event(), threading.Event()

    def is_running(self) -> bool:
        return True

    def save_session(self, session: str, path: Path, key: bytes, bound: str) -> int:
        self.saving.set()
        assert self.go_on.wait(10)
        path.write_bytes(b"state")
        return 500

    def forget_session(self, session: str) -> None:
        pass


def test_a_chat_deleted_while_it_is_written_leaves_nothing(tmp_path: Path) -> None:
    model, folder = SlowModel(), tmp_path / "read"
    client = cast(ModelClient, model)
    memory = ChatMemory(KvStore(folder, bytes(32), lambda: 1 << 20), lambda: client, pause=1000)
    memory.after(5)
    keeping = threading.Thread(target=memory.keep)
    keeping.start()
    assert model.saving.wait(10)
    memory.deleted(5)
    model.go_on.set()
    keeping.join(10)
    memory.close()
    assert not list(folder.iterdir())
