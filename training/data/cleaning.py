"""Leave out noisy documents and passages that overlap with a benchmark."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from engine.core.words import counted
from training.data import rows

_WORD = re.compile(r"[a-z]+|\d+")
_HEX = re.compile(r"\b(?:0x)?[0-9a-fA-F]{16,}\b")
_SYMBOLS = frozenset("{}[]()<>=;|\\/_*#`~^$&+")
OVERLAP_WORDS = 13


def is_prose(text: str) -> bool:
    """False for text that is mostly code, tables, hexadecimal or not English-like letters."""
    size = len(text)
    if size < 20:
        return False
    letters = sum(c.isalpha() or c == " " for c in text)
    ascii_share = sum(c < "\x80" for c in text) / size
    symbols = sum(c in _SYMBOLS for c in text)
    hexadecimal = sum(len(found) for found in _HEX.findall(text))
    return (
        letters / size > 0.72
        and symbols / size < 0.07
        and hexadecimal / size < 0.02
        and ascii_share > 0.95
    )


def words(text: str) -> list[str]:
    """Lower-case words and numbers, the unit in which overlap is counted."""
    return _WORD.findall(text.lower())


class Overlap:
    """Finds documents that share 13 consecutive words with any benchmark text."""

    def __init__(self, benchmark_texts: Iterable[str]) -> None:
        self._known = {gram for text in benchmark_texts for gram in _grams(words(text))}

    def found_in(self, text: str) -> bool:
        """True if the text shares at least one run of 13 words with a benchmark."""
        return any(gram in self._known for gram in _grams(words(text)))


def benchmark_texts(folder: Path) -> Iterator[str]:
    """Every string of every file of rows and every line of every .csv file below folder."""
    for path in sorted(folder.rglob("*")):
        if path.name.endswith(rows.SUFFIXES):
            for _, row in rows.read(path):
                yield from _strings(row)
        elif path.suffix == ".csv":
            yield from path.read_text(encoding="utf-8").splitlines()


def overlap_with(folder: Path) -> Overlap:
    """With the benchmark texts below folder, whose number is told; ValueError if there are none."""
    texts = list(benchmark_texts(folder))
    if not texts:
        raise ValueError(f"{folder} has no benchmark text (.json, .jsonl, .parquet or .csv).")
    print(f"{folder}: {counted(len(texts), 'benchmark text')}", flush=True)
    return Overlap(texts)


def _grams(tokens: list[str]) -> Iterator[int]:
    for start in range(len(tokens) - OVERLAP_WORDS + 1):
        yield hash(tuple(tokens[start : start + OVERLAP_WORDS]))


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for child in value.values():
            yield from _strings(child)
    elif isinstance(value, list):
        for child in value:
            yield from _strings(child)
