"""Several tokens named in one text."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.analytics.scorecard.several import several


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("Token A (0x12): new\nToken B: old", {"Token A": ("0x12", "new"), "Token B": ("", "old")}),
        ("Token A is new; Token B is old", {"Token A": ("", "is new"), "Token B": ("", "is old")}),
        ("token a: new, token b: old", {"token a": ("", "new"), "token b": ("", "old")}),
        ("1. Moon Inu: new\n2. PEPE2 - old", {"Moon Inu": ("", "new"), "PEPE2": ("", "old")}),
        ("Moon Inu: new\nAudit: none\nDoge X: old",
         {"Moon Inu": ("", "new\nAudit: none"), "Doge X": ("", "old")}),
        ("Token A: new. Token B: old. Token A: audited",
         {"Token A": ("", "new.\naudited"), "Token B": ("", "old.")}),
        ('[{"name": "A", "age_days": 3, "audited": null}]', {"A": ("", "")}),
    ],
)  # fmt: skip
def test_names_and_what_is_said_of_them(text: str, rows: dict[str, tuple[str, str]]) -> None:
    found = several(text)
    assert found is not None
    read = {r["name"]: (r.get("address", ""), r.get("description", "")) for r in found.rows}
    assert read == rows


def test_what_stands_before_the_first_name_is_kept_apart() -> None:
    found = several("All are audited.\nToken A: new\nToken B: old")
    assert found is not None
    assert found.before == "All are audited."


@pytest.mark.parametrize(
    "text",
    [
        "Team: anonymous\nAudit: none\nLiquidity: locked 1 year\nAPY: 3000 %",
        "Is this token a scam? The token promises 3000 % APY.",
        "Token A is new. Token A is not audited.",
        "Pros: audited\nCons: anonymous team",
        "",
    ],
)
def test_one_token_stays_one(text: str) -> None:
    assert several(text) is None


@given(st.text(max_size=200))
def test_any_text_can_be_split(text: str) -> None:
    several(text)


@pytest.mark.alone
def test_a_hostile_text_is_split_in_no_time() -> None:
    started = time.perf_counter()
    for text in ("{" * 20_000, "A " * 10_000, "Token A (" * 3_000, " " * 20_000, "A\n" * 10_000):
        several(text)
    assert time.perf_counter() - started < 2
