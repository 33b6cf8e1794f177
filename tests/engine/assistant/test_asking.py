"""What the model on this computer is asked: in which words, by whose template, with what room."""

from collections.abc import Callable

import pytest

from engine.assistant import turn
from engine.assistant.cancel import Cancel
from engine.assistant.candidates import Slots
from engine.assistant.decide import Option
from engine.assistant.picking import ANSWER_TOKENS, Picker
from engine.assistant.prompting import Exchange, call_message, question_messages, tool_specs
from engine.assistant.tools import TOOLS
from engine.assistant.turn import Assistant, Outcome
from engine.core.presets import BALANCED, PRECISE, PRESETS, Preset
from engine.model.generation import GenerateRequest, Thought
from engine.model.templates import (
    HERMES,
    LLAMA31,
    QWEN3,
    QWEN3_INSTRUCT,
    QWEN3_THINKING,
    QWEN25,
    PromptMessage,
    render,
)
from tests.engine.assistant.opinions import FakeModel, Loaded, opinion
from tests.engine.assistant.world import world

QUESTION = "what if bitcoin drops 30%"
HISTORY = [
    Exchange("what do i own", {"name": "price", "arguments": {"asset": "BTC"}}, "One BTC."),
    Exchange("hm", None, "Yes."),
]
GOOD = "You would have $58,000.00, a change of -$12,000.00."
RESULT = """\
What if BTC changes
price change: -30.00 %
value now: $70,000.00
value after: $58,000.00
change: -$12,000.00
portfolio change: -17.14 %"""
# As the starter was trained and measured: a changed byte here changes the scores in the README.
STARTER_PROMPT = """\
<|im_start|>system
You are Assay, a private crypto analyst. Figures come from tools.
Today: 2026-11-22. Coins: BTC, ETH. Accounts: Coinbase, Kraken, Ledger. Currency: USD.

Tools: "portfolio_value", "position", "profit_loss", "best_worst", "period_return", "volatility", \
"max_drawdown", "correlation", "what_if", "apr_to_apy", "compound_growth", "impermanent_loss", \
"create_alert", "list_alerts", "explain_term", "price", "transactions"<|im_end|>
<|im_start|>user
what do i own<|im_end|>
<|im_start|>assistant
<tool_call>
{"name": "price", "arguments": {"asset": "BTC"}}
</tool_call><|im_end|>
<|im_start|>user
hm<|im_end|>
<|im_start|>assistant
Yes.<|im_end|>
<|im_start|>user
what if bitcoin drops 30%<|im_end|>
<|im_start|>assistant
"""
STARTER_ANSWERS = f"""\
<tool_call>
{{"name": "what_if", "arguments": {{"asset": "BTC", "change_percent": -30}}}}
</tool_call><|im_end|>
<|im_start|>user
<tool_response>
{RESULT}
</tool_response><|im_end|>
<|im_start|>assistant
"""
STRANGE = (
    "{% for m in messages %}<<{{ m.role }}>>{{ m.content }}<</{{ m.role }}>>{% endfor %}"
    "{% if add_generation_prompt %}<<bot>>{% endif %}"
)

Ask = Callable[..., Outcome]


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Asks with a router that is sure of the tool."""

    def ask_(model: FakeModel, preset: Preset = PRECISE, kind: str = "what_if") -> Outcome:
        monkeypatch.setattr(turn, "default_router", lambda: opinion(**{kind: 0.98}))
        question = QUESTION if kind == "what_if" else "hello you"
        assistant = Assistant(model.client, world, lambda event: None, preset)
        return assistant.answer(1, 7, question, HISTORY, Cancel())

    return ask_


@pytest.mark.parametrize("preset", PRESETS)
def test_the_starter_is_asked_as_it_always_was(ask: Ask, preset: Preset) -> None:
    model = FakeModel("It is 99,123.", GOOD)
    assert ask(model, preset).text == GOOD
    ((scored, _),) = model.scored
    assert scored == STARTER_PROMPT
    assert [request.prompt for request in model.requests] == [STARTER_PROMPT + STARTER_ANSWERS] * 2
    first, second = model.requests
    expected = GenerateRequest(
        first.prompt,
        stop=("<tool_call>", "<|im_end|>", "<|im_start|>"),
        max_tokens=600 + preset.thought_tokens,
        temperature=preset.figures_temperature,
        top_k=preset.top_k,
        top_p=preset.top_p,
        seed=7,
        session="chat:1",
    )
    assert first == expected
    assert second.temperature == max(0.4, preset.figures_temperature)
    assert second.seed == 8


@pytest.mark.parametrize("template_id", [QWEN3, QWEN3_INSTRUCT, QWEN3_THINKING, QWEN25, HERMES])
@pytest.mark.parametrize("thinking", [True, False])
def test_qwen_is_asked_by_its_template(template_id: str, thinking: bool) -> None:
    model = FakeModel(template_id=template_id)
    picker = Picker(model.client, world(), QUESTION, HISTORY, Cancel(), "chat:1")
    assert picker.chat is not None
    result = PromptMessage("tool", RESULT)
    call = call_message("what_if", {"asset": "BTC"})
    messages = [*question_messages(world(), HISTORY, QUESTION, template_id), call, result]
    expected = render(messages, tool_specs(list(TOOLS.values())), template_id, thinking)
    assert picker.chat.prompt(picker.request(call, result, thinking=thinking)) == expected


def test_what_the_template_says_is_used(ask: Ask) -> None:
    model = FakeModel(GOOD, template_id=LLAMA31)
    ask(model)
    assert model.requests[0].stop[:2] == ("<|python_tag|>", "<|eot_id|>")
    qwen = FakeModel(GOOD, template_id=QWEN3)
    ask(qwen)
    (request,) = qwen.requests
    # Up to the end of the question, which comes again when the thoughts after it are gone.
    assert request.keep.endswith(f"<|im_start|>user\n{QUESTION}<|im_end|>\n")
    assert request.prompt.startswith(request.keep)


def test_talk_is_drawn_as_the_makers_advise(ask: Ask) -> None:
    """A file that says how; Balanced has no numbers of its own then."""
    said = {"general.sampling.temp": 0.5, "general.sampling.min_p": 0.125}
    model = FakeModel("Hello.", template_id=QWEN3, says=said)
    ask(model, BALANCED, "chat")
    (request,) = model.requests
    assert (request.temperature, request.min_p) == (0.5, 0.125)
    model = FakeModel("Hello.", template_id=QWEN3, says=said)
    ask(model, PRECISE, "chat")
    assert model.requests[0].temperature == 0.0


@pytest.mark.parametrize("preset", PRESETS)
def test_a_model_that_always_thinks_gets_to_its_answer(ask: Ask, preset: Preset) -> None:
    model = FakeModel(["I add up", "</think>", GOOD], template_id=QWEN3_THINKING)
    assert ask(model, preset).text == GOOD
    (request,) = model.requests
    assert request.thought is not None
    budget = request.thought.budget
    assert request.thought == Thought(True, budget=budget)
    assert 300 <= budget <= max(600, preset.thought_tokens)
    assert request.max_tokens - budget >= ANSWER_TOKENS
    assert len(request.prompt) // 4 + budget + ANSWER_TOKENS <= 4_096


def test_a_thought_leaves_half_of_a_small_room(ask: Ask) -> None:
    model = FakeModel(["hm", "</think>", GOOD], template_id=QWEN3_THINKING)
    used = 3_000
    model.count = lambda text: used  # type: ignore[method-assign]
    model.loaded = Loaded(QWEN3_THINKING, n_ctx=3_800)
    ask(model)
    thought = model.requests[0].thought
    assert thought is not None
    assert thought.budget == 400


def test_others_do_not_think_where_they_are_not_to(ask: Ask) -> None:
    model = FakeModel(GOOD, template_id=QWEN3)
    ask(model)
    assert model.requests[0].thought is None


def test_a_stranger_s_template_writes_the_prompt(ask: Ask) -> None:
    model = FakeModel(GOOD, template=STRANGE)
    assert ask(model).text == GOOD
    (request,) = model.requests
    assert request.prompt.startswith("<<system>>You are Assay, a private crypto analyst.")
    assert f"<<user>>{QUESTION}<</user>>" in request.prompt
    assert "value after: $58,000.00" in request.prompt
    assert request.prompt.endswith("<<bot>>")
    assert "im_start" not in request.prompt
    assert not model.scored


def test_a_stranger_s_template_that_opens_the_thought(ask: Ask) -> None:
    opens = STRANGE.replace("<<bot>>", "{{ '<|bot|>assistant\\n<think>\\n' }}")
    model = FakeModel(["hm", "</think>", GOOD], template=opens)
    assert ask(model).text == GOOD
    (request,) = model.requests
    assert request.prompt.endswith("<|bot|>assistant\n<think>\n")
    assert request.thought == Thought(True, budget=600)
    assert request.max_tokens == 600 + ANSWER_TOKENS


def test_a_stranger_s_template_that_fails_costs_the_words_only(ask: Ask) -> None:
    model = FakeModel(template="{{ raise_exception('not like this') }}")
    outcome = ask(model)
    assert outcome.status == "complete"
    assert "$58,000.00" in outcome.text
    assert "refuses this conversation: not like this" in outcome.notice
    assert not model.requests


def test_a_stranger_s_template_is_picked_for_too() -> None:
    picked = '<tool_call>\n{"name": "price", "arguments": {"asset": "ETH"}}\n</tool_call>'
    model = FakeModel(picks=picked, template=STRANGE)
    picker = Picker(model.client, world(), "the price", (), Cancel())
    option = Option(TOOLS["price"], Slots({"asset": ("BTC", "ETH")}, ()), 1.0)
    assert picker.arguments(option) == {"asset": "ETH"}
    assert model.requests[0].prompt.endswith("<<user>>the price<</user>><<bot>>")
