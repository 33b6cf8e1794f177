"""Leave out noisy documents and passages that overlap with a benchmark."""

import csv
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from unicodedata import category

from engine.core.words import counted
from training.data import rows

# Characters of scripts without spaces between words, each counted as a word: Han and kana.
CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
LETTERS = rf"[{CJK}]|[^\W\d_{CJK}]+"  # a word's, of any script
_WORD = re.compile(rf"{LETTERS}|\d+")
_CJK = re.compile(f"[{CJK}]")
_HEX = re.compile(r"\b(?:0x)?[0-9a-fA-F]{16,}\b")
_SYMBOLS = frozenset("{}[]()<>=;|\\/_*#`~^$&+")
OVERLAP_WORDS = 13
SHORT_WORDS = 8  # the least length at which a whole benchmark text is looked for


def is_prose(text: str) -> bool:
    """False for text that is mostly code, tables, hexadecimal or signs; the script is free."""
    # A Chinese character says as much as some three letters, so figures stand closer together.
    more = 2 * len(_CJK.findall(text))
    size = len(text) + more
    if size < 20:
        return False
    letters = more + sum(c.isalpha() or c == " " or _is(c, "M") for c in text)
    signs = sum(not c.isalpha() and not _is(c, "MNP") for c in text if c >= "\x80")
    symbols = sum(c in _SYMBOLS for c in text)
    hexadecimal = sum(len(found) for found in _HEX.findall(text))
    return (
        letters / size > 0.72
        and symbols / size < 0.07
        and hexadecimal / size < 0.02
        and signs / size < 0.05
    )


def words(text: str) -> list[str]:
    """Lower-case words and numbers of any script, the unit in which overlap is counted.

    A Chinese or Japanese character is a word.
    """
    return _WORD.findall(text.lower())


class Overlap:
    """Finds documents that share 13 consecutive words with any benchmark text, or all of one.

    A text of fewer than 13 words is looked for as a whole, one of fewer than 8 (the least length
    in Brown et al., arXiv 2005.14165, appendix C) not at all.
    """

    def __init__(self, benchmark_texts: Iterable[str]) -> None:
        self._known: set[int] = set()
        self._short: dict[int, list[list[str]]] = {}  # by how they begin
        for tokens in map(words, benchmark_texts):
            self._known.update(_grams(tokens, OVERLAP_WORDS))
            if SHORT_WORDS <= len(tokens) < OVERLAP_WORDS:
                self._short.setdefault(hash(tuple(tokens[:SHORT_WORDS])), []).append(tokens)

    def found_in(self, text: str) -> bool:
        """True if the text shares so much with a benchmark."""
        tokens = words(text)
        return any(gram in self._known for gram in _grams(tokens, OVERLAP_WORDS)) or any(
            tokens[start : start + len(item)] == item
            for start, gram in enumerate(_grams(tokens, SHORT_WORDS))
            for item in self._short.get(gram, ())
        )


def benchmark_texts(folder: Path) -> Iterator[str]:
    """Of each object of every file of rows and each row of every .csv file below folder: its
    longest text, which is the question as a rule, and all its texts together."""
    for path in sorted(folder.rglob("*")):
        found: Iterable[list[str]] = ()
        if path.name.endswith(rows.SUFFIXES):
            found = (texts for _, row in rows.read(path) for texts in _texts([row]))
        elif path.suffix == ".csv":
            with path.open(encoding="utf-8-sig", newline="") as file:
                found = [row for row in csv.reader(file) if row]
        for texts in found:
            yield max(texts, key=len)
            if len(texts) > 1:
                yield "\n".join(texts)


def _is(character: str, kinds: str) -> bool:
    """Whether it is of one of these Unicode categories; ASCII, the usual case, is not asked."""
    return character >= "\x80" and category(character)[0] in kinds


def overlap_with(folder: Path) -> Overlap:
    """With the benchmark texts below folder, whose number is told; ValueError if there are none."""
    texts = list(benchmark_texts(folder))
    if not texts:
        raise ValueError(f"{folder} has no benchmark text (.json, .jsonl, .parquet or .csv).")
    print(f"{folder}: {counted(len(texts), 'benchmark text')}", flush=True)
    return Overlap(texts)


def _grams(tokens: list[str], size: int) -> Iterator[int]:
    for start in range(len(tokens) - size + 1):
        yield hash(tuple(tokens[start : start + size]))


def _texts(value: dict[str, Any] | list[Any]) -> Iterator[list[str]]:
    """The texts of an object, those of its lists of texts among them; then of objects in it."""
    own: list[str] = []
    for child in value.values() if isinstance(value, dict) else value:
        if isinstance(child, str):
            own.append(child)
        elif isinstance(child, list) and all(isinstance(part, str) for part in child):
            own += child
        elif isinstance(child, dict | list):
            yield from _texts(child)
    if own:
        yield own
