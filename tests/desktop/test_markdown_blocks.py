"""Splitting Markdown into blocks, in one piece and in many."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desktop.markdown.blocks import Block, Code, Heading, Item, Paragraph, Quote, Rule, Table
from desktop.markdown.stream import PARAGRAPH_LIMIT, BlockStream, parse

ANSWER = """# Title
Some **bold** text
on two lines

- one
- two
  goes on
1. first
   - nested

| Asset | Value |
|---|--:|
| BTC | 1 |
| ETH | 2 | too many |
After it.

```python
x = 1

- no list
```
> quoted
> twice

***
"""


def test_every_kind_of_block() -> None:
    assert parse(ANSWER) == [
        Heading(1, "Title"),
        Paragraph("Some **bold** text\non two lines"),
        Item(0, "•", "one"),
        Item(0, "•", "two\ngoes on"),
        Item(0, "1.", "first"),
        Item(1, "•", "nested"),
        Table(("Asset", "Value"), ("left", "right"), (("BTC", "1"), ("ETH", "2"))),
        Paragraph("After it."),
        Code(("x = 1", "", "- no list")),
        Quote("quoted\ntwice"),
        Rule(),
    ]


@pytest.mark.parametrize(
    "text",
    ["", "\n\n\n", "a | b", "| a |", "```", "#no heading", "-no item", "1.no item", "----x"],
)
def test_what_looks_like_a_marker_is_text(text: str) -> None:
    blocks = parse(text)
    assert all(isinstance(block, Paragraph | Code) for block in blocks)


PIECES = st.lists(
    st.one_of(
        st.sampled_from(["\n", "\n\n", "- ", "1. ", "# ", "```\n", "| a | b |\n", "|--|-:|\n"]),
        st.sampled_from(["> ", "---\n", "*", "**", "word ", "x" * 700, "long words " * 130]),
        st.text(max_size=8),
    ),
    max_size=30,
)


@settings(max_examples=200, deadline=None)
@given(PIECES, st.lists(st.integers(1, 40), min_size=1, max_size=10))
def test_pieces_give_the_same_blocks_as_the_whole(pieces: list[str], sizes: list[int]) -> None:
    text = "".join(pieces)
    stream, streamed, at, turn = BlockStream(), [], 0, 0
    while at < len(text):
        size = sizes[turn % len(sizes)]
        stream.feed(text[at : at + size])
        at, turn = at + size, turn + 1
        stream.open()
        streamed += stream.take()
    stream.close()
    assert streamed + stream.take() == parse(text)


@settings(max_examples=100, deadline=None)
@given(PIECES)
def test_no_block_grows_without_bound(pieces: list[str]) -> None:
    for block in parse("".join(pieces)):
        assert _length(block) <= 3 * PARAGRAPH_LIMIT


def test_nothing_of_a_long_line_is_lost() -> None:
    words = " ".join(f"word{number}" for number in range(3_000))
    blocks = parse(words)
    assert all(isinstance(block, Paragraph) for block in blocks)
    assert " ".join(block.text for block in blocks).split() == words.split()


def test_a_table_is_not_shown_as_text_before_it_is_one() -> None:
    stream = BlockStream()
    for text in ("| Asset |", " Value |\n", "|--", "-|---|\n"):
        stream.feed(text)
        assert not any(isinstance(block, Paragraph) for block in stream.open())
    stream.feed("| BTC | 1 |\n")
    assert stream.open() == [Table(("Asset", "Value"), ("left", "left"), (("BTC", "1"),))]


@pytest.mark.parametrize(
    "text", ["|" * 50_000, "> " * 50_000, "- " * 50_000, "`" * 50_000, "|-" * 50_000, "#" * 50_000]
)
def test_hostile_lines_take_no_time(text: str) -> None:
    begun = time.thread_time()
    parse(text + "\n" + text)
    assert time.thread_time() - begun < 1.0


def _length(block: Block) -> int:
    if isinstance(block, Code):
        return max(map(len, block.lines), default=0)
    if isinstance(block, Table):
        return max((len(cell) for row in block.rows for cell in row), default=0)
    return 0 if isinstance(block, Rule) else len(block.text)
