"""Events of a child that was taken over: each ends the child, none the application."""

import dataclasses
import io
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO

import pytest

from engine.core.errors import KnownError
from engine.model import messages, protocol
from engine.model.answers import check_answer
from engine.model.client import GenerateRequest, ModelClient, ModelDied
from engine.model.diagnose import death_cause, death_sentence
from engine.model.messages import Failed

NewClient = Callable[[], ModelClient]

GENERATE = GenerateRequest("x").message(1)
SCORE = messages.Score(1, "x", ("a", "b"), "", 0)
COUNT = messages.Count(1, "x")
SPELL = messages.Detokenize(1, (1, 2))
EMBED = messages.Embed(1, ("a", "b", "c"), 1)
ADAPT = messages.Adapt(1, (), ())
PROVE = messages.Prove(1)
LOAD = messages.Load(1, "x", 512, 1, 1, 1 << 30)


def done(seconds: float) -> messages.Done:
    return messages.Done(1, 5, 0, 3, 0.1, seconds, "stop", 0, 0, 512)


@pytest.mark.parametrize(
    ("request_", "event"),
    [
        (GENERATE, messages.Counted(1, 5)),  # an end of another kind
        (GENERATE, messages.Hello(1, protocol.VERSION)),
        (GENERATE, messages.Loading(1, 0.5)),
        (GENERATE, messages.Prefill(1, 6, 5)),
        (GENERATE, messages.Prefill(1, 0, 0)),
        (GENERATE, messages.Token(1, 5, "a", -1.0, (1, 2), ("a",), (-1.0, -2.0))),
        (GENERATE, done(-1.0)),
        (GENERATE, Failed(1, "context", "x y", "")),
        (GENERATE, Failed(1, "context", "9" * 5000 + " 9", "")),
        (GENERATE, Failed(1, "memory", "", "")),
        (SCORE, messages.Scores(1, (0.5,))),
        (SCORE, done(1.0)),
        (SCORE, messages.Prefill(1, 1, 2)),
        (COUNT, messages.Adapted(1)),
        (COUNT, Failed(1, "bad request", "boo", "")),
        (COUNT, Failed(1, "context", "5 5", "")),
        (SPELL, messages.Spelled(1, ("a",))),
        (EMBED, messages.Vectors(1, 3, (1.0, 2.0, 3.0, 4.0))),
        (EMBED, messages.Vectors(1, 0, ())),
        (ADAPT, Failed(1, "bad request", "boo", "")),
        (PROVE, messages.Proven(1, ("a", "b"), (True,), "")),
        (LOAD, messages.Loading(1, 1e12)),
        (LOAD, messages.Loaded(1, 0)),
        (LOAD, messages.Text(1, "x")),
    ],
)
def test_what_cannot_be_an_answer(request_: messages.Request, event: messages.Event) -> None:
    with pytest.raises(protocol.ProtocolError):
        check_answer(request_, event)


@pytest.mark.parametrize(
    ("request_", "event"),
    [
        (GENERATE, done(0.0)),
        (GENERATE, messages.Prefill(1, 5, 5)),
        (GENERATE, Failed(1, "bad request", "malformed grammar", "")),
        (GENERATE, Failed(1, "context", "600 512", "")),
        (SCORE, messages.Scores(1, (0.5, 0.5))),
        (EMBED, messages.Vectors(1, 1, (1.0, 2.0, 3.0))),
        (EMBED, Failed(1, "context", "3000 2048", "")),
        (COUNT, Failed(1, "cancelled", "Stopped.", "")),
        (COUNT, messages.Later(1)),
        (LOAD, Failed(1, "damaged", "its log", "")),
    ],
)
def test_what_can(request_: messages.Request, event: messages.Event) -> None:
    check_answer(request_, event)


Twist = Callable[[messages.Event], messages.Event]


@pytest.fixture
def twisted(
    new_client: NewClient, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Twist], ModelClient]:
    """A loaded client whose children's events are changed on the way from now on."""

    def make(twist: Twist) -> ModelClient:
        client = new_client()
        client.load(tiny_model)
        read = protocol.read_event

        def twisted(file: IO[bytes]) -> messages.Event | None:
            event = read(file)
            if event is None:
                return None
            pipe = io.BytesIO()
            protocol.write_message(pipe, twist(event))
            pipe.seek(0)
            return read(pipe)

        monkeypatch.setattr(protocol, "read_event", twisted)
        assert client.count("x") == 1  # which the client is reading already
        return client

    return make


def test_an_answer_that_ends_otherwise_is_not_waited_for(
    twisted: Callable[[Twist], ModelClient],
) -> None:
    def twist(event: messages.Event) -> messages.Event:
        return messages.Counted(event.id, 5) if isinstance(event, messages.Done) else event

    generation = twisted(twist).generate(GenerateRequest("x", max_tokens=0))
    caught: list[Exception] = []

    def read() -> None:
        try:
            list(generation)
        except ModelDied as error:
            caught.append(error)

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    thread.join(10)
    assert not thread.is_alive()
    assert str(caught[0]).startswith("The model stopped unexpectedly.")


@pytest.mark.parametrize(
    ("asks", "instead"),
    [
        (lambda client: client.count("x"), messages.Adapted(0)),
        (lambda client: client.embed(["a", "b", "c"]), messages.Vectors(0, 3, (1.0, 2.0))),
        (lambda client: client.score("x", ["a", "b"]), messages.Scores(0, (float("nan"), 0.0))),
        (lambda client: client.detokenize([1, 2]), messages.Spelled(0, ("\ud800", "a"))),
        (lambda client: client.set_adapters([]), Failed(0, "bad request", "boo", "")),
    ],
)
def test_answers_of_another_kind_are_the_end_of_the_child(
    twisted: Callable[[Twist], ModelClient],
    asks: Callable[[ModelClient], object],
    instead: messages.Event,
) -> None:
    kinds = (
        messages.Counted | messages.Vectors | messages.Scores | messages.Spelled | messages.Adapted
    )

    def twist(event: messages.Event) -> messages.Event:
        return dataclasses.replace(instead, id=event.id) if isinstance(event, kinds) else event

    client = twisted(twist)
    with pytest.raises(ModelDied, match="stopped unexpectedly"):
        asks(client)


def test_a_load_that_makes_no_sense_fails_in_a_sentence(
    twisted: Callable[[Twist], ModelClient], tiny_model: Path
) -> None:
    def twist(event: messages.Event) -> messages.Event:
        if isinstance(event, messages.Loading | messages.Loaded):
            return messages.Loading(event.id, float("nan"))
        return event

    client = twisted(twist)
    with pytest.raises(KnownError, match="damaged"):
        client.load(tiny_model)


def test_a_child_that_was_ended_for_what_it_sent_did_not_run_out_of_memory() -> None:
    log = "something\nprotocol: a Counted to a Generate\n"
    assert death_sentence(-9, log)[0] == "The model stopped unexpectedly."
    assert death_cause(-9, log) == "damaged"
