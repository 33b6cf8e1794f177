"""Calls are asked for, written and read in the form of each family's own template."""

from decimal import Decimal

import pytest

from engine.assistant.callform import HERMES_FORM, form_of, read_call
from engine.assistant.cancel import Cancel
from engine.assistant.candidates import Slots
from engine.assistant.decide import Option
from engine.assistant.grammar import call_grammar
from engine.assistant.picking import Picker
from engine.assistant.prompting import call_message
from engine.assistant.tools import TOOLS
from engine.model.templates import (
    CHATML,
    GEMMA,
    HERMES,
    LLAMA31,
    MISTRAL_V11,
    PHI3,
    QWEN3,
    QWEN3_INSTRUCT,
    QWEN25,
    STARTER,
    TEMPLATE_IDS,
    TRAITS,
    PromptMessage,
    render,
)
from engine.model.templates.conversation import ToolSpec
from engine.service.warming import warm_up
from tests.engine.assistant.gbnf import derives
from tests.engine.assistant.opinions import FakeModel
from tests.engine.assistant.world import world

ASKED = [PromptMessage("system", "Help."), PromptMessage("user", "What if BTC falls by 30.5%?")]
ARGUMENTS = {"asset": "BTC", "change_percent": Decimal("-30.5")}
TOOL = TOOLS["what_if"]
# Where the template ends a turn.
ENDS = ("<|im_end|>\n", "<|eot_id|>", "</s>")
CALLING = [one for one in TEMPLATE_IDS if TRAITS[one].calls]


def as_trained(template_id: str) -> str:
    """What the template shows as the model's words when it made the call."""
    open_turn = render(ASKED, [], template_id, False)
    closed = render(
        [*ASKED, call_message(TOOL.name, ARGUMENTS)], [], template_id, False, open_turn=False
    )
    # Templates of models that always think open the thought, and leave it out of what was.
    open_turn = open_turn.removesuffix("<think>\n")
    assert closed.startswith(open_turn)
    said = closed[len(open_turn) :]
    for end in ENDS:
        said = said.removesuffix(end)
    return said.removeprefix("<think>\n\n</think>\n\n")


@pytest.mark.parametrize("template_id", CALLING)
def test_a_call_is_written_as_the_model_was_trained_to(template_id: str) -> None:
    said = as_trained(template_id)
    form = form_of(template_id)
    candidates = {"asset": ("BTC", "ETH"), "change_percent": (Decimal(30), Decimal("-30.5"))}
    grammar = call_grammar([(TOOLS["price"], {"asset": ("SOL",)}), (TOOL, candidates)], form)
    assert derives(grammar, said)
    assert not derives(grammar, said.replace("BTC", "SOL"))
    assert not derives(grammar, said.replace("what_if", "price"))
    assert said.startswith(form.named(TOOL.name))
    assert said.startswith(form.at_all)
    assert read_call(said, template_id) == (TOOL, ARGUMENTS)


@pytest.mark.parametrize("template_id", CALLING)
def test_what_is_no_call_is_refused(template_id: str) -> None:
    said = as_trained(template_id)
    for text in ("", "I cannot.", said[: len(said) // 2], said.replace("what_if", "transfer")):
        with pytest.raises(ValueError, match=r"call|JSON|tool"):
            read_call(text, template_id)


@pytest.mark.parametrize("template_id", CALLING)
def test_a_call_without_arguments(template_id: str) -> None:
    form = form_of(template_id)
    written = f"{form.named('list_alerts')}{form.arguments}{form.close}{form.end}"
    assert derives(call_grammar([(TOOLS["list_alerts"], {})], form), written)
    assert read_call(written, template_id) == (TOOLS["list_alerts"], {})


def test_no_name_is_the_beginning_of_another() -> None:
    """The scores of names that nothing ends could not be compared."""
    names = list(TOOLS)
    assert not [(a, b) for a in names for b in names if a != b and b.startswith(a)]


def test_the_starter_and_qwen_write_what_they_always_wrote() -> None:
    for template_id in (STARTER, QWEN3, QWEN3_INSTRUCT, QWEN25, HERMES):
        assert form_of(template_id) is HERMES_FORM
    assert HERMES_FORM.at_all == "<tool_call>"
    assert HERMES_FORM.named("price") == '<tool_call>\n{"name": "price"'
    assert call_grammar([(TOOLS["price"], {"asset": ("BTC", "ETH")})]) == (
        'root ::= "<tool_call>\\n" (call0) "\\n</tool_call>"\n'
        'call0 ::= "{\\"name\\": \\"price\\", \\"arguments\\": {" "\\"asset\\": " '
        '("\\"BTC\\"" | "\\"ETH\\"") "}}"\n'
    )


def picker(model: FakeModel) -> Picker:
    return Picker(model.client, world(), "What if BTC falls?", [], Cancel())


@pytest.mark.parametrize("template_id", [STARTER, QWEN3, LLAMA31, MISTRAL_V11])
def test_the_model_is_asked_in_its_own_form(template_id: str) -> None:
    model = FakeModel(template_id=template_id)
    found = picker(model).scores(list(TOOLS))
    assert found is not None
    ((_, asked),) = model.scored
    form = form_of(template_id)
    assert asked == (*(form.named(name) for name in TOOLS), form.at_all)


@pytest.mark.parametrize("template_id", [LLAMA31, MISTRAL_V11, "glm4.5"])
def test_its_pick_is_read(template_id: str) -> None:
    model = FakeModel(picks=as_trained(template_id), template_id=template_id)
    slots = Slots({"asset": ("BTC",), "change_percent": (Decimal(30), Decimal("-30.5"))}, ())
    picked = picker(model).arguments(Option(TOOL, slots, 1.0))
    assert picked == ARGUMENTS
    (request,) = model.requests
    assert request.grammar == call_grammar([(TOOL, slots.values)], form_of(template_id))


@pytest.mark.parametrize("template_id", [CHATML, GEMMA, PHI3, "llama3"])
def test_a_model_without_tools_has_no_opinion(template_id: str) -> None:
    model = FakeModel(template_id=template_id)
    one = picker(model)
    assert one.scores(list(TOOLS)) is None
    assert model.scored == []
    request = one.request(call_message(TOOL.name, ARGUMENTS), PromptMessage("tool", "Loss: $5"))
    assert one.chat is not None
    prompt = one.chat.prompt(request)
    assert '"name": "what_if"' in prompt  # what was called and found is told as text
    assert "<tool_response>\nLoss: $5\n</tool_response>" in prompt
    assert "# Tools" not in prompt


@pytest.mark.parametrize("template_id", [STARTER, QWEN3, LLAMA31, HERMES, PHI3, "glm4.5"])
def test_what_is_read_ahead_is_what_every_question_begins_with(template_id: str) -> None:
    model = FakeModel("", template_id=template_id)
    warm_up(world(), model.client)
    (ahead,) = model.requests
    assert len(ahead.prompt) > 200
    assert picker(model).prompt().startswith(ahead.prompt)


def test_llama_is_told_the_date() -> None:
    day = world().today
    prompt = picker(FakeModel(template_id=LLAMA31)).prompt()
    assert f"Today Date: {day:%d %b %Y}" in prompt


def test_the_prompts_of_starter_and_qwen_are_the_templates() -> None:
    """Neither the date nor the spelling of tools changes a byte of theirs."""
    tools = [ToolSpec("price", "The price.", {"type": "object"})]
    messages = [*ASKED, call_message(TOOL.name, ARGUMENTS), PromptMessage("tool", "x")]
    for template_id in (STARTER, QWEN3, QWEN3_INSTRUCT, QWEN25, HERMES):
        plain = render(messages, tools, template_id, False)
        dated = render(messages, tools, template_id, False, today=world().today, spell_tools=True)
        assert plain == dated
