import pytest

pytest.importorskip("transformers")

from tokenizers import Tokenizer
from transformers import PreTrainedTokenizerFast

from training.data.chat import Piece, Weights, render, render_text
from training.methods.tokenizer import TEMPLATE

CALL = {
    "role": "assistant",
    "tool_calls": [{"name": "what_if", "arguments": {"asset": "BTC", "change_percent": -30}}],
}
DIALOGUES = {
    "plain": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "Hello."}],
    "call": [
        {"role": "system", "content": "You are Assay."},
        {"role": "user", "content": "What if BTC falls 30%?"},
        CALL,
        {"role": "tool", "content": "Loss: $300"},
        {"role": "assistant", "content": "You would lose $300."},
        {"role": "user", "content": "and ETH?"},
    ],
    "two calls": [
        {"role": "system", "content": ""},
        {"role": "user", "content": "Preis von « BTC » und ETH"},
        {
            "role": "assistant",
            "content": "Both:",
            "tool_calls": [
                {"name": "price", "arguments": {"asset": "BTC", "account": "Zürich \"A\""}},
                {"name": "list_alerts", "arguments": {}},
            ],
        },
        {"role": "tool", "content": "1"},
        {"role": "tool", "content": "2"},
        {"role": "assistant", "content": "1 and 2", "reasoning_content": "add them"},
    ],
}  # fmt: skip


@pytest.mark.parametrize("tools", [[], ["price"], ["price", "what_if"]])
@pytest.mark.parametrize("name", DIALOGUES)
def test_python_and_template_render_the_same(tokenizer: Tokenizer, name: str, tools) -> None:
    wrapped = PreTrainedTokenizerFast(tokenizer_object=tokenizer)
    expected = wrapped.apply_chat_template(
        DIALOGUES[name],
        tools=[{"name": name} for name in tools] or None,
        chat_template=TEMPLATE.read_text(),
        tokenize=False,
    )
    assert render_text(DIALOGUES[name], tools) == expected


def test_a_dialogue_looks_as_documented() -> None:
    assert render_text(DIALOGUES["call"], ["price", "what_if"]) == (
        '<|im_start|>system\nYou are Assay.\n\nTools: "price", "what_if"<|im_end|>\n'
        "<|im_start|>user\nWhat if BTC falls 30%?<|im_end|>\n"
        "<|im_start|>assistant\n<tool_call>\n"
        '{"name": "what_if", "arguments": {"asset": "BTC", "change_percent": -30}}\n'
        "</tool_call><|im_end|>\n"
        "<|im_start|>user\n<tool_response>\nLoss: $300\n</tool_response><|im_end|>\n"
        "<|im_start|>assistant\nYou would lose $300.<|im_end|>\n"
        "<|im_start|>user\nand ETH?<|im_end|>\n"
    )


def test_weights_follow_the_parts_of_a_call() -> None:
    weights = Weights(value=4.0, tool=2.0, key=1.5, skeleton=1.25, text=1.0)
    pieces = [p for p in render(DIALOGUES["call"][1:3], (), weights) if p.weight]
    assert pieces == [
        Piece('<tool_call>\n{"name": ', 1.25),
        Piece('"what_if"', 2.0),
        Piece(', "arguments": {', 1.25),
        Piece('"', 1.25),
        Piece("asset", 1.5),
        Piece('": ', 1.25),
        Piece('"', 1.25),
        Piece("BTC", 4.0),
        Piece('"', 1.25),
        Piece(', "', 1.25),
        Piece("change_percent", 1.5),
        Piece('": ', 1.25),
        Piece("-30", 4.0),
        Piece("}}\n</tool_call>", 1.25),
        Piece("<|im_end|>", 1.0),
    ]


@pytest.mark.parametrize(
    "messages",
    [
        [{"role": "nobody", "content": "x"}],
        [{"role": "user", "content": "x"}, {"role": "system", "content": "x"}],
    ],
)
def test_misplaced_roles_are_refused(messages) -> None:
    with pytest.raises(ValueError, match=r"role|first"):
        render(messages)
