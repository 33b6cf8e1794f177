import json
import lzma
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.data.dialogue_formats import Dialogue, dialogue, read_dialogues

CALL = {"name": "price", "arguments": {"asset": "BTC"}}
SCHEMA = {"type": "function", "function": {"name": "price", "parameters": {}}}
ASKED = {"role": "user", "content": "BTC?"}
CALLED = {"role": "assistant", "content": "", "tool_calls": [CALL]}
ANSWERED = [
    {"role": "tool", "content": "$1"},
    {"role": "assistant", "content": "One dollar.", "reasoning_content": "read it"},
]
SYSTEM = {"role": "system", "content": "Be short."}
WITHOUT_REASONING = {"role": "assistant", "content": "One dollar."}

ROWS: dict[str, tuple[dict[str, Any], Dialogue]] = {
    "ours": (
        {"messages": [ASKED, {"role": "assistant", "tool_calls": [CALL]}], "tools": ["price"]},
        Dialogue([ASKED, CALLED], ["price"], []),
    ),
    "minimind": (
        {
            "conversations": [
                {**SYSTEM, "tools": json.dumps([SCHEMA])},
                ASKED,
                {"role": "assistant", "content": "", "tool_calls": json.dumps([CALL])},
                *ANSWERED,
            ]
        },
        Dialogue([SYSTEM, ASKED, CALLED, *ANSWERED], ["price"], [SCHEMA]),
    ),
    "openai": (
        {
            "messages": [
                {"role": "developer", "content": "Be short."},
                {"role": "user", "content": [{"type": "text", "text": "BTC"}, {"text": "?"}]},
                {
                    "role": "assistant",
                    "content": None,
                    "tool_calls": [
                        {
                            "id": "1",
                            "type": "function",
                            "function": {"name": "price", "arguments": '{"asset": "BTC"}'},
                        }
                    ],
                },
                *ANSWERED,
            ],
            "tools": [SCHEMA],
        },
        Dialogue([SYSTEM, ASKED, CALLED, *ANSWERED], ["price"], [SCHEMA]),
    ),
    "sharegpt": (
        {
            "conversations": [
                {"from": "human", "value": "BTC?"},
                {"from": "function_call", "value": json.dumps(CALL)},
                {"from": "observation", "value": "$1"},
                {"from": "gpt", "value": "One dollar."},
            ],
            "system": "Be short.",
            "tools": json.dumps([{"name": "price"}]),
        },
        Dialogue(
            [SYSTEM, ASKED, CALLED, ANSWERED[0], WITHOUT_REASONING], ["price"], [{"name": "price"}]
        ),
    ),
    "alpaca": (
        {
            "instruction": "Price?",
            "input": "of BTC",
            "output": "One dollar.",
            "system": "Be short.",
            "history": [["Hi", "Hello."]],
        },
        Dialogue(
            [
                SYSTEM,
                {"role": "user", "content": "Hi"},
                {"role": "assistant", "content": "Hello."},
                {"role": "user", "content": "Price?\nof BTC"},
                WITHOUT_REASONING,
            ],
            [],
            [],
        ),
    ),
    "text": ({"text": "plain"}, Dialogue([], [], [], "plain")),
    "choice": (
        {"chosen": [ASKED, WITHOUT_REASONING], "rejected": [ASKED, CALLED]},
        Dialogue([ASKED, WITHOUT_REASONING], [], []),
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_every_format_becomes_the_one_form(tmp_path: Path, name: str) -> None:
    path = tmp_path / "d.jsonl"
    path.write_text(json.dumps(ROWS[name][0]) + "\n\n")
    assert list(read_dialogues(path)) == [("d.jsonl, line 1", ROWS[name][1])]


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    if path.name.endswith(".xz"):
        path.write_bytes(lzma.compress(lines.encode()))
    elif path.suffix == ".parquet":
        arrow = pytest.importorskip("pyarrow")
        from pyarrow import parquet

        parquet.write_table(arrow.Table.from_pylist(rows), path)
    else:
        path.write_text(json.dumps(rows, indent=1) if path.stem == "list" else lines)


@pytest.mark.parametrize(
    ("content", "reasoning", "said"),
    [
        ("<think>\nread it\nwell\n</think>\n\nOne.", "read it\nwell", "One."),
        ("\n<think>read it</think>One.</think>", "read it", "One.</think>"),
        ("<think>\n\n</think>\n\nOne.", None, "<think>\n\n</think>\n\nOne."),
        ("It is <think>not</think> it.", None, "It is <think>not</think> it."),
        ("<think>cut off", None, "<think>cut off"),
    ],
)
def test_marked_reasoning_is_read_as_reasoning(
    content: str, reasoning: str | None, said: str
) -> None:
    asked, answer = dialogue(
        {"messages": [{**ASKED, "content": content}, {"role": "assistant", "content": content}]}
    ).messages
    assert asked["content"] == content
    assert (answer.get("reasoning_content"), answer["content"]) == (reasoning, said)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (5, "the row is not an object"),
        ({"messages": "hello"}, "messages is not a list"),
        ({"messages": ["hello"]}, "a message is not an object"),
        ({"messages": [{"content": "hello"}]}, "a message has no role"),
        ({"instruction": "hello"}, "output is missing"),
    ],
)
def test_a_wrong_row_is_told_in_words(tmp_path: Path, row: object, reason: str) -> None:
    path = tmp_path / "d.jsonl"
    path.write_text(json.dumps(row))
    with pytest.raises(ValueError, match=rf"line 1: not a dialogue \({reason}\)"):
        list(read_dialogues(path))


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.xz", "list.json", "lines.json", "a.parquet"])
def test_every_kind_of_file_holds_the_same(tmp_path: Path, name: str) -> None:
    # Two tools with different arguments: Parquet fills each with the other's as null.
    other = {**CALLED, "tool_calls": [{"name": "list_alerts", "arguments": {"kind": "all"}}]}
    rows = [{"messages": [ASKED, turn], "tools": ["price"]} for turn in (CALLED, other)]
    write(tmp_path / name, rows)
    read = [made for _, made in read_dialogues(tmp_path / name)]
    assert read == [Dialogue(row["messages"], ["price"], []) for row in rows]


def test_a_folder_or_a_pattern_means_several_files(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    for place, text in (("b.jsonl", "two"), ("a.json", "one"), ("deep/c.jsonl", "three")):
        write(tmp_path / place, [{"text": text}])
    (tmp_path / "readme.md").write_text("no data")
    assert [d.text for _, d in read_dialogues(tmp_path)] == ["one", "two", "three"]
    assert [d.text for _, d in read_dialogues(tmp_path / "[ab].json*")] == ["one", "two"]
    for gone in ("gone.jsonl", "*.parquet"):
        with pytest.raises(FileNotFoundError, match="there is no"):
            list(read_dialogues(tmp_path / gone))


@pytest.mark.parametrize(
    "row",
    [
        [],
        {},
        {"messages": []},
        {"messages": [1]},
        {"messages": "hi"},
        {"messages": [{"role": "nobody", "content": "x"}]},
        {"messages": [{"role": ["user"], "content": "x"}]},
        {"messages": [{"role": "user"}]},
        {"messages": [{"role": "user", "content": 5}]},
        {"messages": [{"role": "assistant", "tool_calls": "{"}]},
        {"messages": [{"role": "assistant", "tool_calls": [{"arguments": {}}]}]},
        {"messages": [{"role": "assistant", "tool_calls": [{"name": "a", "arguments": "[1]"}]}]},
        {"conversations": [{"from": "gpt"}]},
        {"conversations": [{"from": "function_call", "value": "price"}]},
        {"instruction": "x"},
        {"instruction": "x", "output": "y", "history": [["a"]]},
        {"text": ""},
        {"text": 5},
        {"messages": [ASKED], "tools": "{"},
        {"messages": [ASKED], "tools": [{}]},
    ],
)
def test_a_wrong_row_is_named(tmp_path: Path, row: object) -> None:
    path = tmp_path / "d.jsonl"
    path.write_text(json.dumps(ROWS["ours"][0]) + "\n" + json.dumps(row))
    with pytest.raises(ValueError, match=r"d\.jsonl, line 2: not a dialogue"):
        list(read_dialogues(path))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["role", "content", "from", "value", "tool_calls", "name", "arguments"])
            | st.text(max_size=3),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(deadline=None)
@given(st.sampled_from(["messages", "conversations", "chosen", "history", "tools"]), json_values)
def test_any_row_is_read_or_named(tmp_path_factory, key: str, value: object) -> None:
    path = tmp_path_factory.getbasetemp() / "any.jsonl"
    path.write_text(json.dumps({**ROWS["alpaca"][0], key: value}))
    try:
        ((_, made),) = read_dialogues(path)
    except ValueError as error:
        assert str(error).startswith("any.jsonl, line 1: not a dialogue")  # noqa: PT017
    else:
        assert all(isinstance(m["content"], str) for m in made.messages)
        assert all(
            isinstance(c["arguments"], dict) for m in made.messages for c in m.get("tool_calls", ())
        )


def test_the_form_reads_itself() -> None:
    for row, made in ROWS.values():
        if "chosen" not in row and made.messages:
            again = dialogue({"messages": made.messages, "tools": made.schemas or made.tools})
            assert again == made
