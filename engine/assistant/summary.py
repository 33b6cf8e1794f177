"""What an analysis found, in a few sentences: its cards show the rest."""

import re

from engine.assistant.grounding import ground, unsupported
from engine.assistant.phrases import plain_answer
from engine.assistant.tools.base import Tool, ToolResult
from engine.core.cards import FactsCard
from engine.core.words import capitalised

_FEWEST, _MOST = 3, 6
_NOTE = "note: "
_ASIDE = frozenset({"period", "daily returns"})
_CLAUSE = re.compile(r"; |(?<=[^.][^.])\. ")
_WORD = re.compile(r"[a-z][a-z-]+")
_SAME = (
    (re.compile(r"\bvalue[- ]at[- ]risk\b"), "var"),
    (re.compile(r"\bexpected shortfall\b"), "cvar"),
    (re.compile(r"\b(?:probability|odds|likelihood|risk)\b"), "chance"),
    (re.compile(r"\bdrawdowns\b"), "drawdown"),
)
_EMPTY = frozenset({"of", "in", "on", "at", "the", "and", "to", "is", "my", "by", "day", "year"})


def summary(tool: Tool, result: ToolResult, question: str) -> str:
    """The figures asked for, the method in short, and all notes.

    A figure is asked for if the question has words of its label, or if it is the tool's headline.
    """
    card = next((one for one in result.cards if isinstance(one, FactsCard)), None)
    if card is None:
        return plain_answer(tool, result)
    lines = [
        line
        for line in result.text.splitlines()[1:]
        if line not in {f"{label}: {value}" for label, value in card.facts}
    ]
    notes = [line.removeprefix(_NOTE) for line in lines if line.startswith(_NOTE)]
    said = [f"{label} {value}" for label, value in _asked_for(card, tool.headline, question)]
    said += [line for line in lines if not line.startswith(_NOTE)][:_FEWEST]
    period = dict(card.facts).get("period")
    title = f"**{card.title}**" + (f", {period}" if period else "")
    sentences = [f"{title}: {'; '.join(said)}." if said else f"{title}."]
    how = _CLAUSE.split(card.method, maxsplit=1)[0].rstrip(".")
    if how and not unsupported(ground(how, result.figures)):
        sentences.append(f"{capitalised(how)}.")
    return "\n\n".join(filter(None, (" ".join(sentences), " ".join(notes))))


def _asked_for(card: FactsCard, headline: str, question: str) -> list[tuple[str, str]]:
    """The facts with words of the question, then the headline, then the first ones."""
    words = _words(question)
    facts = [fact for fact in card.facts if fact[0] not in _ASIDE]
    named = [fact for fact in facts if words & _words(fact[0])]
    named.sort(key=lambda fact: -len(words & _words(fact[0])))
    first = [fact for fact in facts if fact[0] == headline]
    wanted = list(dict.fromkeys((*first, *named)))[:_MOST]
    return list(dict.fromkeys((*wanted, *facts)))[: max(_FEWEST, len(wanted))]


def _words(text: str) -> frozenset[str]:
    spoken = text.lower()
    for pattern, word in _SAME:
        spoken = pattern.sub(word, spoken)
    return frozenset(_WORD.findall(spoken)) - _EMPTY
