"""Lets a chat go on at once: what the model has read of it is kept when it pauses."""

import threading
from collections.abc import Callable

from engine.assistant.voices import session_of
from engine.model.client import ModelClient
from engine.model.kvstore import KvStore

PAUSE_SECONDS = 20.0
"""A chat in which nothing happens for so long is kept on disk."""


class ChatMemory:
    """Brings a chat's state back before an answer, and keeps it after a pause."""

    def __init__(
        self,
        store: KvStore,
        client: Callable[[], ModelClient | None],
        pause: float = PAUSE_SECONDS,
    ) -> None:
        """client: the model that is loaded now, if there is one."""
        self._store = store
        self._client = client
        self._pause = pause
        self._lock = threading.Lock()
        self._changed: set[int] = set()
        self._gone: set[int] = set()
        self._timer: threading.Timer | None = None
        self._writing = threading.Lock()

    def before(self, chat_id: int) -> None:
        """An answer of this chat begins."""
        self._stop_timer()
        if (client := self._client()) is not None:
            self._store.restore(client, session_of(chat_id))

    def after(self, chat_id: int) -> None:
        """An answer of this chat has ended."""
        self._stop_timer()
        with self._lock:
            self._changed.add(chat_id)
            self._timer = threading.Timer(self._pause, self.keep)
            self._timer.daemon = True
            self._timer.start()

    def deleted(self, chat_id: int) -> None:
        """A chat is gone: so is what the model has read of it, also if that is being written."""
        with self._lock:
            self._changed.discard(chat_id)
            self._gone.add(chat_id)
        self._store.forget(session_of(chat_id))
        if (client := self._client()) is not None:
            client.forget_session(session_of(chat_id))

    def on_setting(self, key: str) -> None:
        """There may be less room than before."""
        if key == "chat_memory_mb":
            self._store.trim()

    def keep(self) -> None:
        """Write down what has changed, now."""
        with self._writing:
            with self._lock:
                changed, self._changed = self._changed, set()
            client = self._client()
            if client is not None:
                for chat_id in changed:
                    self._store.save(client, session_of(chat_id))
                    with self._lock:
                        gone = chat_id in self._gone
                    if gone:  # deleted while it was written
                        self._store.forget(session_of(chat_id))

    def close(self) -> None:
        """Keep what there is; nothing is written afterwards."""
        self._stop_timer()
        self.keep()

    def _stop_timer(self) -> None:
        with self._lock:
            timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
