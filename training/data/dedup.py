"""Exact and near duplicates in one pass over any number of documents.

Exact: equal blake2b of the normalised text. Near: MinHash (Broder, 1997) over runs of 5 words. The
share of equal minima of two documents estimates their Jaccard similarity J; only documents that
agree in a whole band of 6 minima are compared. With 20 bands a pair is compared with probability
1 - (1 - J⁶)²⁰ and then called near duplicates if at least 96 of 120 minima are equal:

    J                                0.5     0.6     0.7    0.8    0.85   0.9
    called a near duplicate, in %    0.0     0.0     0.9   55      95     99.97
"""

import re
from hashlib import blake2b
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from training.data.cleaning import CJK

SHINGLE = 5  # words
BANDS, ROWS = 20, 6
ALIKE = 0.8  # share of equal minima from which on two documents are near duplicates
_WORD = re.compile(rf"[{CJK}]|[^\W{CJK}]+")  # a Chinese character is a word
_CHUNK = 4096  # shingles hashed at once, to bound the memory

Hashes = NDArray[np.uint64]
_random = np.random.default_rng(5)
_ODD, _SHIFT = _random.integers(0, 2**63, (2, 1, BANDS * ROWS), dtype=np.uint64)
_ODD |= np.uint64(1)


def normal(text: str) -> str:
    """The text's words in lower case: what counts when texts are compared."""
    return " ".join(_WORD.findall(text.casefold()))


def shingles(text: str) -> Hashes:
    """A hash for each different run of 5 words; of all words if there are fewer."""
    words = _WORD.findall(text.casefold())
    codes = np.array([crc32(word.encode()) for word in words], dtype=np.uint64)
    size = min(SHINGLE, len(codes))
    if not size:
        return codes
    runs = np.lib.stride_tricks.sliding_window_view(codes, size)
    made = np.zeros(len(runs), dtype=np.uint64)
    for column in runs.T:
        made = _mix(made + column)
    return np.unique(made)


def signature(hashes: Hashes) -> Hashes:
    """For each of 120 hash functions x → (a x + b) mod 2⁶⁴, with odd a, the least value."""
    least = np.full(BANDS * ROWS, np.iinfo(np.uint64).max)
    for start in range(0, len(hashes), _CHUNK):
        values = hashes[start : start + _CHUNK, None] * _ODD + _SHIFT
        least = np.minimum(least, _mix(values).min(axis=0))
    return least


class Duplicates:
    """Remembers the documents it was asked about that were no duplicates."""

    def __init__(self) -> None:
        self._exact: set[bytes] = set()
        self._bands: dict[tuple[int, bytes], list[Hashes]] = {}

    def kind(self, text: str) -> str:
        """What text is beside the texts before it: "exact duplicate", "near duplicate" or ""."""
        digest = blake2b(normal(text).encode(), digest_size=16).digest()
        if digest in self._exact:
            return "exact duplicate"
        self._exact.add(digest)
        mine = signature(shingles(text))
        keys = [(number, band.tobytes()) for number, band in enumerate(mine.reshape(BANDS, ROWS))]
        for key in keys:
            for other in self._bands.get(key, ()):
                if np.mean(mine == other) >= ALIKE:
                    return "near duplicate"
        for key in keys:
            self._bands.setdefault(key, []).append(mine)
        return ""


def _mix(values: Hashes) -> Hashes:
    """Spread 64 bits evenly (the finaliser of splitmix64)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
