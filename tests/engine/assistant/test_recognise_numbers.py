"""Percentages, money, durations and compounding as people write them."""

from decimal import Decimal

import pytest

from engine.assistant.recognise import recognise
from tests.engine.assistant.world import TODAY


def numbers(text: str, kind: str) -> list[str]:
    found = recognise(text, TODAY, ("BTC", "ETH"), ("Kraken",))
    values = found.values(kind)  # type: ignore[arg-type]
    return [f"{v.normalize():f}" for v in values if isinstance(v, Decimal)]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        # Direction from the words.
        ("what if btc drops 30%", "-30"),
        ("what if btc rises 30 %", "30"),
        ("btc falls by 12.5 percent", "-12.5"),
        ("a gain of 7 per cent", "7"),
        ("crashes 80pct", "-80"),
        ("if eth goes up twenty percent", "20"),
        ("if it loses thirty five percent", "-35"),
        ("down 1,5 %", "-1.5"),
        ("drops 1.000,50 %", "-1000.5"),
        ("up 1,000 %", "1000"),
        # Explicit signs, the typographic one too.
        ("btc -30%", "-30"),
        ("btc −30 %", "-30"),
        ("btc +30%", "30"),
        # Fractions and multiples.
        ("drops by half", "-50"),
        ("halves", "-50"),
        ("cut in half", "-50"),
        ("loses a third", "-33.33"),
        ("falls by two thirds", "-66.67"),
        ("gains a quarter", "25"),
        ("doubles", "100"),
        ("triples", "200"),
        ("quadruples", "300"),
        ("does a 2x", "100"),
        ("10x from here", "900"),
        ("x10", "900"),
        ("goes to zero", "-100"),
        ("becomes worthless", "-100"),
        ("how much do i lose if it gains 5 %", "5"),
        ("impermanent loss if eth rises 40 %", "40"),
    ],
)
def test_changes_in_percent(text: str, value: str) -> None:
    assert numbers(text, "percent") == [value]


def test_a_percentage_without_direction_says_so() -> None:
    (mention,) = recognise("what about 30 %", TODAY).of("percent")
    assert (mention.value, mention.signed) == (Decimal(30), False)
    (mention,) = recognise("if it falls 30 %", TODAY).of("percent")
    assert (mention.value, mention.signed) == (Decimal(-30), True)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$5,000", "5000"),
        ("5000 usd", "5000"),
        ("5k", "5000"),
        ("$1.5m", "1500000"),
        ("2.5 million dollars", "2500000"),
        ("€250", "250"),
        ("250 euros", "250"),
        ("a grand", "1000"),
        ("two grand", "2000"),
        ("half a million", "500000"),
        ("two and a half thousand", "2500"),
        ("btc above 65000", "65000"),
        ("btc above $0.35", "0.35"),
        ("1 000 000 chf", "1000000"),
        ("1’000’000 chf", "1000000"),
        ("two hundred and fifty dollars", "250"),
        ("99 cents", "0.99"),
        ("1e5", "100000"),
    ],
)
def test_amounts(text: str, value: str) -> None:
    assert numbers(text, "amount") == [value]


@pytest.mark.parametrize(
    "text",
    ["over the last 30 days", "on 2024-03-05", "30 %", "50/50 pool", "erc-20", "since 5 May 2024"],
)
def test_other_numbers_are_no_amounts(text: str) -> None:
    assert numbers(text, "amount") == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("for 3 years", "3"),
        ("18 months", "1.5"),
        ("six months", "0.5"),
        ("30 days", "0.0822"),  # 30 / 365
        ("52 weeks", "1"),
        ("half a year", "0.5"),
        ("a year and a half", "1.5"),
        ("two and a half years", "2.5"),
        ("a decade", "10"),
        ("2.5 yrs", "2.5"),
    ],
)
def test_durations_in_years(text: str, value: str) -> None:
    assert numbers(text, "years") == [value]


@pytest.mark.parametrize("text", ["is there any news", "many coins", "only btc", "add a note"])
def test_words_are_no_durations(text: str) -> None:
    assert numbers(text, "years") == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("compounded daily", "daily"),
        ("paid every day", "daily"),
        ("interest each week", "weekly"),
        ("monthly", "monthly"),
        ("12 times a year", "monthly"),
        ("n = 365", "daily"),
        ("every quarter", "quarterly"),
        ("once a year", "yearly"),
        ("compounded annually", "yearly"),
        ("every hour", "hourly"),
        ("continuously", "continuous"),
    ],
)
def test_compounding(text: str, name: str) -> None:
    assert recognise(f"apy of 5 % {text}", TODAY).values("compounding") == (name,)


def test_a_yearly_rate_is_not_a_way_of_compounding() -> None:
    assert recognise("6 % yearly", TODAY).values("compounding") == ()
    assert recognise("5 % per year", TODAY).values("compounding") == ()
