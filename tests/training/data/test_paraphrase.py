import re
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.data.paraphrase import paraphrase


def wordings(text: str) -> set[str]:
    return {paraphrase(text, seed) for seed in range(60)}


@pytest.mark.parametrize(
    ("text", "others"),
    [
        ("It rose sharply.", {"It climbed sharply.", "It rose steeply.", "It climbed steeply."}),
        (
            "When the price falls to 1,200.5, the alert sounds.",
            {"The alert sounds when the price falls to 1,200.5."},
        ),
        ("It was a large order.", set()),  # an article may not go with the other word
        ("See fell.com or `rose`.", set()),
        ("If the fee is high, it is paid anyway.", set()),  # "it" would lose what it stands for
        ("If A, B, and C hold, D holds.", set()),
    ],
)
def test_all_wordings_of_a_sentence(text: str, others: set[str]) -> None:
    assert wordings(text) == {text} | others


def test_the_same_seed_says_the_same() -> None:
    text = "Prices often fell sharply. If fees rise, traders usually wait."
    assert paraphrase(text, 5) == paraphrase(text, 5)
    assert len(wordings(text)) > 10


figures = st.one_of(
    st.integers(0, 10**6).map("{:,}".format),
    st.decimals(-999, 999, places=2).map(str),
    st.integers(0, 100).map("{}%".format),
    st.just("$1.2 million"),
)
clauses = st.tuples(
    st.sampled_from(["the price rose to", "fees fell by", "holders often paid", "traders bought"]),
    figures,
).map(" ".join)
sentences = st.one_of(
    st.tuples(st.sampled_from(["When", "If", "Although", "After"]), clauses, clauses).map(
        lambda parts: f"{parts[0]} {parts[1]}, {parts[2]}."
    ),
    clauses.map("On 2024-01-05 {}!".format),
    st.text(max_size=20),
)


@settings(deadline=None)
@given(st.lists(sentences, max_size=5).map(" ".join), st.integers(0, 2**32))
def test_every_figure_stays(text: str, seed: int) -> None:
    def found(text: str) -> Counter[str]:
        return Counter(re.findall(r"[$-]?\d[\d,.-]*\d%?|\d%?", text))

    assert found(paraphrase(text, seed)) == found(text)
