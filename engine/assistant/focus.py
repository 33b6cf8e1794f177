"""Finds the part of a long message that holds the question.

People tell a story around what they ask. The router reads the whole and each sentence; a tool
counts for what its best part says, and its arguments are looked for there before the whole, so
that "my neighbour gets 9 %" does not become one.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from engine.assistant.recognise import Recognised
from engine.assistant.router import NO_TOOL, Router

STORY = 16  # words from which on a message counts as a story
_SENTENCES = re.compile(r"(?<=[.!?;])\s+(?=\S)")
_WEEKDAY = re.compile(
    r"(?:(?:on|by|every|second|this|next) )*(?:mon|tues|wednes|thurs|fri|satur|sun)days?", re.I
)
_SHORTEST = 4  # words of a sentence that can hold a question
_NEAR = 2.0  # log-probability by which the sentence that asks may fall behind its story
SENTENCE_COST = 0.3  # log-probability lost by a sentence torn from its story


@dataclass(frozen=True, slots=True)
class Reading:
    """The router's opinion of a message, and for each tool what was found where it is asked for."""

    whole: Recognised
    scores: dict[str, float]
    parts: Mapping[str, Recognised]

    @property
    def story(self) -> bool:
        """Whether the message says more than its question."""
        return len(self.whole.text.split()) >= STORY


def read(
    text: str, recognise: Callable[[str], Recognised], router: Router, before: str | None
) -> Reading:
    """Reads a message; before: the tool of the turn before."""
    whole = recognise(text)
    if len(whole.text.split()) >= STORY:
        whole = _without_weekdays(whole)
    scores = router.log_probabilities(whole, before)
    parts = dict.fromkeys(scores, whole)
    reading = Reading(whole, scores, parts)
    sentences = [s for s in _SENTENCES.split(whole.text) if len(s.split()) >= _SHORTEST]
    if not reading.story or len(sentences) < 2:
        return reading
    best = {name: score - _NEAR for name, score in scores.items()}
    for sentence in sentences:
        found = _without_weekdays(recognise(sentence))
        view = router.log_probabilities(found, before)
        for name in view:
            if name not in NO_TOOL:
                scores[name] = max(scores[name], view[name] - SENTENCE_COST)
                if view[name] > best[name]:
                    best[name], parts[name] = view[name], found
    return reading


def _without_weekdays(found: Recognised) -> Recognised:
    """In a story "on Thursday" sets the scene; nobody means the prices of that day."""
    for mention in found.mentions:
        if _WEEKDAY.fullmatch(found.text[mention.start : mention.end]):
            found = found.without(mention.start, mention.end)
    return found
