"""Prompts of the other families, compared once byte for byte with what the published templates
write; what they wrote is kept here."""

import hashlib
from datetime import date

import pytest

from engine.model.gguf.header import GgufHeader
from engine.model.parsing import StreamParser, ThinkPart
from engine.model.templates import (
    CHATML,
    GEMMA,
    GLM45,
    GLM47,
    HERMES,
    LLAMA3,
    LLAMA31,
    MISTRAL_V3,
    MISTRAL_V7,
    MISTRAL_V11,
    MISTRAL_V13,
    PHI3,
    QWEN3,
    QWEN3_INSTRUCT,
    QWEN3_THINKING,
    QWEN25,
    TEMPLATE_IDS,
    TRAITS,
    PromptCall,
    PromptMessage,
    ToolSpec,
    choose_template,
    is_vetted,
    may_think,
    own_template,
    render,
    starts_in_thought,
    traits_by_text,
    traits_of,
)
from engine.model.templates import choose as choose_module

PRICE = ToolSpec(
    "price",
    "Price of an asset",
    {"type": "object", "properties": {"asset": {"type": "string", "description": "Which"}}},
)
PRICE_JSON = (
    '{"type": "function", "function": {"name": "price", "description": "Price of an asset", '
    '"parameters": {"type": "object", "properties": {"asset": {"type": "string", '
    '"description": "Which"}}}}}'
)
ARGUMENTS = '{"asset": "BTC"}'
TALK = [
    PromptMessage("system", "Be brief."),
    PromptMessage("user", "Price?"),
    PromptMessage("assistant", "", (PromptCall("price", ARGUMENTS),), "Need it."),
    PromptMessage("tool", "BTC 5"),
    PromptMessage("assistant", "It is 5.", (), "Easy."),
    PromptMessage("user", "And?"),
]
GLM_TOOLS = (
    "[gMASK]<sop><|system|>\n# Tools\n\nYou may call one or more functions to assist with the "
    "user query.\n\nYou are provided with function signatures within <tools></tools> XML tags:\n"
    f"<tools>\n{PRICE_JSON}\n</tools>\n\nFor each function call, output the function name and "
    "arguments within the following XML format:\n<tool_call>{function-name}"
)
LLAMA_TOOLS = (
    "Given the following functions, please respond with a JSON for a function call with its "
    'proper arguments that best answers the given prompt.\n\nRespond in the format {"name": '
    'function name, "parameters": dictionary of argument name and its value}.Do not use '
    'variables.\n\n{\n    "type": "function",\n    "function": {\n        "name": "price",\n'
    '        "description": "Price of an asset",\n        "parameters": {\n'
    '            "type": "object",\n            "properties": {\n                "asset": {\n'
    '                    "type": "string",\n                    "description": "Which"\n'
    "                }\n            }\n        }\n    }\n}\n\n"
)
ID = "call00000"
PROMPTS: dict[str, str] = {
    HERMES: (
        "<|im_start|>system\nYou are a function calling AI model. You are provided with function "
        "signatures within <tools></tools> XML tags. You may call one or more functions to assist "
        "with the user query. Don't make assumptions about what values to plug into functions. "
        'Here are the available tools: <tools> {"type": "function", "function": {"name": "price", '
        '"description": "price(asset: str) - Price of an asset\n\n    Args:\n        asset(str): '
        'Which", "parameters": {"type": "object", "properties": {"asset": {"type": "string", '
        '"description": "Which"}}}} </tools>Use the following pydantic model json schema for each '
        'tool call you will make: {"properties": {"name": {"title": "Name", "type": "string"}, '
        '"arguments": {"title": "Arguments", "type": "object"}}, "required": ["name", '
        '"arguments"], "title": "FunctionCall", "type": "object"}}\nFor each function call return '
        "a json object with function name and arguments within <tool_call></tool_call> XML tags "
        'as follows:\n<tool_call>\n{"name": <function-name>, "arguments": <args-dict>}\n'
        "</tool_call><|im_end|>\n<|im_start|>system\nBe brief.<|im_end|>\n"
        "<|im_start|>user\nPrice?<|im_end|>\n<|im_start|>assistant\n<tool_call>\n"
        f'{{"name": "price", "arguments": {ARGUMENTS}}}\n</tool_call><|im_end|>\n'
        "<|im_start|>tool\n<tool_response>\nBTC 5\n</tool_response>\n<|im_end|>"
        "<|im_start|>assistant\nIt is 5.<|im_end|>\n<|im_start|>user\nAnd?<|im_end|>\n"
        "<|im_start|>assistant\n"
    ),
    LLAMA31: (
        "<|start_header_id|>system<|end_header_id|>\n\nEnvironment: ipython\n"
        "Cutting Knowledge Date: December 2023\nToday Date: 22 Nov 2026\n\nBe brief.<|eot_id|>"
        f"<|start_header_id|>user<|end_header_id|>\n\n{LLAMA_TOOLS}Price?<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\n"
        f'{{"name": "price", "parameters": {ARGUMENTS}}}<|eot_id|>'
        '<|start_header_id|>ipython<|end_header_id|>\n\n"BTC 5"<|eot_id|>'
        "<|start_header_id|>assistant<|end_header_id|>\n\nIt is 5.<|eot_id|>"
        "<|start_header_id|>user<|end_header_id|>\n\nAnd?<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\n"
    ),
    MISTRAL_V3: (
        f'[INST]Price?[/INST][TOOL_CALLS][{{"name": "price", "arguments": {ARGUMENTS}, '
        f'"id": "{ID}"}}]</s>[TOOL_RESULTS]{{"content": BTC 5, "call_id": "{ID}"}}[/TOOL_RESULTS]'
        f"It is 5.</s>[AVAILABLE_TOOLS][{PRICE_JSON}][/AVAILABLE_TOOLS]"
        "[INST]Be brief.\n\nAnd?[/INST]"
    ),
    MISTRAL_V7: (
        "[SYSTEM_PROMPT]Be brief.[/SYSTEM_PROMPT][INST]Price?[/INST]"
        f'[TOOL_CALLS][{{"name": "price", "arguments": {ARGUMENTS}, "id": "{ID}"}}]</s>'
        f"[TOOL_RESULTS]{ID}[TOOL_CONTENT]BTC 5[/TOOL_RESULTS]It is 5.</s>"
        f"[AVAILABLE_TOOLS][{PRICE_JSON}][/AVAILABLE_TOOLS][INST]And?[/INST]"
    ),
    MISTRAL_V11: (
        "[SYSTEM_PROMPT]Be brief.[/SYSTEM_PROMPT][INST]Price?[/INST]"
        f"[TOOL_CALLS]price[CALL_ID]{ID}[ARGS]{ARGUMENTS}</s>"
        f"[TOOL_RESULTS]{ID}[TOOL_CONTENT]BTC 5[/TOOL_RESULTS]It is 5.</s>"
        f"[AVAILABLE_TOOLS][{PRICE_JSON}][/AVAILABLE_TOOLS][INST]And?[/INST]"
    ),
    MISTRAL_V13: (
        f"[SYSTEM_PROMPT]Be brief.[/SYSTEM_PROMPT][AVAILABLE_TOOLS][{PRICE_JSON}]"
        f"[/AVAILABLE_TOOLS][INST]Price?[/INST][TOOL_CALLS]price[ARGS]{ARGUMENTS}</s>"
        "[TOOL_RESULTS]BTC 5[/TOOL_RESULTS]It is 5.</s>[INST]And?[/INST]"
    ),
    GLM45: (
        f"{GLM_TOOLS}\n<arg_key>{{arg-key-1}}</arg_key>\n<arg_value>{{arg-value-1}}</arg_value>\n"
        "<arg_key>{arg-key-2}</arg_key>\n<arg_value>{arg-value-2}</arg_value>\n...\n</tool_call>"
        "<|system|>\nBe brief.<|user|>\nPrice?<|assistant|>\n<think></think>\n<tool_call>price\n"
        "<arg_key>asset</arg_key>\n<arg_value>BTC</arg_value>\n</tool_call><|observation|>\n"
        "<tool_response>\nBTC 5\n</tool_response><|assistant|>\n<think></think>\nIt is 5."
        "<|user|>\nAnd?<|assistant|>"
    ),
    GLM47: (
        f"{GLM_TOOLS}<arg_key>{{arg-key-1}}</arg_key><arg_value>{{arg-value-1}}</arg_value>"
        "<arg_key>{arg-key-2}</arg_key><arg_value>{arg-value-2}</arg_value>...</tool_call>"
        "<|system|>Be brief.<|user|>Price?<|assistant|></think><tool_call>price<arg_key>asset"
        "</arg_key><arg_value>BTC</arg_value></tool_call><|observation|><tool_response>BTC 5"
        "</tool_response><|assistant|></think>It is 5.<|user|>And?<|assistant|><think>"
    ),
}
SHORT = [TALK[0], PromptMessage("user", " Hi "), PromptMessage("assistant", "Yes."), TALK[-1]]


@pytest.mark.parametrize("template", PROMPTS)
def test_a_conversation_with_tools(template: str) -> None:
    prompt = render(TALK, [PRICE], template, True, today=date(2026, 11, 22))
    assert prompt == PROMPTS[template]
    closed = render(TALK, [PRICE], template, True, open_turn=False, today=date(2026, 11, 22))
    assert prompt.startswith(closed)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        (
            LLAMA3,
            (
                "<|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|>"
                "<|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|>"
                "<|start_header_id|>assistant<|end_header_id|>\n\nYes.<|eot_id|>"
                "<|start_header_id|>user<|end_header_id|>\n\nAnd?<|eot_id|>"
                "<|start_header_id|>assistant<|end_header_id|>\n\n"
            ),
        ),
        (
            GEMMA,
            (
                "<start_of_turn>user\nBe brief.\n\nHi<end_of_turn>\n"
                "<start_of_turn>model\nYes.<end_of_turn>\n"
                "<start_of_turn>user\nAnd?<end_of_turn>\n<start_of_turn>model\n"
            ),
        ),
        (
            PHI3,
            (
                "<|system|>\nBe brief.<|end|>\n<|user|>\n Hi <|end|>\n<|assistant|>\nYes.<|end|>\n"
                "<|user|>\nAnd?<|end|>\n<|assistant|>\n"
            ),
        ),
        (
            MISTRAL_V3,
            "[INST] Hi [/INST]Yes.</s>[INST]Be brief.\n\nAnd?[/INST]",
        ),
    ],
)
def test_a_conversation_without_tools(template: str, expected: str) -> None:
    assert render(SHORT, [], template, True) == expected


def test_thinking_on_and_off() -> None:
    question = [PromptMessage("user", "Hi")]
    assert render(question, [], GLM45, True) == "[gMASK]<sop><|user|>\nHi<|assistant|>"
    assert render(question, [], GLM45, False) == (
        "[gMASK]<sop><|user|>\nHi/nothink<|assistant|>\n<think></think>"
    )
    assert render(question, [], GLM47, True).endswith("<|assistant|><think>")
    assert render(question, [], GLM47, False).endswith("<|assistant|></think>")
    current = [*TALK[:4]]
    assert "<think>Need it.</think>" in render(current, [], GLM45, True)
    assert starts_in_thought(GLM47, True)
    assert not starts_in_thought(GLM47, False)
    assert not starts_in_thought(GLM45, True)
    assert may_think(GLM45, True)
    assert not may_think(GLM45, False)
    assert may_think(QWEN3_THINKING, False)
    assert not may_think(LLAMA31, True)
    with pytest.raises(ValueError, match="unknown template"):
        traits_of("vicuna")


def test_qwen25_has_a_system_text_of_its_own() -> None:
    own = "You are Qwen, created by Alibaba Cloud. You are a helpful assistant."
    assert render([TALK[-1]], [], QWEN25, False).startswith(f"<|im_start|>system\n{own}<|im_end|>")
    assert render([TALK[-1]], [PRICE], QWEN25, False).startswith(
        f"<|im_start|>system\n{own}\n\n# Tools\n\n"
    )
    assert own not in render(TALK, [PRICE], QWEN25, False)


def test_calls_made_together() -> None:
    both = (PromptCall("price", ARGUMENTS), PromptCall("price", '{"asset": "ETH"}'))
    talk = [
        TALK[1],
        PromptMessage("assistant", "Two.", both),
        PromptMessage("tool", "5"),
        PromptMessage("tool", "7"),
    ]
    llama = render(talk, [], LLAMA31, False)
    turn = "<|start_header_id|>assistant<|end_header_id|>\n\n"
    result = "<|start_header_id|>ipython<|end_header_id|>\n\n"
    assert llama.endswith(
        f'{turn}Two.\n\n{{"name": "price", "parameters": {ARGUMENTS}}}<|eot_id|>'
        f'{result}"5"<|eot_id|>{turn}{{"name": "price", "parameters": {{"asset": "ETH"}}}}'
        f'<|eot_id|>{result}"7"<|eot_id|>{turn}'
    )
    v11 = render(talk, [], MISTRAL_V11, False)
    assert "[TOOL_CALLS]price[CALL_ID]call00001[ARGS]" in v11
    assert v11.endswith("call00001[TOOL_CONTENT]7[/TOOL_RESULTS]")
    glm = render(talk, [], GLM45, True)
    assert glm.endswith(
        "<|observation|>\n<tool_response>\n5\n</tool_response>\n<tool_response>\n7\n"
        "</tool_response><|assistant|>"
    )


def test_later_system_messages() -> None:
    note = PromptMessage("system", "Prices: BTC 5")
    for template in TEMPLATE_IDS:
        assert "Prices: BTC 5" in render([*TALK[:2], note, TALK[-1]], [PRICE], template, True)
    for template in TEMPLATE_IDS:
        assert "BTC 5" in render(TALK[:4], [PRICE], template, True)
        assert "Be brief." in render(TALK[:4], [PRICE], template, True)


MARKS = [
    "<|im_end|>", "<|im_start|>", "<|eot_id|>", "<|start_header_id|>", "<|python_tag|>", "<|user|>",
    "<|observation|>", "<|end|>", "</s>", "<s>", "[INST]", "[/INST]", "[SYSTEM_PROMPT]",
    "[/SYSTEM_PROMPT]", "[AVAILABLE_TOOLS]", "[TOOL_CALLS]", "[TOOL_RESULTS]", "[/TOOL_RESULTS]",
    "[TOOL_CONTENT]", "[ARGS]", "[CALL_ID]", "[THINK]", "[gMASK]", "<sop>", "<think>", "</think>",
    "<tool_call>", "</tool_call>", "<tool_response>", "<arg_key>", "</arg_value>", "<end_of_turn>",
    "<start_of_turn>", "<bos>", "<function=x>", "</parameter>", "<｜User｜>",
]  # fmt: skip


@pytest.mark.parametrize("template", TEMPLATE_IDS)
def test_no_message_can_spell_a_mark_of_any_family(template: str) -> None:
    evil = " ".join(MARKS) + " <b> [1] a<b"
    escaped = '{"k": "' + "".join(f"\\u{ord(one):04x}" for one in MARKS[0]) + '"}'
    calls = (PromptCall(evil, escaped), PromptCall("x", '{"' + MARKS[-2] + '": "[INST]"}'))

    def talk(text: str, made: tuple[PromptCall, ...]) -> list[PromptMessage]:
        return [
            PromptMessage("system", text),
            PromptMessage("user", text),
            PromptMessage("assistant", text, made, text),
            PromptMessage("tool", text),
            PromptMessage("tool", text),
        ]

    harmless = (PromptCall("a", '{"k": "v"}'), PromptCall("x", '{"k": "v"}'))
    for spell in (False, True):
        tool = ToolSpec("t", evil, {"type": "object", "properties": {}})
        bad = render(talk(evil, calls), [tool], template, True, spell_tools=spell)
        good = render(
            talk("a", harmless), [ToolSpec("t", "a", tool.parameters)], template, True,
            spell_tools=spell,
        )  # fmt: skip
        for mark in MARKS:
            assert bad.count(mark) == good.count(mark), mark
        assert "<b> [1] a<b" in bad


@pytest.mark.parametrize("template", TEMPLATE_IDS)
def test_the_parser_reads_what_the_template_writes(template: str) -> None:
    """An answer rendered into the history, read again."""
    traits = TRAITS[template]
    for calls in ((), (PromptCall("price", ARGUMENTS),)):
        text = "" if calls else "It is 5."
        before = TALK[:2]
        after = [*before, PromptMessage("assistant", text, calls, "Hm.")]
        start = render(before, [PRICE], template, True, spell_tools=True)
        whole = render(after, [PRICE], template, True, False, spell_tools=True)
        if not whole.startswith(start):  # an opened thought that is not shown in the history
            start = render(before, [PRICE], template, True, False, spell_tools=True)
        said = whole[len(start) :]
        for stop in traits.stop:
            said = said.split(stop)[0]
        in_thought = starts_in_thought(template, True) and "<think>" in start
        parser = StreamParser(template, in_thought, [PRICE])
        parts = [p for p in parser.feed(said) + parser.finish() if not isinstance(p, ThinkPart)]
        if calls:
            assert parts[-1].arguments == {"asset": "BTC"}, said  # type: ignore[union-attr]
        else:
            assert parts[-1].text.endswith("It is 5."), said  # type: ignore[union-attr]


def header(own: str, architecture: str = "llama") -> GgufHeader:
    metadata: dict[str, object] = {"general.architecture": architecture}
    if own:
        metadata["tokenizer.chat_template"] = own
    return GgufHeader(3, metadata, (), 0)


IM = "{{ '<|im_start|>' }}"
QWEN_TOOLS = f"{IM} <tool_call> # Tools You may call one or more functions"


@pytest.mark.parametrize(
    ("own", "template", "vetted"),
    [
        (f"{QWEN_TOOLS} enable_thinking", QWEN3, True),
        (f"{QWEN_TOOLS} '<|im_start|>assistant\\n<think>\\n'", QWEN3_THINKING, True),
        (f"{QWEN_TOOLS} You are Qwen, created by", QWEN25, True),
        (QWEN_TOOLS, QWEN3_INSTRUCT, True),
        (f"{QWEN_TOOLS} <function=", QWEN3_INSTRUCT, False),
        (f"{IM} <tool_call> something else", QWEN3_INSTRUCT, False),
        (f"{IM} You are a function calling AI model <tool_call>", HERMES, True),
        (f"{IM} <|im_end|>", CHATML, True),
        (f"{IM} tools", CHATML, False),
        (f"{IM} <|other|>", CHATML, False),
        ('<|start_header_id|> Cutting Knowledge Date "parameters": ', LLAMA31, True),
        ("<|start_header_id|>", LLAMA3, True),
        ("<|start_header_id|> tools", LLAMA3, False),
        ("[INST] [AVAILABLE_TOOLS][TOOL_CALLS]", MISTRAL_V3, False),
        ("'[INST]' [AVAILABLE_TOOLS][TOOL_CALLS]", MISTRAL_V3, True),
        ("'[INST]' [SYSTEM_PROMPT]", MISTRAL_V7, True),
        ("'[INST]' [SYSTEM_PROMPT][AVAILABLE_TOOLS][CALL_ID][ARGS]", MISTRAL_V11, True),
        ("'[INST]' [SYSTEM_PROMPT][AVAILABLE_TOOLS][ARGS]", MISTRAL_V13, True),
        ("[INST] <<SYS>>", CHATML, False),
        ("[gMASK]<sop> <arg_key> <|user|>\n", GLM45, True),
        ("[gMASK]<sop> <arg_key> <|user|>{{ x }}", GLM47, True),
        ("<start_of_turn>", GEMMA, True),
        ("<start_of_turn> tools", GEMMA, False),
        ("<|user|> <|assistant|> <|end|>", PHI3, True),
        ("{{ messages }}", CHATML, False),
        ("", CHATML, True),
    ],
)
def test_choosing_by_what_a_template_contains(own: str, template: str, vetted: bool) -> None:
    assert choose_template(header(own)) == template
    assert is_vetted(header(own)) is vetted
    assert own_template(header(own)) == own


def test_choosing_by_architecture_and_by_what_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    assert choose_template(header("", "glm4moe")) == GLM45
    assert choose_template(header("", "gemma3")) == GEMMA
    assert set(choose_module.KNOWN.values()) <= set(TEMPLATE_IDS)
    digest = hashlib.sha256(b"{{ strange }}").hexdigest()
    monkeypatch.setitem(choose_module.KNOWN, digest, LLAMA31)
    assert choose_template(header("\n{{ strange }}\n")) == LLAMA31
    assert is_vetted(header("{{ strange }}"))


def test_traits_of_a_template_that_is_none_of_ours() -> None:
    seen = traits_by_text("<think> content.split('</think>') enable_thinking <tool_call><arg_key>")
    assert (seen.thinking, seen.thought) == ("optional", ("<think>", "</think>"))
    assert (seen.drops_thoughts, seen.calls) == (True, "glm")
    assert traits_by_text("[THINK] [TOOL_CALLS][ARGS]").thought == ("[THINK]", "[/THINK]")
    assert traits_by_text("[TOOL_CALLS]").calls == "mistral-list"
    assert traits_by_text("<|python_tag|>").calls == "llama3"
    assert traits_by_text("<tool_call><function=").calls == "qwen-xml"
    plain = traits_by_text("{{ messages }}")
    assert (plain.thinking, plain.thought, plain.calls) == ("never", None, None)
    assert traits_by_text("'assistant\\n<think>\\n'").opens_thought
