"""Inline Markdown: what is styled, what stays text, which links are links."""

import time

import pytest

from desktop.markdown.inline import Span, spans


def test_styles() -> None:
    assert spans("a **b** *c* ~~d~~ `e*f*` ***g***") == [
        Span("a "),
        Span("b", bold=True),
        Span(" "),
        Span("c", italic=True),
        Span(" "),
        Span("d", strike=True),
        Span(" "),
        Span("e*f*", code=True),
        Span(" "),
        Span("g", bold=True, italic=True),
    ]


@pytest.mark.parametrize(
    "text",
    ["2*3*4 = 24", "5 * 3", "snake_case_name", "a ** b", "**", "[x]", "<b>no html</b>", "&lt;"],
)
def test_text_stays_text(text: str) -> None:
    assert spans(text) == [Span(text)]


def test_unclosed_marks_are_text_at_the_end_and_styles_while_streaming() -> None:
    assert spans("see **this") == [Span("see **this")]
    assert spans("see **this", unfinished=True) == [Span("see "), Span("this", bold=True)]
    assert spans("see [this](https://exa", unfinished=True) == [Span("see this")]


def test_https_links() -> None:
    link = Span("here", link="https://example.org/a")
    assert spans("[here](https://example.org/a)") == [link]
    assert spans("<https://example.org>.") == [
        Span("https://example.org", link="https://example.org"),
        Span("."),
    ]
    assert spans("go to https://example.org/x.")[1].link == "https://example.org/x"


@pytest.mark.parametrize(
    "address",
    [
        "http://example.org",
        "file:///etc/passwd",
        "javascript:alert",
        "data:text/html,x",
        "//host/x",
        "https://user@host/",
        "https://",
        "ftp://x",
        "C:\\x",
    ],
)
def test_other_addresses_are_shown_and_no_link(address: str) -> None:
    result = spans(f"[click]({address})")
    assert not any(span.link for span in result)
    assert "".join(span.text for span in result) == f"click ({address})"


@pytest.mark.parametrize(
    "address", ["file:///etc/passwd", "http://h/p.png", "data:image/png;base64,AAAA", "//host/x"]
)
def test_images_are_words(address: str) -> None:
    assert spans(f"![a cat]({address})") == [Span("[image: a cat]")]
    assert spans(f"![]({address})") == [Span("[image]")]


@pytest.mark.parametrize(
    "text",
    ["`" * 1200, "[a" * 600, "*a" * 600, "**a _b " * 170, "[a](" * 300, "![" * 600, "\\" * 1200],
)
def test_hostile_text_takes_no_time(text: str) -> None:
    begun = time.thread_time()
    spans(text)
    assert time.thread_time() - begun < 0.1
