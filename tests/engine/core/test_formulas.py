"""No cell of a CSV file is a formula, and every text comes back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.formulas import guarded, unguarded


@pytest.mark.parametrize(
    "text", ["=1+1", "+49", "-cmd|' /C calc'!A0", "@SUM(A1)", "＝1", "'", "'=1"]
)
def test_what_could_be_a_formula_becomes_text(text: str) -> None:
    assert guarded(text) == "'" + text


@pytest.mark.parametrize("text", ["", "reward", "1-2", "a=b", " =1"])
def test_other_texts_stay(text: str) -> None:
    assert guarded(text) == unguarded(text) == text


def test_an_apostrophe_that_nobody_needs_stays() -> None:
    assert unguarded("'t Hooft") == "'t Hooft"


@given(st.text() | st.text(alphabet="'=+-@x", max_size=5))
def test_every_text_comes_back(text: str) -> None:
    assert unguarded(guarded(text)) == text
