"""Days and periods as people speak of them. Today is Sunday, 22 November 2026."""

import pytest

from engine.assistant.candidates import candidates
from engine.assistant.recognise import recognise
from engine.assistant.recognise.holidays import easter
from engine.assistant.tools import TOOLS
from tests.engine.assistant.world import KNOWLEDGE, TODAY


def first(tool: str, text: str) -> dict[str, object]:
    found = recognise(text, TODAY, ("BTC", "ETH", "SOL"), ("Kraken",))
    slots = candidates(TOOLS[tool], found, None, KNOWLEDGE.terms)
    return {name: values[0] for name, values in slots.values.items()}


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("as at close of 2025", "2025-12-31"),
        ("at the end of last year", "2025-12-31"),
        ("at the tail end of last month", "2026-10-31"),
        ("at the start of March", "2026-03-01"),
        ("end of february 2024", "2024-02-29"),
        ("on the last day of october", "2026-10-31"),
        ("at the end of q1", "2026-03-31"),
        ("this time last year", "2025-11-22"),
        ("same day last month", "2026-10-22"),
        ("day before yesterday", "2026-11-20"),
        ("the day afore yesterday", "2026-11-20"),
        ("three days back", "2026-11-19"),
        ("go back two weeks", "2026-11-08"),
        ("on leap day '24", "2024-02-29"),
        ("on good friday 2025", "2025-04-18"),
        ("on black friday 2024", "2024-11-29"),
        ("on thanksgiving", "2025-11-27"),
    ],
)
def test_days(text: str, day: str) -> None:
    assert first("portfolio_value", f"what was I worth {text}?")["date"] == day


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("over the past year and a half", "18m"),
        ("the last two and a half years", "30m"),
        ("past couple o' months", "2m"),
        ("the year", "ytd"),
        ("the week", "wtd"),
        ("since day dot", "all"),
        ("since this morning", "1d"),
        ("the first week of october", "2026-10-01..2026-10-07"),
        ("the first three weeks of may", "2026-05-01..2026-05-21"),
        ("the second week of last month", "2026-10-08..2026-10-14"),
        ("the last ten days of june", "2026-06-21..2026-06-30"),
        ("the first two months of 2025", "2025-01-01..2025-02-28"),
        ("the last three months of 2025", "2025-10-01..2025-12-31"),
        ("in first quarter of year 2025", "2025-Q1"),
        ("in the eighth month of 2025", "2025-08"),
        ("in october last year", "2025-10"),
        ("since easter", "2026-04-05.."),
        ("since the ball dropped on new year's", "2026-01-01.."),
        ("since I bought in in March", "2026-03-01.."),
        ("since q2", "2026-04-01.."),
        ("from q1 to q3", "2026-01-01..2026-09-30"),
        ("from mid-March, the 15th, till now", "2026-03-15.."),
        ("in mid March", "2026-03"),
        ("between Bonfire Night last year and Midsummer's Day, 24 June",
         "2025-11-05..2026-06-24"),
        ("from Valentine's Day to Easter Sunday this year", "2026-02-14..2026-04-05"),
        ("from november to february", "2025-11-01..2026-02-28"),
        ("the 5th to the 12th", "2026-11-05..2026-11-12"),
        ("the 20th to the 28th", "2026-10-20..2026-10-28"),
        ("between the 3rd and the 9th of october", "2026-10-03..2026-10-09"),
        ("march 1-15", "2026-03-01..2026-03-15"),
        ("4 to 12 march 2025", "2025-03-04..2025-03-12"),
    ],
)  # fmt: skip
def test_periods(text: str, period: str) -> None:
    assert first("period_return", f"how did it do {text}")["period"] == period


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("sol nov 25 perf", "2025-11"),
        ("return of eth dec 24", "2024-12"),
        ("sol return on nov 25", "2025-11-25..2025-11-25"),
        ("sol perf nov 20", "2026-11-20..2026-11-20"),
    ],
)
def test_two_digits_behind_a_month_are_a_day_or_a_year(text: str, period: str) -> None:
    assert first("period_return", text)["period"] == period


def test_ever_gives_way_to_a_period() -> None:
    assert first("volatility", "does it ever sit still? btc, past 100 days")["period"] == "100d"
    assert first("volatility", "does btc ever sit still?")["period"] == "all"


@pytest.mark.parametrize("text", ["best coin of the week", "at the end of this year", "day by day"])
def test_no_times(text: str) -> None:
    assert recognise(text, TODAY).values("date") == ()


@pytest.mark.parametrize(
    ("text", "periods"),
    [
        ("star of the week", ("wtd",)),
        ("my best of the month", ("mtd",)),
        ("biggest loser of the year", ("ytd",)),
        ("the end of the week", ()),
    ],
)
def test_the_winner_of_a_running_week(text: str, periods: tuple[str, ...]) -> None:
    assert recognise(text, TODAY).values("period") == periods


@pytest.mark.parametrize(
    ("year", "day"),
    [(1961, "1961-04-02"), (2000, "2000-04-23"), (2008, "2008-03-23"), (2011, "2011-04-24"),
     (2024, "2024-03-31"), (2025, "2025-04-20"), (2026, "2026-04-05"), (2038, "2038-04-25")],
)  # fmt: skip
def test_easter(year: int, day: str) -> None:
    assert easter(year).isoformat() == day
