"""Rates, sums, times and moves as people say them, without sign or unit or in dialect."""

from decimal import Decimal

import pytest

from engine.assistant.candidates import candidates
from engine.assistant.recognise import recognise
from engine.assistant.recognise.correct import correct
from engine.assistant.scaled import scaled
from engine.assistant.tools import TOOLS
from tests.engine.assistant.world import KNOWLEDGE, TODAY

PRICES = {"ETH": "3000", "BTC": "90000", "LINK": "14", "XRP": "2", "DOGE": "0.2"}


def first(tool: str, text: str) -> dict[str, str | Decimal]:
    found = recognise(text, TODAY, ("BTC", "ETH", "SOL", "LINK"), ("Kraken",))
    slots = candidates(
        TOOLS[tool], found, None, KNOWLEDGE.terms, lambda asset: Decimal(PRICES.get(asset, "1"))
    )
    return {name: values[0] for name, values in slots.values.items()}


@pytest.mark.parametrize(
    ("text", "rate", "compounding"),
    [
        ("18 point 4 p.a., interest every night at ten past two", "18.4", "daily"),
        ("7 pa compounded weekly", "7", "weekly"),
        ("nominal 4½ per annum, credited at the end of each month", "4.5", "monthly"),
        ("4¼%, credited quarterly", "4.25", "quarterly"),
        ("six apr continous to apy", "6", "continuous"),
        ("apr 7 hourly", "7", "hourly"),
        ("240% APR, compounding on the hour", "240", "hourly"),
        ("8,5 % and they add it one time in the year", "8.5", "yearly"),
        ("3 an three quarter percent APR, daily like", "3.75", "daily"),
        ("five and three quarters apr, nonstop compounding", "5.75", "continuous"),
        ("6.5 nominal paid twelve times in the year", "6.5", "monthly"),
        ("5 percents, paid once per quarter", "5", "quarterly"),
        ("8.4% APR once a week, my savings get 4 APY", "8.4", "weekly"),
        ("a hundred and twenty apr, credited at midnight", "120", "daily"),
    ],
)
def test_rates(text: str, rate: str, compounding: str) -> None:
    assert first("apr_to_apy", text) == {"rate_percent": Decimal(rate), "compounding": compounding}


@pytest.mark.parametrize("text", ["my trades on 6 apr", "price apr 5", "daily buys since 6 apr"])
def test_days_in_april_are_no_rates(text: str) -> None:
    assert recognise(text, TODAY).values("percent") == ()


@pytest.mark.parametrize(
    ("text", "amount", "rate", "years"),
    [
        ("10k for 5 at 8%", "10000", "8", "5"),
        ("10k at 8% for 5", "10000", "8", "5"),
        ("PV=5000 i=6 n=10", "5000", "6", "10"),
        ("1,500 bucks at 5 for a baker's dozen years", "1500", "5", "13"),
        ("leave 8k at six and a half for ten years", "8000", "6.5", "10"),
        ("€2k at 4% for 2½ years", "2000", "4", "2.5"),
        ("2k€ 4% 18 months", "2000", "4", "1.5"),
        ("EUR 2000 at 3 p.a. for 3 1/2 years", "2000", "3", "3.5"),
        ("a grand at 5% for one and a quarter years", "1000", "5", "1.25"),
        ("2500 usd 9 apy 30 days", "2500", "9", "0.0822"),
        ("10 000 CHF, 3 percents for each year, after 7 years", "10000", "3", "7"),
        ("fifteen hunner pound at five an a hauf percent, left twa year", "1500", "5.5", "2"),
        ("2 and a half grand, 4%, one and half year", "2500", "4", "1.5"),
        ("$2,000 growing at 5% for 3 years and a half", "2000", "5", "3.5"),
        ("4% on five dollars for year and a half", "5", "4", "1.5"),
    ],
)
def test_growth(text: str, amount: str, rate: str, years: str) -> None:
    said = {"amount": Decimal(amount), "rate_percent": Decimal(rate), "years": Decimal(years)}
    assert first("compound_growth", text) == said


@pytest.mark.parametrize(
    ("text", "change"),
    [
        ("btc slips eight percent", "-8"),
        ("eth is down sixty", "-60"),
        ("eth tumbles fifteen", "-15"),
        ("sol slides to a third of what it is now", "-66.67"),
        ("usdc depegs by 5%", "-5"),
        ("everything sags 12%", "-12"),
        ("btc at half of price", "-50"),
        ("eth loses ½", "-50"),
        ("sol down a dozen percent", "-12"),
        ("sol shifts a quarter upward", "25"),
        ("link jumps forty", "40"),
        ("btc falls 10 times", "-90"),
        ("btc crashed but then goes up 10x", "900"),
    ],
)
def test_moves(text: str, change: str) -> None:
    assert first("what_if", text)["change_percent"] == Decimal(change)


@pytest.mark.parametrize("text", ["btc down 20k", "eth drops 500 dollars", "btc falls to 20"])
def test_prices_are_no_moves(text: str) -> None:
    assert "change_percent" not in first("what_if", text)


@pytest.mark.parametrize(
    ("text", "change", "amount"),
    [
        ("il, pric down 30, 2k in teh pool", "-30", "2000"),
        ("LP of $15,500 and the ratio shifts a quarter upward", "25", "15500"),
        ("il, i put in 500, the price goes from a dollar to two dollars", "100", "500"),
        ("provider with 8k dollar, the token become half of price", "-50", "8000"),
    ],
)
def test_pools(text: str, change: str, amount: str) -> None:
    said = {"price_change_percent": Decimal(change), "amount": Decimal(amount)}
    assert first("impermanent_loss", text) == said


@pytest.mark.parametrize(
    ("text", "condition", "level"),
    [
        ("xrp dearer than 3 dollars fifty", "above", "3.5"),
        ("eth more high as 5.000 dollar", "above", "5000"),
        ("xrp above 1.234", "above", "1.234"),
        ("LINK clearing 27½", "above", "27.5"),
        ("link slips under a dollar ten", "below", "1.1"),
        ("doge goes to 50 cents", "above", "0.5"),
        ("doge goes to 10c", "below", "0.1"),
        ("sol draps ablow a hunner an twinty", "below", "120"),
        ("eth ablow twa an a hauf thoosan", "below", "2500"),
        ("eth over three and a half k", "above", "3500"),
        ("eth back above 3 thou", "above", "3000"),
        ("eth slips 10 in a day", "down_percent", "10"),
        ("link down a dozen percent within the day", "down_percent", "12"),
    ],
)
def test_alerts(text: str, condition: str, level: str) -> None:
    said = first("create_alert", text)
    assert (said["condition"], said["value"]) == (condition, Decimal(level))


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("the word itself I do not know, stablecoins, what are these", "stablecoins"),
        ("My statement says cost basis. Could you explain that term?", "cost basis"),
        ("explain that term: slippage", "slippage"),
        ("what is an IDO", "ido"),
    ],
)
def test_terms_pointed_at(text: str, term: str) -> None:
    assert first("explain_term", text)["term"] == term


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("one percentage point less", "11"),
        ("half a point higher", "12.5"),
        ("2% more please", "14"),
        ("three points lower", "9"),
    ],
)
def test_points_up_or_down(text: str, rate: str) -> None:
    found = recognise(text, TODAY)
    answer = scaled("apr_to_apy", "rate_percent", Decimal(12), found)
    assert answer is not None
    assert answer[0] == Decimal(rate)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("half a dozen of them", "6 of them"),
        ("costs a hundred an hour", "costs a hundred an hour"),
        ("at ¾ of it", "at 3/4 of it"),
        ("everything sags", "everything sags"),
        ("4.5% p.a. they say", "4.5% per annum they say"),
    ],
)
def test_written_out(said: str, meant: str) -> None:
    assert correct(said) == meant


@pytest.mark.parametrize(
    ("tool", "text", "said"),
    [
        ("impermanent_loss", "4 charts on IL, a coin up 400%", {"price_change_percent": 400}),
        ("impermanent_loss", "2,000 in a fifty-fifty pool, il if the price doubles?",
         {"price_change_percent": 100, "amount": 2000}),
        ("price", "my English is from school 20 years ago, what costs one link", {"asset": "LINK"}),
        ("transactions", "Ledger of all disposals of BTC", {"asset": "BTC"}),
        ("profit_loss", "how much dosh have i banked", {"kind": "realised"}),
        ("compound_growth", "gran gave me 7,400, rent is 900 every month; that at 5% for 13 years?",
         {"amount": 7400, "rate_percent": 5, "years": 13}),
        ("what_if", "in case bitcoin would raise of 12,5 %",
         {"asset": "BTC", "change_percent": Decimal("12.5")}),
    ],
)  # fmt: skip
def test_what_is_beside_the_question_is_left_out(
    tool: str, text: str, said: dict[str, str | int | Decimal]
) -> None:
    assert first(tool, text) == said


def test_ordinary_words_are_not_mended_into_others() -> None:
    text = "dosh from my gran, wich one is wining"
    assert correct(text) == "dosh from my gran, which one is winning"


def test_in_a_story_only_a_rate_is_a_rate() -> None:
    story = "My sister and I both opened accounts with 100 each and hers always does better, "
    assert "rate_percent" not in first("apr_to_apy", story + "could you turn this apr into apy?")
    assert first("apr_to_apy", story + "what apy is an apr at 7?") == {"rate_percent": 7}
