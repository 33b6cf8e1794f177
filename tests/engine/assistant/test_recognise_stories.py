"""Holidays, dates and figures in stories, and texting. Today is Sunday, 22 November 2026."""

from decimal import Decimal

import pytest

from engine.assistant.candidates import candidates
from engine.assistant.recognise import recognise
from engine.assistant.recognise.correct import correct
from engine.assistant.tools import TOOLS
from tests.engine.assistant.world import KNOWLEDGE, TODAY

Value = str | Decimal


def first(tool: str, text: str, price: str | None = None) -> dict[str, Value]:
    found = recognise(text, TODAY, ("BTC", "ETH", "SOL"), ("Kraken",))
    last = Decimal(price) if price else None
    slots = candidates(TOOLS[tool], found, None, KNOWLEDGE.terms, lambda asset: last)
    return {name: values[0] for name, values in slots.values.items()}


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("on St Patrick's Day this year", "2026-03-17"),
        ("Anzac Day", "2026-04-25"),
        ("on New Year's Day", "2026-01-01"),
        ("on Halloween", "2026-10-31"),
        ("last Valentine's", "2026-02-14"),
        ("christmas last year", "2025-12-25"),
        ("on Boxing Day", "2025-12-26"),
        ("4th of July", "2026-07-04"),
        ("on the 3rd of this month", "2026-11-03"),
        ("the first of last month", "2026-10-01"),
        ("on the 10th?", "2026-11-10"),
        ("on the 25th", "2026-10-25"),
        ("9 August last year, my birthday", "2025-08-09"),
        ("march 5th this year", "2026-03-05"),
        ("a week ago yesterday", "2026-11-14"),
        ("two weeks ago last friday", "2026-11-06"),
        ("the second Friday of October", "2026-10-09"),
        ("last friday of march", "2026-03-27"),
    ],
)
def test_days_of_stories(text: str, day: str) -> None:
    assert recognise(text, TODAY).values("date") == (day,)


@pytest.mark.parametrize(
    "text", ["every second Friday I add some", "on the 10th floor", "on the first floor"]
)
def test_no_days(text: str) -> None:
    assert recognise(text, TODAY).values("date") == ()


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("the month just gone", "2026-10"),
        ("the year that's just ended", "2025"),
        ("between May and July", "2026-05-01..2026-07-31"),
        ("since the first of June", "2026-06-01.."),
        ("I switched jobs on the second of March. And from that day until now?", "2026-03-02.."),
    ],
)
def test_periods_of_stories(text: str, period: str) -> None:
    assert first("period_return", text)["period"] == period


@pytest.mark.parametrize(
    ("text", "value"),
    [("2 lakh", "200000"), ("three lakh", "300000"), ("1.5 crore", "15000000"),
     ("twenty two fifty", "22.5"), ("eleven fifty", "11.5"), ("nineteen ninety nine", "19.99"),
     ("thirty five", "35"), ("fifty five thousand", "55000"), ("fifty five cents", "0.55"),
     ("12 cnets", "0.12")],
)  # fmt: skip
def test_amounts_of_stories(text: str, value: str) -> None:
    assert recognise(f"when sol hits {text}", TODAY).values("amount") == (Decimal(value),)


@pytest.mark.parametrize(("price", "level"), [("2400", "2250"), ("20", "22.5"), (None, "22.5")])
def test_prices_in_words_have_the_scale_of_the_price(price: str | None, level: str) -> None:
    assert first("create_alert", "alert when eth is below twenty two fifty", price) == {
        "asset": "ETH", "condition": "below", "value": Decimal(level)
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "percent"),
    [("the rate is six and a half", "6.5"), ("rate is 7 and a quarter", "7.25"),
     ("an apr of 12", "12"), ("effective yield on 4 n a half %", "4.5"),
     ("eth drops 2 thirds", "-66.67"), ("slona goin to zreo", "-100")],
)  # fmt: skip
def test_percents(text: str, percent: str) -> None:
    assert recognise(text, TODAY).values("percent") == (Decimal(percent),)


@pytest.mark.parametrize("text", ["rate of 500 dollars", "interest is 5k", "interest for 3 years"])
def test_no_rates(text: str) -> None:
    assert recognise(text, TODAY).values("percent") == ()


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("IL when 1 coin goes up 35 %", None),
        ("il if the price falls 20 %, minus 50", None),
        ("there are 28 of them, what is the IL at 30 %", None),
        ("il on 4000 if eth halves", 4000),
        ("we put 80 in, the price doubled, what IL", 80),
        ("I threw in 1,200 bucks, so did he, 2,400 in all, the price falls 40 %, what IL", 2400),
    ],
)
def test_money_in_a_pool(text: str, amount: int | None) -> None:
    assert first("impermanent_loss", text).get("amount") == amount


@pytest.mark.parametrize(
    ("tool", "text", "name", "value"),
    [
        (
            "volatility",
            (
                "I traded soybeans in Iowa for thirty years, and folks there laugh at me. "
                "What was the volatility of bitcoin in 2024?"
            ),
            "period",
            "2024",
        ),
        (
            "max_drawdown",
            (
                "When I retired in 2023 I promised her to be careful with all we had. "
                "What is the worst fall of the past twelve months?"
            ),
            "period",
            "1y",
        ),
        (
            "impermanent_loss",
            (
                "My flatmate says he earns 14 percent fees and sleeps like a baby. "
                "But if one coin triples, what impermanent loss is that?"
            ),
            "price_change_percent",
            Decimal(200),
        ),
        (
            "profit_loss",
            "The tax man wants the booked gains only, not the open ones",
            "kind",
            "realised",
        ),
        (
            "profit_loss",
            "Without counting anything I've sold, am I up on paper",
            "kind",
            "unrealised",
        ),
    ],
)
def test_the_value_nearest_to_the_question(tool: str, text: str, name: str, value: Value) -> None:
    assert first(tool, text)[name] == value


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("wats teh price", "wats the price"),
        ("ths yr or last mnth", "this year or last month"),
        ("past fornight", "past fortnight"),
        ("convrt my apr 2 apy", "convert my apr to apy"),
        ("ping me 2day nxt wk", "ping me today next week"),
        ("set an alrm 4 my btc", "set an alarm for my btc"),
        ("3.75 prcnt, haf a yr", "3.75 percent, half a year"),
        ("how much slona", "how much solana"),
        ("teh", "teh"),
        ("2 btc and 4 eth", "2 btc and 4 eth"),
    ],
)
def test_texting(text: str, right: str) -> None:
    assert correct(text) == right


@pytest.mark.parametrize(
    ("text", "symbols"),
    [("slona vs caradno", ("SOL", "ADA")), ("lite coin n btc", ("LTC", "BTC")),
     ("teh bitcion price", ("BTC",)), ("chain link or uni swap", ("LINK", "UNI"))],
)  # fmt: skip
def test_misspelt_coins(text: str, symbols: tuple[str, ...]) -> None:
    assert recognise(text, TODAY, ("BTC", "ETH")).values("asset") == symbols
