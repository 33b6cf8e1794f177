"""Files of sentiment: scores and texts, one mean per day and asset."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from engine.analytics.sentiment import LONGEST_TERM, score
from engine.core.errors import KnownError
from engine.market.lexicon import lexicon
from engine.store.measurements import Measurement
from tests.engine.market.market_file import looked_at

DAY = date(2024, 3, 1)


def test_scores_are_averaged_per_day_and_asset(tmp_path: Path) -> None:
    preview = looked_at(
        tmp_path,
        "date,symbol,score\n"
        "2024-03-01 10:00:00,btc,0.5\n2024-03-01 20:00:00,BTC,-0.25\n2024-03-01,BTC,0\n"
        "2024-03-02,BTC,1\n2024-03-01,,-1\n",
    )
    assert (preview.topic, preview.names) == ("sentiment", ("BTC", "market"))
    assert preview.rows == (
        Measurement("sentiment", "BTC", "score", DAY, Decimal("0.083333"), "3 scores"),
        Measurement("sentiment", "BTC", "score", date(2024, 3, 2), Decimal(1), "1 score"),
        Measurement("sentiment", "market", "score", DAY, Decimal(-1), "1 score"),
    )


def test_texts_are_scored_with_the_lexicon_that_ships(tmp_path: Path) -> None:
    rows = [
        {"published_at": "2024-03-01T08:00:00Z", "title": "Bitcoin soars to an all-time high!"},
        {"published_at": "2024-03-01T09:00:00Z", "title": "It was a rug pull", "score": None},
        {"published_at": "2024-03-01T10:00:00Z", "title": "scam", "score": 0.5},
    ]
    preview = looked_at(tmp_path, rows, asset="eth")
    (row,) = preview.rows
    words = lexicon()
    high = words["soars"] + words["all-time high"] + 0.292
    pull = words["rug pull"]
    expected = sum(s / (s * s + 15) ** 0.5 for s in (high, pull)) + 0.5
    assert (row.name, row.note) == ("ETH", "1 score and 2 texts")
    assert float(row.value) == pytest.approx(expected / 3, abs=1e-4)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2024-03-01,1.01,", "the score is not between -1 and 1"),
        ("2024-03-01,NaN,", 'the score "NaN" is not a number'),
        ("2024-03-01,,", "neither a text nor a score"),
        ("soon,0,", '"soon" is not a date'),
    ],
)
def test_rows_that_are_refused(tmp_path: Path, row: str, reason: str) -> None:
    preview = looked_at(tmp_path, f"date,score,text\n2024-03-01,0,\n{row}\n")
    assert len(preview.rows) == 1
    assert reason in preview.refused[0].reason


def test_what_the_user_names_must_be_an_asset(tmp_path: Path) -> None:
    with pytest.raises(KnownError, match="is not a symbol"):
        looked_at(tmp_path, "date,score\n2024-03-01,0\n", asset="=cmd()")


def test_the_lexicon_is_well_formed() -> None:
    words = lexicon()
    assert len(words) >= 400
    assert all(0 < abs(valence) <= 4 for valence in words.values())
    assert all(term == term.lower() and len(term.split()) <= LONGEST_TERM for term in words)
    # Every entry is reached by the words of a text.
    assert [term for term in words if score(f"the {term} it is", words) == 0] == []
    for term in words:
        assert score(term, words) * words[term] > 0, term
