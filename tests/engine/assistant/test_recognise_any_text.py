"""What holds for every text: no exception, spans inside the text, canonical values."""

import re
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.analytics.periods import resolve
from engine.analytics.yields import COMPOUNDINGS
from engine.assistant.recognise import Recognised, recognise
from engine.assistant.recognise.correct import correct, lexicon
from engine.assistant.terms import find_terms
from engine.core.errors import KnownError
from engine.core.money import to_text
from tests.engine.assistant.world import KNOWLEDGE

OWNED, ACCOUNTS = ("BTC", "ETH", "OP", "C98"), ("Kraken", "Cold Wallet", "Söhne & Co.")
PERIOD = re.compile(
    r"[1-9]\d{0,3}[dmy]|[wmy]td|all|\d{4}|\d{4}-Q[1-4]|\d{4}-\d\d|"
    r"\d{4}-\d\d-\d\d\.\.(?:\d{4}-\d\d-\d\d)?"
)
PIECES = st.sampled_from(
    "btc bitcoin ETH link near Kraken the last over in since from to and between until ago days "
    "weeks months years year 1 2 0 12 30 2024 2026-03-05 q1 march may monday yesterday half a "
    "third quarter drops rises by % percent -5 +3.5 −7 $ € 5k 1,000 1.000,5 1e5 2x x10 million "
    "grand zero doubles daily every per month apy twenty five hundred ’ ' / . , ? ! ( )".split()
)
DAYS = st.dates(date(2015, 1, 1), date(2040, 12, 31))


def check(found: Recognised, today: date) -> None:
    for mention in found.mentions:
        assert 0 <= mention.start < mention.end <= len(found.text)
        value = mention.value
        match mention.kind:
            case "percent" | "amount" | "years":
                assert isinstance(value, Decimal)
                assert value.is_finite()
                assert len(to_text(value)) < 60
            case "asset":
                assert value == str(value).upper()
            case "account":
                assert value in ACCOUNTS
            case "date":
                assert date.fromisoformat(str(value)).isoformat() == value
            case "compounding":
                assert value in COMPOUNDINGS
            case "period":
                assert PERIOD.fullmatch(str(value)), value
    assert list(found.mentions) == sorted(found.mentions, key=lambda m: (m.start, -m.end))


@given(st.text(), DAYS)
def test_any_text(text: str, today: date) -> None:
    check(recognise(text, today, OWNED, ACCOUNTS), today)


@settings(max_examples=200)
@given(st.lists(PIECES, max_size=12), st.sampled_from(["", " "]), DAYS)
def test_any_words(pieces: list[str], separator: str, today: date) -> None:
    found = recognise(separator.join(pieces), today, OWNED, ACCOUNTS)
    check(found, today)
    for period in found.values("period"):
        try:  # periods to come are refused with a sentence
            start, end, _ = resolve(str(period), today, date(2020, 1, 1))
        except KnownError:
            continue
        assert start <= end <= today


@given(st.text(alphabet="0123456789.,-+% kmdy", max_size=80))
def test_any_digits(text: str) -> None:
    check(recognise(text, date(2026, 11, 22)), date(2026, 11, 22))


@given(st.text())
def test_any_text_has_terms_or_none(text: str) -> None:
    for term in find_terms(text, KNOWLEDGE.terms):
        assert term == term.lower()
        assert term.strip()


@pytest.mark.parametrize(
    "text",
    [
        "how much bitcoin do I own",
        "hodl my SOL and wagmi",
        "ERC-20 tokens, layer2, c98, 1inch and USDC",
        "how much stETH do I have",
        "5k at 12.5% for 18 months, n=12",
        "from 2024-01-05 to 2024-02-10",
        "me@exampel.org and files/some.csv",
        "Kraken and Mr Smythe-Hargreavesx",
        "unrealised pnl, apy and tvl",
        "it halved, then trebles and gets sliced",
        "$weth $pepe",
    ],
)
def test_right_words_stay(text: str) -> None:
    assert correct(text) == text


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("portfoilo vlaue", "portfolio value"),
        ("what is my balnce", "what is my balance"),
        ("correlaton betwen btc and eth", "correlation between btc and eth"),
        ("Portfolo value", "Portfolio value"),
        ("my tranactions", "my transactions"),
        ("set an alrm", "set an alarm"),
    ],
)
def test_slips_are_corrected(text: str, right: str) -> None:
    assert correct(text) == right


def test_the_accounts_of_the_user_stay() -> None:
    assert correct("on krakken", ["krakken"]) == "on krakken"
    assert "krakken" not in lexicon()


@given(st.sampled_from(sorted(lexicon())))
def test_words_of_the_lexicon_stay(word: str) -> None:
    assert correct(word) == word


@given(st.from_regex(r"[A-Z]{2,6}|\$[a-z]{3,6}|[a-z]*[0-9]+[a-z]*|[0-9.,%]+", fullmatch=True))
def test_symbols_and_values_stay(word: str) -> None:
    assert correct(word) == word
    assert correct(f"my {word} now") == f"my {word} now"


def test_the_question_at_either_end_of_a_long_text_is_read() -> None:
    letter = "and so on and so forth " * 400
    for text in (
        f"price of btc on 1 march 2026? {letter}",
        f"{letter} price of btc on 1 march 2026",
    ):
        found = recognise(text, date(2026, 11, 22))
        assert found.values("asset") == ("BTC",)
        assert found.values("date") == ("2026-03-01",)
