"""Surface forms against the recognisers that must read them, and against plain arithmetic."""

import random
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.analytics.periods import resolve
from engine.analytics.yields import COMPOUNDINGS
from engine.assistant.recognise import recognise
from engine.assistant.recognise.spelling import distance
from training.assistant import numbers, surfaces
from training.assistant.surfaces import Surface, World

WORLD = World(date(2026, 11, 22), ("ADA", "BTC", "ETH", "LINK", "SOL"), ("Coinbase", "Kraken"))
Make = Callable[[random.Random], Surface]


def many(make: Make, count: int = 200) -> list[Surface]:
    rng = random.Random(5)
    return [make(rng) for _ in range(count)]


def share_read(kind: str, made: list[Surface], before: str) -> float:
    """How often the recogniser finds exactly the value meant."""
    right = 0
    for surface in made:
        found = recognise(before + surface.text, WORLD.today, WORLD.assets, WORLD.accounts)
        values = found.values(kind)  # type: ignore[arg-type]
        right += surface.value in values
    return right / len(made)


@pytest.mark.parametrize(
    ("kind", "make", "before"),
    [
        ("asset", lambda r: surfaces.asset(r, WORLD), "price of "),
        ("account", lambda r: surfaces.account(r, WORLD), "value on "),
        ("period", lambda r: surfaces.period(r, WORLD)[0], "return of btc, "),
        ("period", lambda r: surfaces.period(r, WORLD)[1], "how did btc do "),
        ("date", lambda r: surfaces.day(r, WORLD), "price on "),
        ("percent", numbers.percent, "about "),
        ("percent", numbers.rate, "apr "),
        ("amount", lambda r: numbers.amount(r, WORLD), "put in "),
        ("amount", lambda r: numbers.price(r, WORLD), "above "),
        ("years", numbers.years, "for "),
        ("compounding", numbers.compounding, "5 % "),
    ],
)
def test_what_is_written_is_what_is_read(kind: str, make: Make, before: str) -> None:
    assert share_read(kind, many(make), before) > 0.97


def test_both_forms_of_a_period_mean_the_same() -> None:
    rng = random.Random(6)
    for _ in range(400):
        noun, adverb = surfaces.period(rng, WORLD)
        assert noun.value == adverb.value
        start, end, _ = resolve(str(noun.value), date(2027, 12, 31), date(2020, 1, 1))
        assert start <= end


def test_days_lie_in_the_past() -> None:
    for surface in many(lambda r: surfaces.day(r, WORLD)):
        assert date.fromisoformat(str(surface.value)) < WORLD.today


def test_most_coins_are_the_users_own() -> None:
    made = many(lambda r: surfaces.asset(r, WORLD), 2000)
    own = sum(surface.value in WORLD.assets for surface in made) / len(made)
    assert 0.75 < own < 0.9
    assert all(s.value in surfaces.known_assets() for s in made)
    assert all(s.value != "BTC" for s in many(lambda r: surfaces.asset(r, WORLD, exclude="BTC")))


def test_percentages() -> None:
    for surface in many(lambda r: numbers.percent(r, digits_only=True)):
        assert surface.text[0].isdigit()
        match = re.match(r"[\d.]+", surface.text)
        assert match
        assert Decimal(match[0]) == surface.value
    fractions = {s.text: s.value for s in many(lambda r: numbers.percent(r, fractions=True), 2000)}
    assert fractions["half"] == 50
    assert fractions["a third"] == Decimal("33.33")
    assert fractions["twenty five percent"] == 25


@pytest.mark.parametrize(
    ("text", "value"),
    [("a grand", 1000), ("2.5k", 2500), ("$10,000", 10_000), ("500 bucks", 500)],
)
def test_amounts(text: str, value: int) -> None:
    made = {s.text: s.value for s in many(lambda r: numbers.amount(r, WORLD), 3000)}
    assert made[text] == value


def test_months_are_parts_of_a_year() -> None:
    made = {s.text: s.value for s in many(numbers.years)}
    assert made["18 months"] == Decimal("1.5")
    assert made["6 months"] == Decimal("0.5")
    assert made["1 year"] == 1


def test_compounding_is_one_of_the_tools() -> None:
    assert {s.value for s in many(numbers.compounding)} == set(COMPOUNDINGS)


@pytest.mark.parametrize(
    ("number", "text"),
    [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th"), (13, "13th"),
     (21, "21st"), (22, "22nd"), (23, "23rd"), (31, "31st")],
)  # fmt: skip
def test_ordinals(number: int, text: str) -> None:
    assert surfaces._ordinal(number) == text


@given(st.integers(0, 2**32), st.text("abcdefghijklmnopqrstuvwxyz", min_size=4, max_size=12))
def test_a_slip_is_one_edit(seed: int, word: str) -> None:
    slipped = surfaces.slip(random.Random(seed), word, keep_first=True)
    assert distance(word, slipped, 3) <= 1
    assert slipped[0] == word[0]


def test_terms() -> None:
    forms = surfaces.term_forms()
    assert "impermanent loss" in forms
    assert len(set(forms)) > 500
    for form in forms:
        assert form == form.lower().strip()
        assert "#" not in form
        assert len(form.split()) <= 6
