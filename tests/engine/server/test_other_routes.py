"""Everything but chats: texts to continue, vectors, tokens, models."""

import base64
from typing import Any

import numpy as np
import openai
import pytest
from openai import OpenAI

from tests.engine.server.conftest import Caller, Serve
from tests.engine.server.scripted import Read, ScriptedBackend


@pytest.fixture
def backend() -> ScriptedBackend:
    return ScriptedBackend(steps=[" once", " more"])


def test_a_text_is_continued(client: OpenAI, backend: ScriptedBackend) -> None:
    answer = client.completions.create(model="m", prompt="Say it", temperature=0, stop="X", seed=3)
    assert answer.object == "text_completion"
    assert answer.choices[0].text == " once more"
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage is not None
    assert answer.usage.total_tokens == 13
    request = backend.asked[0]
    assert (request.prompt, request.max_tokens, request.seed) == ("Say it", 16, 3)
    assert (request.stop, request.temperature) == (("X",), 0.0)


def test_several_texts(client: OpenAI, backend: ScriptedBackend) -> None:
    answer = client.completions.create(model="m", prompt=["A", "B"], n=2, max_tokens=4)
    assert [choice.index for choice in answer.choices] == [0, 1, 2, 3]
    assert sorted(one.prompt for one in backend.asked) == ["A", "A", "B", "B"]
    assert answer.usage is not None
    assert answer.usage.prompt_tokens == 22


def test_tokens_to_continue(client: OpenAI, backend: ScriptedBackend) -> None:
    client.completions.create(model="m", prompt=[72, 105])
    client.completions.create(model="m", prompt=[[72], [105]])
    assert sorted(one.prompt for one in backend.asked) == ["H", "Hi", "i"]


def test_logprobs_of_a_text(client: OpenAI) -> None:
    answer = client.completions.create(model="m", prompt="A", logprobs=2)
    logprobs: Any = answer.choices[0].logprobs
    assert logprobs.tokens == [" once", " more"]
    assert logprobs.token_logprobs == [-0.25, -0.25]
    assert logprobs.text_offset == [0, 5]
    assert logprobs.top_logprobs[0] == {" once": -0.25, "other": -2.5}


def test_a_text_as_a_stream(client: OpenAI) -> None:
    stream = client.completions.create(
        model="m", prompt="A", stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    assert "".join(chunk.choices[0].text for chunk in chunks[:-1]) == " once more"
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None


@pytest.mark.parametrize("members", [{"suffix": "end"}, {"echo": True}, {"best_of": 2}])
def test_what_is_not_supported(caller: Caller, members: Any) -> None:
    reply = caller.ask("POST", "/v1/completions", {"prompt": "A", **members})
    assert (reply.status, reply.error["type"]) == (501, "not_supported_error")
    assert reply.error["param"] in members


def test_vectors(client: OpenAI) -> None:
    answer = client.embeddings.create(model="m", input=["ab", "c"], encoding_format="float")
    assert [one.index for one in answer.data] == [0, 1]
    assert np.linalg.norm(answer.data[0].embedding) == pytest.approx(1.0)
    assert answer.usage.prompt_tokens == 3
    # Without a format the client asks for base64, and takes it apart again.
    again = client.embeddings.create(model="m", input="ab")
    assert again.data[0].embedding == pytest.approx(answer.data[0].embedding)
    with pytest.raises(openai.InternalServerError, match="3 numbers"):
        client.embeddings.create(model="m", input="ab", dimensions=2)


def test_vectors_as_text(caller: Caller) -> None:
    body = {"input": [97, 98], "encoding_format": "base64"}
    (row,) = caller.ask("POST", "/embeddings", body).json["data"]
    assert np.frombuffer(base64.b64decode(row["embedding"]), "<f4").shape == (3,)


@pytest.mark.parametrize("value", [None, "", [], [""], 5, [["a"]], {"a": 1}, ["a"] * 2049])
def test_nothing_to_embed(caller: Caller, value: Any) -> None:
    assert caller.ask("POST", "/v1/embeddings", {"input": value}).status == 400


def test_tokens(caller: Caller) -> None:
    assert caller.ask("POST", "/tokenize", {"content": "Hi"}).json == {"tokens": [72, 105]}
    body = {"content": "Hi", "add_special": True, "with_pieces": True}
    assert caller.ask("POST", "/tokenize", body).json["tokens"][:2] == [
        {"id": 1, "piece": "\x01"},
        {"id": 72, "piece": "H"},
    ]
    body = {"content": "é!", "with_pieces": True}
    assert caller.ask("POST", "/tokenize", body).json["tokens"] == [
        {"id": 0xC3, "piece": [0xC3]},
        {"id": 0xA9, "piece": [0xA9]},
        {"id": 0x21, "piece": "!"},
    ]
    assert caller.ask("POST", "/detokenize", {"tokens": [72, 105]}).json == {"content": "Hi"}
    assert caller.ask("POST", "/detokenize", {"tokens": []}).json == {"content": ""}
    assert caller.ask("POST", "/detokenize", {"tokens": "Hi"}).status == 400
    assert caller.ask("POST", "/tokenize", {}).status == 400


def test_models(client: OpenAI, caller: Caller) -> None:
    (model,) = client.models.list().data
    assert (model.id, model.owned_by) == ("tiny-model", "assay")
    assert client.models.retrieve("tiny-model").id == "tiny-model"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gpt-9")


def test_health_props_and_slots(serve: Serve, caller: Caller) -> None:
    for path in ("/health", "/v1/health"):
        assert caller.ask("GET", path, key=None).json == {"status": "ok"}
    reply = caller.ask("GET", "/props")
    assert reply.json["model_path"] == "tiny.gguf"
    assert b"secret" not in reply.data
    assert reply.json["default_generation_settings"]["n_ctx"] == 512
    assert caller.ask("GET", "/slots").error["type"] == "not_supported_error"
    open_one = serve(ScriptedBackend(), slots=True, running=2)
    assert [one["is_processing"] for one in open_one.ask("GET", "/slots").json] == [False, False]


def test_a_conversations_prompt(caller: Caller) -> None:
    body = {"messages": [{"role": "user", "content": "Hi"}]}
    assert caller.ask("POST", "/apply-template", body).json == {"prompt": "Hi"}
    reply = caller.ask("POST", "/v1/chat/completions/input_tokens", body)
    assert reply.json["input_tokens"] == 2


def test_llamas_own_completion(caller: Caller, backend: ScriptedBackend) -> None:
    body = {"prompt": "Say", "n_predict": 7, "n_probs": 2, "return_tokens": True, "seed": 9}
    told = caller.ask("POST", "/completion", body).json
    assert (told["content"], told["tokens"], told["stop_type"]) == (" once more", [5, 5], "eos")
    assert (told["tokens_predicted"], told["timings"]["prompt_n"]) == (2, 7)
    assert told["generation_settings"]["n_predict"] == 7
    assert len(told["completion_probabilities"][0]["top_logprobs"]) == 2
    assert (backend.asked[0].max_tokens, backend.asked[0].seed) == (7, 9)
    backend.steps = [Read(1, 2), *backend.steps]
    events = caller.ask("POST", "/completion", {"prompt": "Say", "stream": True}).events
    assert [one["content"] for one in events] == [" once", " more", ""]
    assert [one["stop"] for one in events] == [False, False, True]


def test_llamas_forms_of_a_prompt(caller: Caller, backend: ScriptedBackend) -> None:
    for prompt in ("Hi", [72, 105], ["Hi"], {"prompt_string": "Hi"}, ["H", 105], [[72, "i"]]):
        assert caller.ask("POST", "/completions", {"prompt": prompt}).status == 200
    assert {one.prompt for one in backend.asked} == {"Hi"}
    body = {"prompt": ["A", "B"], "response_fields": ["content", "generation_settings/seed"]}
    assert (
        caller.ask("POST", "/completion", body).json
        == [{"content": " once more", "generation_settings/seed": -1}] * 2
    )
    for prompt in (None, [], 5, [None], {"prompt_string": "A", "multimodal_data": "x"}):
        assert caller.ask("POST", "/completion", {"prompt": prompt}).status == 400
