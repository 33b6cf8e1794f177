"""Saving an answer while it streams."""

from collections.abc import Iterator

import pytest

from engine.assistant.turn import Outcome
from engine.core.cards import FactsCard
from engine.core.clock import FixedClock
from engine.core.errors import KnownError
from engine.core.events import CardReady, Event, TextDelta, TextReplaced, ThinkDelta
from engine.core.paths import Paths
from engine.service import recorder as recorder_module
from engine.service.recorder import Recorder
from engine.store.chats import ChatRepo, Message
from engine.store.database import Database

CARD = FactsCard("Title", (("label", "value"),), "method", simulated=False)


class CountingRepo(ChatRepo):
    """The real repository, counting what is appended; it can be made to fail."""

    appended: list[str]
    full = False

    def append(self, message_id: int, text: str) -> None:
        if self.full:
            raise KnownError("The disk is full.")
        self.appended.append(text)
        super().append(message_id, text)


class Time:
    """Stands in for the module `time`."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    clock = Time()
    monkeypatch.setattr(recorder_module, "time", clock)
    return clock


@pytest.fixture
def repo(paths: Paths, clock: FixedClock) -> Iterator[CountingRepo]:
    paths.ensure()
    database = Database.open(paths.database, bytes(32), clock)
    repo = CountingRepo(database)
    repo.appended = []
    yield repo
    database.close()


@pytest.fixture
def passed_on() -> list[Event]:
    return []


@pytest.fixture
def recorder(repo: CountingRepo, time: Time, passed_on: list[Event]) -> Recorder:
    recorder = Recorder(repo, passed_on.append)
    recorder.begin(repo.begin_answer(repo.create("Chat")), lambda: None)
    return recorder


def stored(repo: ChatRepo) -> Message:
    return repo.messages(1)[0]


def test_a_thousand_pieces_in_a_second_are_four_writes(
    recorder: Recorder, repo: CountingRepo, time: Time
) -> None:
    for index in range(1_000):
        time.now = index / 1_000
        recorder.on_event(TextDelta(1, "x"))
    recorder.finish(Outcome("complete", "x" * 1_000))

    assert len(repo.appended) <= 5
    assert stored(repo).text == "x" * 1_000
    assert stored(repo).status == "complete"


def test_events_are_passed_on_unchanged_and_at_once(
    recorder: Recorder, passed_on: list[Event]
) -> None:
    events = [TextDelta(1, "a"), ThinkDelta(1, "b"), CardReady(1, CARD), TextReplaced(1, "c")]
    for event in events:
        recorder.on_event(event)

    assert passed_on == events


def test_replaced_text_and_cards_and_thinking_are_stored(
    recorder: Recorder, repo: CountingRepo
) -> None:
    recorder.on_event(ThinkDelta(1, "Hm"))
    recorder.on_event(TextDelta(1, "It is 7."))
    recorder.on_event(TextReplaced(1, ""))
    recorder.on_event(CardReady(1, CARD))
    recorder.on_event(TextDelta(1, "It is 8."))
    recorder.finish(Outcome("complete", "It is 8.", notice="No advice."))

    message = stored(repo)
    assert (message.text, message.thinking, message.notice) == ("It is 8.", "Hm", "No advice.")
    assert message.cards == (CARD,)


def test_the_outcome_has_the_last_word(recorder: Recorder, repo: CountingRepo) -> None:
    recorder.on_event(TextDelta(1, " It is 8. "))
    recorder.finish(Outcome("complete", "It is 8."))

    assert stored(repo).text == "It is 8."


def test_a_full_disk_ends_the_answer_but_not_the_stream(
    repo: CountingRepo, time: Time, passed_on: list[Event]
) -> None:
    stops: list[bool] = []
    recorder = Recorder(repo, passed_on.append)
    recorder.begin(repo.begin_answer(repo.create("Chat")), lambda: stops.append(True))
    repo.full = True
    time.now = 1.0

    recorder.on_event(TextDelta(1, "a"))
    time.now = 2.0
    recorder.on_event(TextDelta(1, "b"))

    assert stops == [True]
    assert len(passed_on) == 2
    with pytest.raises(KnownError, match="full"):
        recorder.finish(Outcome("stopped", "ab"))
    assert stored(repo).status == "streaming"
