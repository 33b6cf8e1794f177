import random
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.data.dedup import BANDS, ROWS, Duplicates, normal, shingles, signature

WORDS = [f"word{number}" for number in range(4000)]


def text_of(words: list[str]) -> str:
    return " ".join(words)


def jaccard(one: str, other: str) -> float:
    a, b = (
        {tuple(words[i : i + 5]) for i in range(len(words) - 4)}
        for words in (one.split(), other.split())
    )
    return len(a & b) / len(a | b)


def pair(similarity: float, chooser: random.Random) -> tuple[str, str]:
    """Two texts of 400 words whose endings differ."""
    common = round(400 * 2 * similarity / (1 + similarity))
    shared = chooser.choices(WORDS, k=common)
    one, other = (shared + chooser.choices(WORDS, k=400 - common) for _ in range(2))
    return text_of(one), text_of(other)


def test_words_count_not_case_or_punctuation() -> None:
    seen = Duplicates()
    assert seen.kind("The price, of a COIN\n moves. Much!") == ""
    assert seen.kind("the price of a coin moves much") == "exact duplicate"
    assert seen.kind("the price of a coin moves little") == ""
    assert normal(" Straße,  TWO\n") == "strasse two"


def test_chinese_characters_are_words() -> None:
    """Else a sentence is one word, and one other character makes a text another one."""
    text = "".join(chr(0x4E00 + number) for number in range(300))
    seen = Duplicates()
    assert seen.kind(text) == ""
    assert seen.kind(text[:150] + "新" + text[151:]) == "near duplicate"
    assert seen.kind(text[::-1]) == ""


@settings(deadline=None)
@given(st.lists(st.sampled_from("ab"), max_size=30))
def test_as_many_shingles_as_different_runs(words: list[str]) -> None:
    runs = {tuple(words[i : i + 5]) for i in range(max(1, len(words) - 4))}
    assert len(shingles(text_of(words))) == (len(runs) if words else 0)


@pytest.mark.parametrize("similarity", [0.2, 0.5, 0.8, 0.95])
def test_equal_minima_estimate_the_jaccard_similarity(similarity: float) -> None:
    chooser = random.Random(int(similarity * 100))
    errors = []
    for _ in range(25):
        one, other = pair(similarity, chooser)
        alike = np.mean(signature(shingles(one)) == signature(shingles(other)))
        errors.append(alike - jaccard(one, other))
    deviation = (similarity * (1 - similarity) / (BANDS * ROWS)) ** 0.5
    assert abs(np.mean(errors)) < 4 * deviation / 5  # of the mean of 25
    assert 0.6 * deviation < np.std(errors) < 1.5 * deviation


@pytest.mark.parametrize("similarity", [0.6, 0.75, 0.8, 0.85, 0.95])
def test_as_many_pairs_are_found_as_the_formula_says(similarity: float) -> None:
    chooser, pairs, found = random.Random(7), 120, 0
    for _ in range(pairs):
        one, other = pair(similarity, chooser)
        seen = Duplicates()
        assert seen.kind(one) == ""
        found += seen.kind(other) == "near duplicate"
    j, n = similarity, BANDS * ROWS
    alike = sum(comb(n, k) * j**k * (1 - j) ** (n - k) for k in range(96, n + 1))
    expected = alike * (1 - (1 - j**ROWS) ** BANDS)
    assert found / pairs == pytest.approx(
        expected, abs=0.02 + 4 * (0.25 / pairs) ** 0.5 * alike**0.5
    )


def test_the_document_itself_is_kept_once_among_many() -> None:
    chooser, seen = random.Random(1), Duplicates()
    originals = [chooser.choices(WORDS, k=200) for _ in range(30)]
    assert [seen.kind(text_of(words)) for words in originals] == [""] * 30
    for words in originals:
        changed = list(words)
        changed[100] = "changed"  # 5 of 196 runs: J = 191 / 201
        assert seen.kind(text_of(changed)) == "near duplicate"
    assert seen.kind("") == ""
    assert seen.kind("!") == "exact duplicate"
