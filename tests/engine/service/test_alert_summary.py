"""A summary of what fired, in a real service with real child processes: after every chat."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.assistant import writing
from engine.assistant.writing import Evidence
from engine.core.events import StatusChanged, TextDelta, TurnFinished
from engine.service import Service
from tests.engine.loopback import Handler, Loopback, serving
from tests.engine.model.openai_server import delta, streams
from tests.engine.service.conftest import plain_text, take_prices
from tests.engine.service.scripted import Listener

Open = Callable[..., Service]
LIST = (
    "1 alert fired, newest first:\n\n- BTC above $95,000.00: BTC was at $100,000.00 on 2026-11-22."
)


@pytest.fixture
def anything_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Random words are no true ones, and here only their order counts."""
    monkeypatch.setattr(Evidence, "supports", lambda self, text: True)
    monkeypatch.setattr(Evidence, "names_fit", lambda self, text: True)
    monkeypatch.setattr(writing, "settled", len)


def fire(service: Service, prices: Path) -> Listener:
    """Have one alert fire; gives what hears all events from now on."""
    take_prices(service, prices)
    when = {"kind": "price", "asset": "BTC", "direction": "above", "level": "95000"}
    service.alerts.add_rule(json.dumps({"when": when}))
    assert len(service.alerts.check_now()) == 1
    listener = Listener()
    service.bus.subscribe(listener)
    return listener


def text_of(listener: Listener, number: int) -> str:
    """What a summary says that was written in one go."""
    deltas = [one for one in listener.events if isinstance(one, TextDelta)]
    return "".join(one.text for one in deltas if one.message_id == number)


def test_without_a_model_the_list_is_there_and_nothing_is_stored(
    service: Service, prices: Path
) -> None:
    listener = fire(service, prices)
    before = plain_text(service)
    number = service.alert_summary.start()
    finished = listener.wait(TurnFinished, number)
    assert (finished.status, finished.notice, finished.figures) == (
        "complete",
        "No model is loaded, so this is Assay's own list.",
        None,
    )
    assert text_of(listener, number) == LIST
    assert plain_text(service) == before
    assert service.alert_summary.start() == number - 1  # never that of a message


def test_the_starter_leaves_it_to_code(open_service: Open, prices: Path) -> None:
    service = open_service(background=False)
    listener = fire(service, prices)
    service.models.start()
    number = service.alert_summary.start()  # waits for the model, which it may be
    finished = listener.wait(TurnFinished, number, 60)
    assert (finished.status, text_of(listener, number)) == ("complete", LIST)
    assert "the starter model has not learned to sum up" in finished.notice


def test_random_words_do_not_get_past_the_check(
    open_service: Open, slow_model: Path, prices: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "ANSWER_TOKENS", 100)
    service = open_service(slow_model)
    listener = fire(service, prices)
    service.models.start()
    number = service.alert_summary.start()
    finished = listener.wait(TurnFinished, number, 60)
    assert "What Slow wrote was not kept" in finished.notice
    assert getattr(listener.events[-2], "text", "") == LIST


@pytest.mark.usefixtures("anything_goes")
def test_a_question_in_the_window_goes_first(
    open_service: Open, slow_model: Path, prices: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = open_service(slow_model)
    listener = fire(service, prices)
    service.models.start()
    number = service.alert_summary.start()
    listener.wait(TextDelta, number, 60)
    monkeypatch.setattr(writing, "ANSWER_TOKENS", 100)
    _, answer = service.chat.ask(None, "hello")
    listener.wait(TurnFinished, answer, 60)
    order = [e.message_id for e in listener.events if isinstance(e, TextDelta | TurnFinished)]
    # From the answer's first word to its last the summary stands still, and then goes on.
    first, last = order.index(answer), len(order) - 1 - order[::-1].index(answer)
    assert order[first:last].count(answer) > 50
    assert order[first:last].count(number) < order[first:last].count(answer) / 4  # on its way
    seen = len(listener.events)
    listener.wait_for(lambda e: e in listener.events[seen:] and isinstance(e, TextDelta), 60)
    assert all(e.message_id == answer for e in listener.events if isinstance(e, TurnFinished))
    service.alert_summary.stop()
    assert listener.wait(TurnFinished, number).status == "stopped"


@pytest.mark.usefixtures("anything_goes")
def test_a_summary_is_stopped_by_hand_by_the_next_and_by_the_end(
    open_service: Open, slow_model: Path, prices: Path
) -> None:
    service = open_service(slow_model)
    listener = fire(service, prices)
    service.models.start()
    first = service.alert_summary.start()
    listener.wait(TextDelta, first, 60)
    service.alert_summary.stop()
    assert listener.wait(TurnFinished, first).status == "stopped"
    second = service.alert_summary.start()
    listener.wait(TextDelta, second, 60)
    third = service.alert_summary.start()
    assert listener.wait(TurnFinished, second).status == "stopped"
    listener.wait(TextDelta, third, 60)
    service.close()
    assert listener.wait(TurnFinished, third).status == "stopped"


@pytest.mark.usefixtures("anything_goes")
def test_another_model_for_a_chat_does_not_wait_for_it(
    open_service: Open, slow_model: Path, tiny_model: Path, prices: Path
) -> None:
    service = open_service(slow_model)
    listener = fire(service, prices)
    service.models.start()
    number = service.alert_summary.start()
    listener.wait(TextDelta, number, 60)
    _, answer = service.chat.ask(service.chat.new(str(tiny_model)), "hello")
    finished = listener.wait(TurnFinished, number, 60)
    assert finished.notice == "Another model was loaded meanwhile, so this is Assay's own list."
    assert listener.wait(TurnFinished, answer, 60).status == "complete"


@contextmanager
def elsewhere(service: Service, allowed: bool) -> Iterator[Loopback]:
    """A model server that answers instead, and may see the portfolio or not."""

    def answer(handler: Handler) -> None:
        if handler.path == "/v1/models":
            handler.reply_json({"object": "list", "data": [{"id": "big"}]})
        else:
            streams(delta(content="BTC was at $100,000.00."), delta("stop"))(handler)

    with serving(answer) as server:
        service.endpoints.add("gpu", server.url, "big")
        service.endpoints.switch("gpu", True)
        service.endpoints.allow("gpu", allowed)
        service.settings.set("answers_from", "gpu")
        yield server


def test_a_model_server_hears_nothing_unless_it_may(service: Service, prices: Path) -> None:
    listener = fire(service, prices)
    with elsewhere(service, allowed=False) as server:
        number = service.alert_summary.start()
        finished = listener.wait(TurnFinished, number)
        assert server.asked == []
        assert text_of(listener, number) == LIST
        assert "gpu may not see your portfolio" in finished.notice
        service.endpoints.switch("gpu", False)
        number = service.alert_summary.start()
        assert "gpu is switched off" in listener.wait(TurnFinished, number).notice
        assert server.asked == []


def test_a_model_server_that_may_know_words_it(service: Service, prices: Path) -> None:
    listener = fire(service, prices)
    with elsewhere(service, allowed=True) as server:
        number = service.alert_summary.start()
        finished = listener.wait(TurnFinished, number)
        assert text_of(listener, number) == "BTC was at $100,000.00."
        assert finished.figures.model == "big on gpu"
        assert len(server.asked) == 1


def test_where_nothing_fired_that_is_said(service: Service) -> None:
    listener = Listener()
    service.bus.subscribe(listener)
    number = service.alert_summary.start()
    finished = listener.wait(TurnFinished, number)
    assert (finished.status, finished.notice) == ("failed", "No alert has fired.")
    assert isinstance(listener.wait(StatusChanged, number), StatusChanged)
