"""Counts the lexicon of the spelling corrector from the corpus and the hand-written wordings.

    assay-train lexicon --corpus corpus --out resources/models/lexicon.txt

Keeps lower-case words of two letters or more that are frequent enough not to be misprints, and all
words of the glossary; a rare word of the wordings only if it is not one slip from one of those.
"""

import calendar
import inspect
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from engine.assistant.knowledge import Knowledge
from engine.assistant.recognise import (
    ago,
    amounts,
    calendar_words,
    compounding,
    days,
    direction,
    durations,
    multiples,
    numbers,
    percents,
    periods,
    ranges,
    seasons,
)
from engine.assistant.recognise.spelling import distance
from training.assistant.wordings import load
from training.data.formats import read_documents

_WORD = re.compile(r"(?<![\w'’])[a-z]{2,18}(?![\w'’])")
_RECOGNISERS = (
    ago, amounts, calendar_words, compounding, days, direction, durations, multiples, numbers,
    percents, periods, ranges, seasons,
)  # fmt: skip
_CORPORA = ("finance", "general", "instruct", "crypto")
_CHARACTERS = 25_000_000  # read from each part of the corpus
_FREQUENT = 12
# Spelled out in the recognisers because people type them.
_MISPRINTS = frozenset(
    [
        "febuary",
        "feburary",
        "janurary",
        "agust",
        "septmber",
        "ocotber",
        "novmber",
        "decemeber",
        "arpil",
        "monts",
        "moths",
        "yaers",
        "weks",
        "lsat",
        "dyas",
        "yaer",
        "moth",
        "tday",
        "yesterdy",
        "fourty",
        "precent",
        "percnet",
        "procent",
        "dayly",
        "montly",
        "alret",
        "corelation",
        "impermanente",
        "mcuh",
        "portfolo",
    ]
)
_OWN = 30  # what one use in our own texts counts


def count_words(corpus: Path) -> Counter[str]:
    """How often each word occurs."""
    counts: Counter[str] = Counter()
    for text in _texts(corpus):
        counts.update(_WORD.findall(text))
    return counts


def _texts(corpus: Path) -> Iterator[str]:
    for name in _CORPORA:
        left = _CHARACTERS
        for document in read_documents(corpus / f"{name}.jsonl.xz"):
            yield document.text
            left -= len(document.text)
            if left < 0:
                break


def glossary_words() -> Counter[str]:
    """Words of the knowledge base, which is proof-read."""
    counts: Counter[str] = Counter()
    for entry in Knowledge().entries:
        counts.update(
            _WORD.findall(f"{entry.title} {' '.join(entry.aliases)} {entry.text}".lower())
        )
    return counts


def recogniser_words() -> set[str]:
    """Words the recognisers look for, whatever the corpus says."""
    sources = (inspect.getsource(module).lower().replace("\\b", " ") for module in _RECOGNISERS)
    words = {word for source in sources for word in re.findall(r"[a-z]{3,}", source)}
    words |= {name.lower() for name in (*calendar.month_name, *calendar.day_name) if name}
    return words - _MISPRINTS


def wording_words() -> Counter[str]:
    """Words of the hand-written wordings, misspelt on purpose now and then."""
    counts: Counter[str] = Counter()
    for wording in load():
        counts.update(_WORD.findall(re.sub(r"\{\w+\}", " ", wording.text.lower())))
    return counts


def main(corpus: Path, out: Path, size: int = 24_000) -> None:
    """Writes the lexicon, one word a line, the most frequent first."""
    counts, said = count_words(corpus), wording_words()
    scores = {word: count for word, count in counts.items() if count >= _FREQUENT}
    for word in recogniser_words():
        scores[word] = max(scores.get(word, 0), 1000)
    for word, count in glossary_words().items():
        scores[word] = scores.get(word, 0) + _OWN * count
    trusted = sorted(scores, key=lambda word: -scores[word])
    for word, count in said.items():
        if word in _MISPRINTS:
            continue
        if word in scores or count >= 4 or not _near(word, trusted):
            scores[word] = scores.get(word, 0) + _OWN * count
    ranked = sorted(scores, key=lambda word: -scores[word])[:size]
    out.write_text("\n".join(ranked) + "\n", encoding="utf-8")


def _near(word: str, trusted: list[str]) -> bool:
    return len(word) >= 4 and any(
        c[0] == word[0] and distance(word, c, 1) <= 1 for c in trusted if len(c) >= 4
    )
