"""The one thread that answers questions, in the order in which they were asked."""

import logging
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from engine.assistant.cancel import Cancel
from engine.assistant.prompting import Exchange
from engine.assistant.turn import Assistant, Outcome
from engine.core.errors import Cancelled, KnownError
from engine.core.events import Event, TurnFinished, TurnStarted
from engine.core.presets import PRECISE, Preset
from engine.service.recorder import Recorder

_log = logging.getLogger(__name__)

CLOSE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Turn:
    """One question to answer; call: the tool call the user chose, if there was a choice.

    question_id: the message that is answered. model: what answers, "" for the app's choice.
    untold: how many turns came before those of the history.
    """

    chat_id: int
    message_id: int
    question: str
    call: dict[str, Any] | None
    history: Sequence[Exchange]
    cancel: Cancel = field(default_factory=Cancel)
    question_id: int = 0
    model: str = ""
    preset: Preset = PRECISE
    untold: int = 0


class Answering:
    """Answers turns one after the other and stores each as it streams."""

    def __init__(
        self,
        assistant: Callable[[Turn], Assistant],
        recorder: Recorder,
        publish: Callable[[Event], None],
        ended: Callable[[Turn], None] = lambda turn: None,
    ) -> None:
        """assistant: called for each turn on the answering thread, may wait for the model; ended:
        called after each.
        """
        self._assistant = assistant
        self._recorder = recorder
        self._publish = publish
        self._ended = ended
        self._lock = threading.Lock()
        self._open: dict[int, Turn] = {}
        self._queue: queue.SimpleQueue[Turn | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="answering", daemon=True)
        self._thread.start()

    def submit(self, turn: Turn) -> None:
        """Answer this turn after those that wait already."""
        with self._lock:
            self._open[turn.message_id] = turn
        self._queue.put(turn)

    def stop(self) -> None:
        """Stop the answer being written and those that wait."""
        with self._lock:
            turns = tuple(self._open.values())
        for turn in turns:
            turn.cancel.set()

    def is_open(self, chat_id: int) -> bool:
        """Whether an answer of this chat is being written or waits."""
        with self._lock:
            return any(turn.chat_id == chat_id for turn in self._open.values())

    def turn(self, message_id: int) -> Turn | None:
        """The turn of an answer that is not finished."""
        with self._lock:
            return self._open.get(message_id)

    def close(self) -> bool:
        """Stop everything and end the thread; False if it does not end in time."""
        self.stop()
        self._queue.put(None)
        self._thread.join(CLOSE_SECONDS)
        return not self._thread.is_alive()

    def _work(self) -> None:
        while (turn := self._queue.get()) is not None:
            self._publish(TurnStarted(turn.chat_id, turn.message_id, turn.question_id))
            finished = self._answer(turn)
            with self._lock:
                del self._open[turn.message_id]
            self._publish(finished)
            self._ended(turn)

    def _answer(self, turn: Turn) -> TurnFinished:
        """Answer and store; what is announced as complete is on disk."""
        self._recorder.begin(turn.message_id, turn.cancel.set)
        outcome = self._run(turn)
        if outcome.notice == outcome.text:
            outcome = replace(outcome, notice="")
        if outcome.figures is not None and turn.untold:
            dropped = outcome.figures.dropped_turns + turn.untold
            figures = replace(outcome.figures, dropped_turns=dropped)
            outcome = replace(outcome, figures=figures)
        try:
            self._recorder.finish(outcome)
        except Exception as error:  # noqa: BLE001  (one failed answer must not end all answering)
            return TurnFinished(turn.message_id, "failed", sentence_of(error))
        return TurnFinished(turn.message_id, outcome.status, outcome.notice, outcome.figures)

    def _run(self, turn: Turn) -> Outcome:
        try:
            return self._ask(turn)
        except Cancelled:
            return Outcome("stopped", self._recorder.text)
        except Exception as error:  # noqa: BLE001  (as above)
            return Outcome("failed", self._recorder.text, notice=sentence_of(error))

    def _ask(self, turn: Turn) -> Outcome:
        if turn.cancel.is_set():
            return Outcome("stopped", "")
        assistant = self._assistant(turn)
        ids = (turn.chat_id, turn.message_id)
        if turn.call is None:
            return assistant.answer(*ids, turn.question, turn.history, turn.cancel)
        return assistant.run_call(*ids, turn.call, turn.question, turn.history, turn.cancel)


def sentence_of(error: Exception) -> str:
    """What to tell the user of a failure; a bug goes to the log."""
    if isinstance(error, KnownError):
        return str(error)
    _log.error("answering failed: %s", type(error).__name__, exc_info=error)
    return "This did not work because of an error in Assay."
