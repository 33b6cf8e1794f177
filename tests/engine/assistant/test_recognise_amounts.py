"""Amounts and durations in words, and how often interest is added."""

from decimal import Decimal

import pytest

from engine.assistant.recognise import recognise
from engine.assistant.recognise.numbers import spelt_number
from tests.engine.assistant.world import TODAY


def numbers(text: str, kind: str) -> list[str]:
    values = recognise(text, TODAY, ("BTC",), ("Kraken",)).values(kind)  # type: ignore[arg-type]
    return [f"{v.normalize():f}" for v in values if isinstance(v, Decimal)]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("half a million", "500000"),
        ("half million", "500000"),
        ("a quarter of a million", "250000"),
        ("three quarters of a million", "750000"),
        ("a million and a half", "1500000"),
        ("two and a half grand", "2500"),
        ("two point five million", "2500000"),
        ("a hundred grand", "100000"),
        ("a couple of thousand", "2000"),
        ("fifty k", "50000"),
        ("three billion", "3000000000"),
        ("a hundred and twenty dollars", "120"),
    ],
)
def test_amounts_in_words(text: str, value: str) -> None:
    assert numbers(f"put {text} in", "amount") == [value]


@pytest.mark.parametrize(
    "text", ["at 18:30", "1e100", "9" * 80, "--n 365", "twelve times a year", "from 2 to 5, IL?"]
)
def test_no_amounts(text: str) -> None:
    assert numbers(text, "amount") == []


@pytest.mark.parametrize(
    ("words", "value"),
    [("zero", "0"), ("nought point five", "0.5"), ("four point two five", "4.25"),
     ("two hundred and fifty thousand", "250000"), ("twenty-one", "21"), ("a", "1")],
)  # fmt: skip
def test_spelt_numbers(words: str, value: str) -> None:
    assert spelt_number(words) == Decimal(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("for a quarter century", "25"),
        ("over a decade", "10"),
        ("half a decade", "5"),
        ("for a fortnight", "0.0385"),  # two of 52 weeks
        ("three quarters of a year", "0.75"),
        ("a couple of years", "2"),
        ("t=4", "4"),
        ("what would he find ten years on", "10"),
        ("my niece is eight years old, for eighteen years", "18"),
        ("at 5 % a year for ten years", "10"),
        ("paid four times a year for 3 years", "3"),
        ("in a year", "1"),
    ],
)
def test_durations(text: str, value: str) -> None:
    assert numbers(text, "years") == [value]


@pytest.mark.parametrize("text", ["5 % a year", "four times a year", "he is 18 years old"])
def test_rates_and_ages_are_no_durations(text: str) -> None:
    assert numbers(text, "years") == []


def test_the_duration_of_a_story() -> None:
    text = (
        "I'd like to set aside two thousand pounds for him; supposing it brings in four and a "
        "quarter percent a year, what would he find there ten years on, when he comes of age?"
    )
    assert numbers(text, "amount") == ["2000"]
    assert numbers(text, "percent") == ["4.25"]
    assert numbers(text, "years") == ["10"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("--n 365", "daily"),
        ("n=12", "monthly"),
        ("every sunday", "weekly"),
        ("each friday", "weekly"),
        ("four times a year", "quarterly"),
        ("twelve times a year", "monthly"),
        ("fifty two times a year", "weekly"),
        ("every 3 months", "quarterly"),
        ("every night", "daily"),
        ("every 24h", "daily"),
    ],
)
def test_compounding(text: str, name: str) -> None:
    found = recognise(f"apy of 12 %, {text}", TODAY)
    assert found.values("compounding") == (name,)
    assert found.values("date") == ()


def test_twice_a_year_is_none_of_the_known_ways() -> None:
    assert recognise("6 % two times a year", TODAY).values("compounding") == ()
