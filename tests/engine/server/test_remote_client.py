"""Our own client for model servers against our own server: what goes in comes out."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from engine.core.clock import FixedClock
from engine.core.errors import KnownError
from engine.model.chat_types import ChatRequest, Sampling
from engine.model.generation import ContextFull
from engine.model.parsing import CallPart, Part, TextPart, ThinkPart
from engine.model.remote.client import RemoteChat, Remotes
from engine.model.remote.endpoint import Endpoint
from engine.model.templates import PromptCall, PromptMessage, ToolSpec
from tests.engine.server.conftest import Caller, Serve
from tests.engine.server.scripted import KEY, Read, ScriptedBackend, Step, Wait

PRICE = ToolSpec("price", "A price.", {"type": "object", "properties": {}})
SAMPLING = Sampling(0.5, 30, 0.9, 0.05, 0.25, 0.125, 1.25, 7)
ASKED = ChatRequest(
    (
        PromptMessage("system", "Be short."),
        PromptMessage("user", "The price?"),
        PromptMessage("assistant", "", (PromptCall("price", '{"asset": "BTC"}'),), "Look."),
        PromptMessage("tool", "95,000"),
    ),
    tools=(PRICE,),
    parallel_calls=False,
    thinking=True,
    thought_budget=64,
    sampling=SAMPLING,
    stop=("END",),
    max_tokens=9,
    logprobs=1,
    logit_bias=((5, -1.0),),
)
HELLO = ChatRequest((PromptMessage("user", "Hi"),), sampling=SAMPLING)


def connected(caller: Caller, key: str = KEY) -> RemoteChat:
    remotes = Remotes(lambda source: True, lambda exchange: None, FixedClock(datetime.now(UTC)))
    endpoint = Endpoint("own", caller.url, on=True)
    (model,) = remotes.models(endpoint, key)
    endpoint = replace(endpoint, model=model.id, n_ctx=model.n_ctx)
    return remotes.chat(endpoint, key, lambda request: False, lambda: False)


def joined(parts: list[Part], kind: type[TextPart | ThinkPart]) -> str:
    return "".join(part.text for part in parts if isinstance(part, kind))


def test_a_request_arrives_as_it_was_made(serve: Serve) -> None:
    backend = ScriptedBackend()
    list(connected(serve(backend)).chat(ASKED))
    (arrived,) = backend.asked
    left_to_the_server = {"session": arrived.session, "priority": arrived.priority}
    assert arrived == replace(ASKED, **left_to_the_server)


@pytest.mark.parametrize(
    "changes",
    [
        {"schema": {"type": "object"}},
        {"schema": {}},
        {"tools": (PRICE,), "tool_choice": "price"},
        {"tools": (PRICE,), "tool_choice": "required"},
        {"grammar": 'root ::= "a"'},
        {"prefill_assistant": "So"},
        {"sampling": replace(SAMPLING, seed=None)},
    ],
)
def test_every_way_of_asking_arrives(serve: Serve, changes: dict[str, object]) -> None:
    backend = ScriptedBackend()
    request = replace(HELLO, **changes)  # type: ignore[arg-type]
    list(connected(serve(backend)).chat(request))
    for name, value in changes.items():
        assert getattr(backend.asked[0], name) == value


def test_an_answer_arrives_as_it_was_given(serve: Serve) -> None:
    call = CallPart(
        "price", {"at": Decimal("0.10")}, '{"name": "price", "arguments": {"at": 0.10}}'
    )
    backend = ScriptedBackend((ThinkPart("Hm "), ThinkPart("hm."), TextPart("Let me"), call))
    chat = connected(serve(backend))
    answer = chat.chat(ASKED)
    parts = list(answer)
    assert (joined(parts, ThinkPart), joined(parts, TextPart)) == ("Hm hm.", "Let me")
    (found,) = [part for part in parts if isinstance(part, CallPart)]
    assert (found.name, found.arguments) == ("price", {"at": Decimal("0.1")})
    assert answer.stats is not None
    assert (answer.stats.prompt_tokens, answer.stats.cached_tokens) == (11, 4)
    assert (answer.stats.finish, answer.stats.n_ctx) == ("stop", 512)
    assert answer.logprobs[0].piece == b"Hm "


def test_how_far_the_prompt_is_read_arrives(serve: Serve) -> None:
    backend = ScriptedBackend((Read(5, 11), Wait(0.05), TextPart("Hello")))
    seen: list[tuple[int, int]] = []
    list(connected(serve(backend)).chat(HELLO, lambda done, total: seen.append((done, total))))
    assert (5, 11) in seen


def test_a_cut_by_the_limit_arrives(serve: Serve) -> None:
    answer = connected(serve(ScriptedBackend(finish="length"))).chat(HELLO)
    list(answer)
    assert answer.stats is not None
    assert answer.stats.finish == "length"


def _full(backend: ScriptedBackend) -> None:
    backend.steps = (ContextFull(900, 512),)


def _dies(backend: ScriptedBackend) -> None:
    backend.steps = (TextPart("Hel"), KnownError("The model died."))


@pytest.mark.parametrize(
    ("breaks", "sentence"), [(_full, "needs 900 tokens"), (_dies, "The model died")]
)
def test_an_error_arrives(
    serve: Serve, breaks: Callable[[ScriptedBackend], None], sentence: str
) -> None:
    backend = ScriptedBackend()
    breaks(backend)
    with pytest.raises(KnownError, match=sentence):
        list(connected(serve(backend)).chat(HELLO))


def test_another_key_is_refused(serve: Serve) -> None:
    with pytest.raises(KnownError, match="own does not accept the key"):
        connected(serve(ScriptedBackend()), "another")


@pytest.mark.parametrize("steps", [(Wait(20),), (TextPart("Hello"), Wait(20))])
def test_a_stop_reaches_the_model(serve: Serve, steps: tuple[Step, ...]) -> None:
    backend = ScriptedBackend(steps)
    answer = connected(serve(backend)).chat(HELLO)
    threading.Timer(0.2, answer.cancel).start()
    list(answer)
    assert answer.stats is not None
    assert answer.stats.finish == "cancelled"
    deadline = time.monotonic() + 5
    while not backend.answers[0].cancelled_in_silence and time.monotonic() < deadline:
        time.sleep(0.01)
    assert backend.answers[0].cancelled_in_silence
