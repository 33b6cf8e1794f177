"""Follow-ups that tell a value relative to the one before. Today is Sunday, 22 November 2026."""

from decimal import Decimal

import pytest

from engine.assistant.candidates import Previous, candidates
from engine.assistant.recognise import recognise
from engine.assistant.tools import TOOLS
from tests.engine.assistant.world import KNOWLEDGE, TODAY

Value = str | Decimal


def arguments(before: Previous, text: str) -> dict[str, Value]:
    """The first candidate of every argument, for the tool of the call before."""
    found = recognise(text, TODAY, ("BTC", "ETH", "SOL"), ("Kraken",))
    slots = candidates(TOOLS[before.tool], found, before, KNOWLEDGE.terms)
    assert not slots.missing
    return {name: values[0] for name, values in slots.values.items()}


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("and two days before that?", "2026-01-01"),
        ("the day before", "2026-01-02"),
        ("and the day after?", "2026-01-04"),
        ("a week earlier", "2025-12-27"),
        ("and a month before that", "2025-12-03"),
        ("the following day", "2026-01-04"),
        ("two days ago", "2026-11-20"),  # counts from today
    ],
)
def test_days_count_from_the_day_before(text: str, day: str) -> None:
    before = Previous("price", {"asset": "SOL", "date": "2026-01-03"})
    assert arguments(before, text) == {"asset": "SOL", "date": day}


@pytest.mark.parametrize(
    ("period", "text", "other"),
    [
        ("2026-10", "the month before that as well", "2026-09"),
        ("2026-10", "and the one before", "2026-09"),
        ("2026-10", "and the month after?", "2026-11"),
        ("2026-01", "the month before", "2025-12"),
        ("mtd", "and the month before", "2026-10"),
        ("2025", "the year before that", "2024"),
        ("2025", "the month before that", "2024-12"),
        ("ytd", "the year before", "2025"),
        ("2026-Q1", "the quarter before", "2025-Q4"),
        ("7d", "and the week before that", "2026-11-09..2026-11-15"),
        ("1d", "and the day before that", "2026-11-21..2026-11-21"),
        ("2026-03-10..2026-03-19", "and the one before", "2026-02-28..2026-03-09"),
    ],
)
def test_periods_lie_beside_the_period_before(period: str, text: str, other: str) -> None:
    assert arguments(Previous("transactions", {"period": period}), text) == {"period": other}


@pytest.mark.parametrize(
    ("text", "change"),
    [
        ("and up the same amount?", 30),
        ("and the other way round?", 30),
        ("the opposite", 30),
        ("what if it falls that much", -30),
        ("and up 10 %", 10),
        ("and eth?", -30),
    ],
)
def test_a_change_is_turned(text: str, change: int) -> None:
    before = Previous("what_if", {"asset": "BTC", "change_percent": Decimal(-30)})
    assert arguments(before, text)["change_percent"] == change


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("what about twice the rate", "rate_percent", 20),
        ("half the rate", "rate_percent", 5),
        ("and double the amount?", "amount", 6000),
        ("double it", "amount", 6000),
        ("and half as long", "years", 1),
        ("three times the time", "years", 6),
    ],
)
def test_numbers_are_scaled(text: str, name: str, value: int) -> None:
    call: dict[str, Value] = {
        "amount": Decimal(3000), "rate_percent": Decimal(10), "years": Decimal(2)
    }  # fmt: skip
    expected = {**call, name: Decimal(value)}
    assert arguments(Previous("compound_growth", call), text) == expected


def test_a_price_now_has_no_day_to_count_from() -> None:
    before = Previous("price", {"asset": "SOL"})
    assert arguments(before, "and two days before that?")["date"] == "2026-11-20"
