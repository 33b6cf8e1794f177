"""Inline Markdown: bold, italic, strike, code and links, as a flat list of spans."""

import re
from dataclasses import dataclass

from desktop.safetext import safe_address


@dataclass(slots=True)
class Span:
    """A run of text in one style; link is an https address or ""."""

    text: str
    bold: bool = False
    italic: bool = False
    strike: bool = False
    code: bool = False
    link: str = ""


# Every repetition is bounded or excludes its own start, so that matching stays linear.
_TOKEN = re.compile(
    r"\\(?P<escape>[!-/:-@\[-`{-~])"
    r"|(?P<ticks>`{1,3})(?P<code>[^`](?:.{0,500}?[^`])??)(?P=ticks)(?!`)"
    r"|!\[(?P<alt>[^\[\]]{0,300})\]\([^()]{0,2000}\)"
    r"|\[(?P<text>[^\[\]]{1,300})\]\((?P<address>[^()\s]{1,2000})(?: [^()]{0,300})?\)"
    r"|<(?P<auto>https://[^<>\s]{1,2000})>"
    r"|(?P<bare>https://[^\s<>()\[\]{}\"'`|\\^*]{1,2000})"
    r"|(?P<mark>\*{1,3}|__?|~~)",
    re.DOTALL,
)
_HALF_LINK = re.compile(r"!?\[([^\[\]]{1,300})\]\([^()]{0,2000}$")
_STYLES = {
    "*": ("italic",),
    "_": ("italic",),
    "**": ("bold",),
    "__": ("bold",),
    "***": ("bold", "italic"),
    "~~": ("strike",),
}


def spans(text: str, *, unfinished: bool = False) -> list[Span]:
    """The text as spans; unfinished: more is to come, so what is open counts as closed."""
    if unfinished:
        text = _HALF_LINK.sub(r"\1", text)
    result: list[Span] = []
    openers: list[tuple[str, int]] = []
    at = 0
    for match in _TOKEN.finditer(text):
        if match.start() > at:
            result.append(Span(text[at : match.start()]))
        at = match.end()
        if match["mark"]:
            _mark(match, text, result, openers)
        else:
            result.extend(_token(match))
    if at < len(text):
        result.append(Span(text[at:]))
    if unfinished:
        for mark, index in openers:
            _apply(mark, index, result)
    return _merged(result)


def _token(match: re.Match[str]) -> list[Span]:
    if match["escape"]:
        return [Span(match["escape"])]
    if match["code"]:
        return [Span(match["code"].strip() or " ", code=True)]
    if match["alt"] is not None:
        return [Span(f"[image: {match['alt']}]" if match["alt"] else "[image]")]
    if match["auto"]:
        return [_link(match["auto"], match["auto"])]
    if match["bare"]:
        address = match["bare"].rstrip(".,;:!?")
        return [_link(address, address), Span(match["bare"][len(address) :])]
    if safe_address(match["address"]):
        return [_link(match["text"].strip("*_`"), match["address"])]
    return [Span(f"{match['text']} ({match['address']})")]


def _link(text: str, address: str) -> Span:
    return Span(text, link=safe_address(address) or "")


def _mark(
    match: re.Match[str], text: str, result: list[Span], openers: list[tuple[str, int]]
) -> None:
    """Close the nearest opener of the same mark, or open one, or leave the mark as text."""
    mark = match["mark"]
    before = text[match.start() - 1 : match.start()] or " "
    after = text[match.end() : match.end() + 1] or " "
    inside_word = before.isalnum() and after.isalnum() and mark in {"*", "_", "__"}
    found = next((i for i in range(len(openers) - 1, -1, -1) if openers[i][0] == mark), None)
    if found is not None and not before.isspace() and not inside_word:
        _apply(mark, openers[found][1], result)
        del openers[found:]
        return
    result.append(Span(mark))
    if not after.isspace() and not inside_word and len(openers) < 20:
        openers.append((mark, len(result) - 1))


def _apply(mark: str, index: int, result: list[Span]) -> None:
    """Style everything after the opener at index, and hide the opener."""
    result[index].text = ""
    for span in result[index + 1 :]:
        for style in _STYLES[mark]:
            setattr(span, style, True)


def _merged(result: list[Span]) -> list[Span]:
    """Neighbours of the same style as one span; empty ones dropped."""
    merged: list[Span] = []
    for span in result:
        if not span.text:
            continue
        if merged and _style(merged[-1]) == _style(span):
            merged[-1].text += span.text
        else:
            merged.append(span)
    return merged


def _style(span: Span) -> tuple[bool, bool, bool, bool, str]:
    return span.bold, span.italic, span.strike, span.code, span.link
