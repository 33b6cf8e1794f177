"""Orders the values of a story by how near they stand to its question."""

import re
from collections.abc import Sequence

from engine.assistant.recognise import Mention, Recognised

STORY = 16  # words from which on a message says more than its question
_SENTENCES = re.compile(r"[.!?;]\s+")
_CLAUSES = re.compile(r"[,:]\s+|\s+(?:so|but|because|and (?:i|we|he|she|they|now|then))\s+", re.I)
_ASKS = re.compile(
    r"\b(?:what(?:'s|s)?|how|which|when|where|did|does|is there|are there|can you|could you|"
    r"would you|tell me|show|give me|list|explain|please|calculate|work out|set|alert|ping|warn|"
    r"notify|let me know|remind|buzz|if|suppose)\b",
    re.I,
)
_CORRECTED = re.compile(r"\b(?:i mean|i meant|no wait|correction|scratch that|sorry)\b", re.I)
_NOW = re.compile(
    r"\b(?:(?<!until )(?<!till )(?<!to )now|today|currently|at the (?:moment|minute)|"
    r"at present|these days|this minute)\b",
    re.I,
)


def is_story(found: Recognised) -> bool:
    """Whether the text is long enough to name more than it asks for."""
    return len(found.text.split()) >= STORY


def nearest_first(found: Recognised, mentions: Sequence[Mention]) -> Sequence[Mention]:
    """In a story the values nearest to the question come first, else all stay in their order."""
    if len(mentions) < 2:
        return mentions
    if _CORRECTED.search(found.text):  # "last quarter … 90 days I mean"
        return mentions[::-1]
    if not is_story(found):
        return mentions
    place = _place(found.text)
    return sorted(mentions, key=lambda m: _gap(found.text, place, m))


def asked_days(found: Recognised) -> Sequence[Mention]:
    """The days a question may be about; those of its story that are past are none of them."""
    days = found.of("date")
    if not is_story(found):
        return days
    place = _place(found.text)
    if _NOW.search(found.text) and not any(_gap(found.text, place, m)[:2] == (0, 0) for m in days):
        return ()
    return nearest_first(found, days)


def _place(text: str) -> int:
    """Where the question stands: at the last word that asks in its sentence."""
    start, end = _question(text)
    return next((m.start() for m in reversed(list(_ASKS.finditer(text, start, end)))), start)


def _gap(text: str, place: int, mention: Mention) -> tuple[int, int, int]:
    """Sentences, clauses and characters between a value and the question."""
    low, high = sorted((place, mention.start))
    between = text[low:high]
    return len(_SENTENCES.findall(between)), len(_CLAUSES.findall(between)), high - low


def _question(text: str) -> tuple[int, int]:
    """Where the last sentence that asks for something stands."""
    ends = [m.end() for m in _SENTENCES.finditer(text)]
    spans = list(zip([0, *ends], [*ends, len(text)], strict=True))
    marked = [(a, b) for a, b in spans if "?" in text[a:b]]
    asking = [(a, b) for a, b in spans if _ASKS.search(text, a, b)]
    return (marked or asking or spans)[-1]
