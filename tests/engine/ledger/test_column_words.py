"""The words of a column of kinds, for the user to say what they stand for."""

from pathlib import Path

import pytest

from engine.core.errors import KnownError
from engine.ledger.importers.peek import MOST_WORDS, column_words


def test_the_most_frequent_words_come_first(tmp_path: Path) -> None:
    path = tmp_path / "bank.csv"
    path.write_text("when;art\n1;Kauf\n2;kauf\n3;\n4;Verkauf\n5;KAUF\n6;Verkauf\n7;Staking\n")
    assert column_words(path, "art") == ("kauf", "verkauf", "staking")


def test_a_column_of_texts_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "bank.csv"
    path.write_text("when;note\n" + "".join(f"{n};text {n}\n" for n in range(7_000)))
    assert len(column_words(path, "note")) == MOST_WORDS


def test_a_column_that_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "bank.csv"
    path.write_text("when;note\n1;a\n")
    with pytest.raises(KnownError, match="no column art"):
        column_words(path, "art")
