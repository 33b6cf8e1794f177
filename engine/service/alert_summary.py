"""Sums up what the alerts fired lately when the user asks for it, after whoever else asks."""

import itertools
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from engine.alerts.listing import FiredAlert
from engine.assistant.cancel import Cancel, Stopped
from engine.assistant.fired import MOST, sum_up
from engine.assistant.tools.context import ToolContext
from engine.assistant.voices import Remote
from engine.assistant.writing import Writer
from engine.core.errors import KnownError
from engine.core.events import Event, StatusChanged, TurnFinished
from engine.model.client import ModelClient
from engine.service.answering import sentence_of


class AlertSummary:
    """Writes one summary at a time on a thread of its own; nothing of it is stored."""

    def __init__(
        self,
        history: Callable[[int], Sequence[FiredAlert]],
        context: Callable[[], ToolContext],
        model: Callable[[threading.Event], ModelClient | None],
        remote: Callable[[], Remote | None],
        publish: Callable[[Event], None],
    ) -> None:
        """history: the latest firings, no more than so many, newest first. model: the one loaded
        here, waited for until the event is set. remote: the one elsewhere that answers instead.
        """
        self._history = history
        self._context = context
        self._model = model
        self._remote = remote
        self._publish = publish
        self._lock = threading.Lock()
        self._cancel = Cancel()
        # Below zero, where no message of a chat is.
        self._numbers = itertools.count(-1, -1)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="alert-summary")

    def start(self) -> int:
        """Begin a summary and end the one before; returns at once.

        The events of an answer follow, up to TurnFinished, with the number that is returned as
        their message_id.
        """
        with self._lock:
            self._cancel.set()
            cancel = self._cancel = Cancel()
            number = next(self._numbers)
            self._thread.submit(self._work, number, cancel)
        return number

    def stop(self) -> None:
        """End the summary that is being written."""
        with self._lock:
            self._cancel.set()

    def close(self) -> None:
        """The same, and wait for its end."""
        self.stop()
        self._thread.shutdown(wait=True)

    def _work(self, number: int, cancel: Cancel) -> None:
        writer = Writer(self._publish, number, cancel)
        try:
            notice = self._written(number, writer, cancel)
            finished = TurnFinished(number, "complete", notice, writer.figures)
        except Stopped:
            finished = TurnFinished(number, "stopped", "", writer.figures)
        except Exception as error:  # noqa: BLE001  (whoever asked waits for its end)
            finished = TurnFinished(number, "failed", sentence_of(error))
        self._publish(finished)

    def _written(self, number: int, writer: Writer, cancel: Cancel) -> str:
        """What is to be said about the summary when it is there. Raises KnownError, Stopped."""
        cancel.check()
        self._publish(StatusChanged(number, "Summing up what fired…"))
        firings = self._history(MOST + 1)
        if not firings:
            raise KnownError("No alert has fired.")
        return sum_up(
            firings[:MOST],
            len(firings) > MOST,
            self._context(),
            lambda: self._model(cancel),
            self._remote,
            writer,
        )
