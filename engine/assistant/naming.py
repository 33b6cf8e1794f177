"""Checks that an answer puts its figures to the right names.

Grounding proves that a number exists; here coins, conditions and titles are compared with the
tool result, so that "AVAX is the largest with 45.73 %" does not pass when that is BTC's share.
"""

import re
from collections.abc import Sequence

from engine.assistant.grounding import ground
from engine.assistant.recognise.assets import find_assets
from engine.assistant.tools.base import Figure, ToolResult

_SENTENCE = re.compile(r"(?<=[.!?;])\s+|\n")
# What a gain consists of: a word of one kind beside a figure of another is a false sentence.
_MEASURES = {
    "unrealised": re.compile(
        r"\bun-?reali[sz]ed\b|\bpaper\b|\bopen\b|\bunsold\b|\bstill hold", re.I
    ),
    "realised": re.compile(r"\b(?<!un-)reali[sz]ed\b|\block(?:ed)?[- ]in\b|\bbooked\b", re.I),
    "income": re.compile(r"\bincome\b|\brewards?\b|\bearned\b", re.I),
    "total": re.compile(r"\btotal\b|\b(?:al)?together\b|\boverall\b|\bin all\b", re.I),
}
_OF_COIN = re.compile(r" of ([A-Z0-9]{2,10})$")


def names_agree(text: str, question: str, result: ToolResult, owned: Sequence[str]) -> bool:
    """Whether an answer names only what the result names, and puts figures to their coins.

    owned: the user's coins, for symbols that are also words.
    """
    known = {str(m.value) for m in find_assets(f"{result.text}\n{question}", owned)}
    known |= {match[1] for figure in result.figures if (match := _OF_COIN.search(figure.label))}
    if any(symbol not in known for symbol, _ in _coins(text, owned)):
        return False
    if result.sources and result.text.partition(":")[0].lower() not in text.lower():
        return False
    if result.draft is not None and result.draft.title.partition(" ")[2] not in text:
        return False  # "falls below $2,000.00" must be quoted as it is
    return all(
        _coins_fit(part, result.figures, owned) and _measures_fit(part, result.figures)
        for part in _SENTENCE.split(text)
    )


def _coins(text: str, owned: Sequence[str]) -> list[tuple[str, int]]:
    """Symbols written in capitals or as names, with their place."""
    return [(str(m.value), m.start) for m in find_assets(text, owned)
            if text[m.start].isupper() or text[m.start] == "$"]  # fmt: skip


def _coins_fit(sentence: str, figures: Sequence[Figure], owned: Sequence[str]) -> bool:
    """Each figure that belongs to a coin stands nearest to that coin in its sentence."""
    coins = _coins(sentence, owned)
    if not coins:
        return True
    for link in ground(sentence, figures):
        shown = sentence[link.start : link.end]
        owners = {
            match[1]
            for figure in figures
            if (match := _OF_COIN.search(figure.label)) and figure.text and shown in figure.text
        }
        nearest = min(coins, key=lambda coin: abs(coin[1] - link.start))[0]
        before = [symbol for symbol, place in coins if place < link.start]
        if owners and nearest not in owners and (not before or before[-1] not in owners):
            return False
    return True


def _measures_fit(sentence: str, figures: Sequence[Figure]) -> bool:
    """Beside each word for a part of a gain (realised, income …) stands a figure of that part."""
    links = ground(sentence, figures)
    for kind, pattern in _MEASURES.items():
        for word in pattern.finditer(sentence):
            before = [link for link in links if link.end <= word.start()][-1:]
            after = [link for link in links if link.start >= word.end()][:1]
            parts = {
                _measure(figure.label)
                for link in before + after
                for figure in figures
                if figure.text and sentence[link.start : link.end] in figure.text
            }
            if parts and not parts & {None, kind}:
                return False
    return True


def _measure(label: str) -> str | None:
    return next((kind for kind, pattern in _MEASURES.items() if pattern.search(label)), None)
