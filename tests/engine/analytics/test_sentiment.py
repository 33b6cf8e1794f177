"""The tone of texts: golden values by hand arithmetic, and what must hold for any text."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.analytics.sentiment import next_day_correlation, score
from engine.core.errors import KnownError

LEXICON = {"good": 2.0, "bad": -1.8, "rug pull": -3.4, "pull": 0.5, "all-time high": 2.5}
START = date(2024, 1, 1)


# s / sqrt(s² + 15), the last step by awk to six places.
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A good day", 0.458831),  # 2
        ("a bad day", -0.421464),  # -1.8
        ("very good", 0.509457),  # 2 + 0.293
        ("slightly good", 0.403310),  # 2 - 0.293
        ("very very good", 0.553115),  # 2 + 0.293 + 0.95 * 0.293
        ("really it is good", 0.504613),  # 2 + 0.9 * 0.293
        ("really it may be good", 0.458831),  # too far away
        ("not good", -0.356959),  # 2 * -0.74
        ("isn’t very good", -0.401293),  # (2 + 0.293) * -0.74
        ("not bad", 0.325224),  # -1.8 * -0.74
        ("a GOOD day", 0.576561),  # 2 + 0.733
        ("A GOOD DAY", 0.458831),  # all in capitals: none stands out
        ("BTC good", 0.458831),
        ("good!", 0.509292),  # 2 + 0.292
        ("good!!!!!!", 0.633141),  # 2 + 4 * 0.292
        ("bad!", -0.475253),  # -1.8 - 0.292
        ("good but bad", -0.401924),  # 2 * 0.5 - 1.8 * 1.5
        ("bad but good", 0.476658),  # -1.8 * 0.5 + 2 * 1.5
        ("a rug pull", -0.659728),  # the longest term, -3.4
        ("an ALL-TIME HIGH, they say", 0.640829),  # 2.5 + 0.733
        ("nothing here is known", 0.0),
        ("", 0.0),
    ],
)
def test_scores_by_hand(text: str, expected: float) -> None:
    assert score(text, LEXICON) == pytest.approx(expected, abs=1e-6)


WORDS = st.sampled_from(
    [
        "good",
        "bad",
        "GOOD",
        "rug",
        "pull",
        "very",
        "not",
        "but",
        "!",
        "slightly",
        "BTC",
        "🚀",
        "a\n",
    ]
)


@given(st.one_of(st.text(max_size=300), st.lists(WORDS, max_size=60).map(" ".join)))
def test_any_text_has_a_score_between_minus_one_and_one(text: str) -> None:
    assert -1.0 <= score(text, LEXICON) <= 1.0


@given(st.sampled_from(["not", "never", "isn't", "won’t"]), st.sampled_from(["good", "bad"]))
def test_a_negation_flips_the_sign(negation: str, word: str) -> None:
    assert score(f"it {negation} {word}", LEXICON) * score(f"it is {word}", LEXICON) < 0


@given(st.floats(0.1, 4), st.booleans())
def test_opposite_valences_have_opposite_scores(valence: float, shouted: bool) -> None:
    text = "so it was very " + ("WORD!" if shouted else "word")
    assert score(text, {"word": valence}) == -score(text, {"word": -valence})


def test_sentiment_goes_with_the_return_of_the_next_day() -> None:
    days = [START + timedelta(n) for n in range(5)]
    # Returns of the days 1 to 4: +10 %, -10 %, +20 %, 0 %.
    closes = np.array([100.0, 110.0, 99.0, 118.8, 118.8])
    # Exactly the next day's return; the last day has no next one.
    scores = np.array([0.1, -0.1, 0.2, 0.0, 0.9])
    found = next_day_correlation(days, scores, days, closes)
    assert found.value == pytest.approx(1.0)
    assert (found.n, found.first, found.last) == (4, days[1], days[4])
    assert "only 4 daily returns" in found.warning
    # By hand: scores 1, 2, 3 before returns 0.1, 0.2, 0.2 give 0.1 / sqrt(2 * 0.02 / 3).
    closes = np.array([100.0, 110.0, 132.0, 158.4])
    found = next_day_correlation(days[:3], np.array([1.0, 2.0, 3.0]), days[:4], closes)
    assert found.value == pytest.approx(0.8660254)


def test_too_few_days_and_a_score_that_never_changes_are_refused() -> None:
    days = [START + timedelta(n) for n in range(4)]
    closes = np.array([1.0, 2.0, 3.0, 4.0])
    with pytest.raises(KnownError, match="only 2 daily returns"):
        next_day_correlation(days[:2], np.array([0.1, 0.2]), days, closes)
    with pytest.raises(KnownError, match="did not move"):
        next_day_correlation(days, np.full(4, 0.3), days, closes)
