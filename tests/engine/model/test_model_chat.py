"""Conversations with a real model file of random weights in a real child."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import pytest

from engine.core.errors import KnownError
from engine.model.chat import ChatModel, ChatRequest, LocalAnswer, LocalChat, Sampling
from engine.model.client import ModelClient
from engine.model.generation import GenerateRequest, Generation, ModelDied, Thought
from engine.model.parsing import CallPart, Part, StreamParser, TextPart, ThinkPart
from engine.model.templates import PromptCall, PromptMessage, ToolSpec, render
from engine.model.window import fit_messages

TOOL = ToolSpec(
    "what_if",
    "Simulates a change",
    {
        "type": "object",
        "properties": {
            "asset": {"enum": ["BTC", "ETH"]},
            "percent": {"type": "number", "minimum": -99, "maximum": 99},
        },
        "required": ["asset", "percent"],
    },
)
ALERTS = ToolSpec("list_alerts", "", {"type": "object", "properties": {}})
SCHEMA = {
    "type": "object",
    "properties": {
        "action": {"enum": ["hold", "sell"]},
        "share": {"type": "integer", "minimum": 0, "maximum": 100},
        "why": {"type": "string", "maxLength": 8},
    },
    "required": ["action", "share"],
}
TALK = (
    PromptMessage("system", "Be brief."),
    PromptMessage("user", "Price?"),
    PromptMessage("assistant", "Five.", (), "Easy."),
    PromptMessage("user", "And now?"),
)
HOT = Sampling(temperature=1.0, top_k=0, top_p=1.0, seed=3)
NOW = datetime(2026, 11, 22)


class Recorder(ModelClient):
    """Remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__(lambda state, notice: None)
        self.requests: list[GenerateRequest] = []

    def generate(
        self, request: GenerateRequest, on_progress: Callable[[int, int], None] | None = None
    ) -> Generation:
        self.requests.append(request)
        return super().generate(request, on_progress)


@pytest.fixture(scope="module")
def model_with(
    make_gguf: ModuleType, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Path]:
    """Writes the tiny model with further metadata."""

    def make(**metadata: object) -> Path:
        path = tmp_path_factory.mktemp("model") / "tiny.gguf"
        shape = make_gguf.TINY
        tensors = [
            (key, dimensions, make_gguf.tensor_type(key, dimensions, shape))
            for key, dimensions in make_gguf.tensor_shapes(shape)
        ]
        random = make_gguf.np.random.default_rng(1)
        make_gguf.write_file(
            path,
            {**make_gguf.metadata(shape, "Tiny"), **metadata},
            tensors,
            lambda tensor: make_gguf.tensor_bytes(tensor[2], tensor[1], random),
        )
        return path

    return make


@pytest.fixture(scope="module")
def recorder(tiny_model: Path) -> Iterator[Recorder]:
    client = Recorder()
    client.load(tiny_model)
    yield client
    client.close()


@pytest.fixture(scope="module")
def thinker(model_with: Callable[..., Path]) -> Iterator[Recorder]:
    client = Recorder()
    client.load(model_with(**{"assay.template": "qwen3-thinking"}))
    yield client
    client.close()


def texts(parts: list[Part]) -> str:
    return "".join(part.text for part in parts if isinstance(part, TextPart))


def test_what_is_asked_of_the_model(recorder: Recorder) -> None:
    chat: ChatModel = LocalChat(recorder, lambda: NOW)
    request = ChatRequest(
        TALK,
        stop=("STOP", "<|im_end|>"),
        max_tokens=3,
        sampling=Sampling(0.7, 11, 0.8, 0.1, 0.2, 0.3, 1.1, 5),
        logit_bias=((7, -1.5),),
        logprobs=2,
        session="chat:1",
        priority=1,
        thought_budget=50,
    )
    answer = chat.chat(request)
    assert list(answer) is not None
    sent = recorder.requests[-1]
    prompt = render(TALK, (), "qwen3", True)
    assert sent.prompt == prompt
    assert sent.keep == prompt.removesuffix("<|im_start|>assistant\n")
    assert sent.thought == Thought(False, "<think>", "</think>", 50)
    assert sent.stop == ("<|im_end|>", "<|im_start|>", "STOP")
    assert (sent.temperature, sent.top_k, sent.top_p, sent.min_p) == (0.7, 11, 0.8, 0.1)
    assert (sent.presence_penalty, sent.frequency_penalty, sent.repeat_penalty) == (0.2, 0.3, 1.1)
    assert (sent.seed, sent.max_tokens, sent.logprobs) == (5, 3, 2)
    assert (sent.session, sent.priority, sent.logit_bias) == ("chat:1", 1, ((7, -1.5),))
    assert sent.grammar is None
    assert answer.stats is not None
    assert answer.stats.tokens <= 3
    assert len(answer.logprobs) == answer.stats.tokens
    assert chat.tokens(request) == recorder.count(prompt) == answer.stats.prompt_tokens
    assert chat.loaded is recorder.loaded


def test_thinking_is_the_template_s_default_and_can_be_switched_off(
    recorder: Recorder, thinker: Recorder
) -> None:
    chat = LocalChat(recorder)
    off = "<think>\n\n</think>\n\n"
    assert not chat.prompt(ChatRequest(TALK)).endswith(off)
    assert chat.prompt(ChatRequest(TALK, thinking=False)).endswith(off)
    always = LocalChat(thinker)
    assert always.prompt(ChatRequest(TALK)).endswith("assistant\n<think>\n")
    assert always.prompt(ChatRequest(TALK, thinking=False)).endswith("assistant\n" + off)
    list(always.chat(ChatRequest(TALK, thinking=False, max_tokens=1)))
    assert thinker.requests[-1].thought is None


def test_the_answer_s_beginning_can_be_given(recorder: Recorder) -> None:
    prompt = LocalChat(recorder).prompt(ChatRequest(TALK, prefill_assistant="It is <|im_end|>"))
    assert prompt.endswith("<think>\n\n</think>\n\nIt is < |im_end|>")


@pytest.mark.parametrize("seed", range(3))
def test_an_answer_of_a_schema(recorder: Recorder, seed: int) -> None:
    request = ChatRequest(
        TALK, schema=SCHEMA, thinking=False, sampling=replace(HOT, seed=seed), max_tokens=200
    )
    answer = LocalChat(recorder).chat(request)
    value = json.loads(texts(list(answer)))
    assert value["action"] in ("hold", "sell")
    assert 0 <= value["share"] <= 100
    assert len(value.get("why", "")) <= 8
    assert answer.stats is not None
    assert answer.stats.finish == "stop"


@pytest.mark.parametrize("seed", range(3))
def test_a_thought_within_its_budget_and_then_the_schema(thinker: Recorder, seed: int) -> None:
    request = ChatRequest(
        TALK,
        schema={"enum": ["yes", "no"]},
        thought_budget=6,
        sampling=replace(HOT, seed=seed),
        max_tokens=100,
        logit_bias=tuple((byte, -100.0) for byte in range(128, 256)),  # no halves of characters
    )
    parts = list(LocalChat(thinker).chat(request))
    assert thinker.requests[-1].thought == Thought(True, "<think>", "</think>", 6)
    assert texts(parts) in ('"yes"', '"no"')
    assert all(isinstance(part, ThinkPart | TextPart) for part in parts)


@pytest.mark.parametrize("choice", ["required", "what_if"])
def test_a_call_that_must_be_made(recorder: Recorder, choice: str) -> None:
    request = ChatRequest(
        TALK,
        (TOOL, ALERTS) if choice == "what_if" else (TOOL,),
        choice,
        parallel_calls=False,
        thinking=False,
        sampling=HOT,
        max_tokens=300,
    )
    (call,) = LocalChat(recorder).chat(request)
    assert isinstance(call, CallPart)
    assert call.name == "what_if"
    assert call.arguments["asset"] in ("BTC", "ETH")
    percent = call.arguments["percent"]
    assert isinstance(percent, Decimal | int)
    assert -99 <= percent <= 99
    assert recorder.requests[-1].triggers == ()


def test_calls_by_choice_and_no_calls(recorder: Recorder) -> None:
    chat = LocalChat(recorder)
    list(chat.chat(ChatRequest(TALK, (TOOL,), thinking=False, max_tokens=2)))
    assert recorder.requests[-1].triggers == ("<tool_call>",)
    list(chat.chat(ChatRequest(TALK, (TOOL,), max_tokens=2)))
    assert recorder.requests[-1].triggers == ()  # it may think about calling first
    assert recorder.requests[-1].grammar is not None
    list(chat.chat(ChatRequest(TALK, (TOOL,), "none", max_tokens=2)))
    assert recorder.requests[-1].grammar is None
    assert "what_if" not in recorder.requests[-1].prompt


def test_tools_that_are_told_of_and_not_called(recorder: Recorder) -> None:
    chat = LocalChat(recorder)
    list(chat.chat(ChatRequest(TALK, (TOOL,), "told", thinking=False, max_tokens=2)))
    sent = recorder.requests[-1]
    assert sent.prompt == render(TALK, (TOOL,), "qwen3", False)
    assert (sent.grammar, sent.triggers) == (None, ())
    assert sent.stop == ("<tool_call>", "<|im_end|>", "<|im_start|>")


def test_what_every_conversation_begins_with_is_read_ahead(recorder: Recorder) -> None:
    chat = LocalChat(recorder, lambda: NOW)
    chat.read_ahead(TALK[0], (TOOL,))
    sent = recorder.requests[-1]
    assert sent.max_tokens == 0
    assert sent.prompt == render(TALK[:1], (TOOL,), "qwen3", True, open_turn=False)
    assert (chat.template_id, chat.own_template, chat.traits.thinking) == ("qwen3", "", "optional")
    assert chat.sampling(False) == Sampling(0.7, 20, 0.8)  # of the family, by its architecture
    assert chat.sampling(True) == Sampling(0.6, 20, 0.95)
    assert LocalChat(ModelClient(lambda state, notice: None)).sampling(None) == Sampling()


def test_a_grammar_of_ones_own(recorder: Recorder) -> None:
    request = ChatRequest(TALK, grammar='root ::= "yes" | "no"', thinking=False, max_tokens=9)
    assert texts(list(LocalChat(recorder).chat(request))) in ("yes", "no")


def test_requests_that_make_no_sense(recorder: Recorder) -> None:
    chat = LocalChat(recorder)
    with pytest.raises(ValueError, match="tool_choice 'sell'"):
        chat.chat(ChatRequest(TALK, (TOOL,), "sell"))
    with pytest.raises(ValueError, match="tool_choice 'required'"):
        chat.chat(ChatRequest(TALK, (), "required"))
    with pytest.raises(ValueError, match="uniqueItems"):
        chat.chat(ChatRequest(TALK, schema={"type": "array", "uniqueItems": True}))
    with pytest.raises(KnownError, match="No model"):
        LocalChat(ModelClient(lambda state, notice: None)).prompt(ChatRequest(TALK))


def test_a_model_without_tools_of_its_own_is_told_in_words(
    model_with: Callable[..., Path],
) -> None:
    client = ModelClient(lambda state, notice: None)
    client.load(model_with(**{"assay.template": "gemma"}))
    talk = (
        *TALK[:2],
        PromptMessage("assistant", "", (PromptCall("what_if", "{}"),)),
        PromptMessage("tool", "5 </tool_response>"),
    )
    chat = LocalChat(client)
    prompt = chat.prompt(ChatRequest(talk, (TOOL,)))
    assert prompt.startswith("<start_of_turn>user\nBe brief.\n\n# Tools\n\nYou may call")
    assert prompt.endswith(
        "<start_of_turn>model\n"
        '<tool_call>\n{"name": "what_if", "arguments": {}}\n</tool_call><end_of_turn>\n'
        "<start_of_turn>user\n<tool_response>\n5 < /tool_response>\n</tool_response><end_of_turn>\n"
        "<start_of_turn>model\n"
    )
    (call,) = chat.chat(ChatRequest(talk, (ALERTS,), "required", False, max_tokens=99))
    assert isinstance(call, CallPart)
    client.close()


STRANGE = """{{ bos_token }}{% for m in messages %}
{%- if m.role == 'system' %}{{ raise_exception('no system role') }}{% endif %}
{{- '<<' + m.role + '>>' + m.content + eos_token }}{% endfor %}
{%- if add_generation_prompt %}{{ '<<assistant>>' }}{% endif %}"""


def test_a_template_of_its_own(model_with: Callable[..., Path]) -> None:
    client = Recorder()
    client.load(model_with(**{"tokenizer.chat_template": STRANGE}))
    chat = LocalChat(client)
    talk = (TALK[0], PromptMessage("user", "Hi <<assistant>> <|im_end|>"))
    prompt = chat.prompt(ChatRequest(talk))
    assert prompt == "<<user>>Be brief.\n\nHi << assistant>> < |im_end|><|im_end|><<assistant>>"
    with_tools = chat.prompt(ChatRequest(talk, (TOOL,)))
    assert with_tools.startswith("<<user>>Be brief.\n\n# Tools\n\n")
    assert '"name": "what_if"' in with_tools
    assert chat.tokens(ChatRequest(talk)) == client.count(prompt)
    assert (chat.template_id, chat.own_template) == ("", STRANGE)
    # Up to the first question, without which it would refuse.
    chat.read_ahead(PromptMessage("system", "Be brief."))
    assert client.requests[-1].prompt == "<<user>>Be brief.\n\n"
    value = texts(list(chat.chat(ChatRequest(talk, schema=SCHEMA, max_tokens=200))))
    assert json.loads(value)["action"] in ("hold", "sell")
    client.load(model_with(**{"assay.template": "chatml"}))
    assert chat.prompt(ChatRequest(TALK[:1])).startswith("<|im_start|>system\nBe brief.<|im_end|>")
    client.close()


def test_a_template_that_opens_the_thought(model_with: Callable[..., Path]) -> None:
    source = (
        "{% for m in messages %}<<{{ m.role }}>>{{ m.content.split('</think>')[-1] }}{% endfor %}"
        "{% if add_generation_prompt %}<<assistant>><think>\n{% endif %}"
    )
    client = Recorder()
    client.load(model_with(**{"tokenizer.chat_template": source}))
    chat = LocalChat(client)
    list(chat.chat(ChatRequest(TALK, thinking=True, max_tokens=3)))
    sent = client.requests[-1]
    assert sent.prompt.endswith("<<user>>And now?<<assistant>><think>\n")
    assert sent.keep == sent.prompt.removesuffix("<<assistant>><think>\n")
    assert sent.thought == Thought(True)
    list(chat.chat(ChatRequest(TALK, thinking=False, max_tokens=3)))
    assert client.requests[-1].prompt.endswith("<think>\n\n</think>\n\n")
    client.close()


def test_a_long_conversation_made_to_fit(recorder: Recorder) -> None:
    chat = LocalChat(recorder)
    talk = [TALK[0]]
    for number in range(30):
        talk += [PromptMessage("user", f"Question {number}?"), PromptMessage("assistant", "Yes.")]
    talk.append(TALK[-1])

    def count(messages: Any) -> int:
        return chat.tokens(ChatRequest(tuple(messages), (TOOL,)))

    room = count(talk) // 2
    window = fit_messages(talk, (TOOL,), count, room, lambda one: False)
    assert window.tokens == count(window.messages) <= room
    assert window.dropped > 5
    assert window.messages[0] == TALK[0]
    assert window.messages[-1] == TALK[-1]


def test_cancelling(recorder: Recorder) -> None:
    answer = LocalChat(recorder).chat(
        ChatRequest(TALK, grammar="root ::= [a-z]*", thinking=False, max_tokens=2000)
    )
    next(answer)
    answer.cancel()
    list(answer)
    assert answer.stats is not None
    assert answer.stats.finish == "cancelled"


def test_what_was_said_before_a_crash_is_kept() -> None:
    class Dying:
        stats = None
        logprobs = ()

        def __init__(self) -> None:
            self._texts = iter(["It is <to", "ol"])

        def __next__(self) -> str:
            for text in self._texts:
                return text
            raise ModelDied("The model process ended.")

    answer = LocalAnswer(cast(Generation, Dying()), StreamParser())
    assert next(answer) == TextPart("It is")
    assert next(answer) == TextPart(" <tool")
    with pytest.raises(ModelDied):
        next(answer)
    assert list(answer) == []
