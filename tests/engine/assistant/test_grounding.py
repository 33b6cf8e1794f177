"""Which numerals of an answer are backed by a figure."""

import random
from decimal import Decimal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine.assistant.grounding import ground, unsupported
from engine.assistant.numerals import find_numerals
from engine.assistant.tools.base import Figure
from engine.core.money import format_amount, format_money, format_percent
from tests.engine.assistant.world import ask, facts

FIGURES = (
    Figure("total", Decimal(70_000), "$70,000.00"),
    Figure("weight", Decimal("57.142857"), "57.14 %"),
    Figure("change", Decimal(-12_000), "-$12,000.00"),
    Figure("fall", Decimal("-17.142857"), "-17.14 %"),
    Figure("cost", Decimal("2044.8"), "$2,044.80"),
    Figure("amount", Decimal("12.5"), "12.5 ETH"),
    Figure("count", Decimal(6), "6"),
    Figure("correlation", Decimal("0.707107"), "0.71"),
    Figure("dust", Decimal("0.000012345678"), "$0.00001235"),
    Figure("period", Decimal(2026), "2025-12-01 to 2026-11-22"),
    Figure("rest", Decimal("1234.5"), "1,234.50 CHF"),
)


def wrong(text: str) -> list[str]:
    """The numerals of the text that nothing backs."""
    links = unsupported(ground(text, FIGURES))
    return [text[link.start : link.end].strip() for link in links]


@pytest.mark.parametrize(
    "text",
    [
        "It is worth $70,000.00.",
        "It is worth $70,000, that is 57.14 %.",
        "It is worth 70000 USD.",
        "about 70k, or 70 thousand, or $70K, or 0.07 million",
        "57.1 % or 57 % or 57%, 57 percent, 57 per cent, a 57-percent share",
        "It falls by $12,000 (-17.14 %).",
        "−$12,000.00 and −17.1 %, with typographic minus",
        "a loss of 12,000.00 or 17.14 %",
        "average cost $2,044.80, so about $2,045",
        "12.5 ETH in 6 parts",
        "a correlation of 0.71 (0.707)",
        "$0.00001235 or 1.2e-5",
        "1,234.50 CHF or 1,235 CHF",
        "from 2025-12-01 to 2026-11-22",
        "in 2026, in 2025-12, since December 2025",
        "until 22 November 2026, November 22nd, the 22nd of Nov. 2026, Dec. 1",
        "six times",
        "Layer 2, L1, ERC-20, BIP-39, web3, Uniswap v3, 24/7",
        "one day, one of the two coins",
        "no figures at all, not even an amount",
        "",
    ],
)
def test_backed(text: str) -> None:
    assert wrong(text) == []


@pytest.mark.parametrize(
    ("text", "numerals"),
    [
        ("It is worth $70,001.", ["$70,001"]),
        ("It is worth $700,000 or $7,000.", ["$700,000", "$7,000"]),
        ("57.13 %, 57.2 %, 58 %", ["57.13 %", "57.2 %", "58 %"]),
        # The digits of a percentage as money, and the other way round.
        ("$57.14", ["$57.14"]),
        ("70,000 %", ["70,000 %"]),
        ("6 %, $6", ["6 %", "$6"]),
        ("$1,234.50", ["$1,234.50"]),
        ("€70,000", ["€70,000"]),
        # A gain of what is a loss.
        ("+17.14 %, +$12,000", ["+17.14 %", "+$12,000"]),
        ("-57.14 %, −$70,000", ["-57.14 %", "−$70,000"]),
        # Rounded to nearly nothing: 6 is exact, 7 might be any of several.
        ("7 coins, 10 %, 20 %", ["7", "10 %", "20 %"]),
        ("2026-11-23, 2026-10, 2024, 23 November 2026", ["2026-11-23", "2026-10", "2024", "23"]),
        ("22 coins; 22 %; 1 December 2026; 22 December", ["22", "22 %", "22"]),
        ("seven times, twenty percent, a hundred dollars", None),
        ("twenty-five percent", ["twenty-five percent"]),
        ("71k, 1e9, 70.1 thousand", ["71k", "1e9", "70.1 thousand"]),
        ("BTC-20, Layer 3, Q4", ["-20", "3", "4"]),
        (".5 and 0.5", [".5", "0.5"]),
    ],
)
def test_not_backed(text: str, numerals: list[str] | None) -> None:
    if numerals is None:
        assert len(wrong(text)) == 3
    else:
        assert wrong(text) == numerals


@pytest.mark.parametrize(
    ("text", "numerals"),
    [
        ("70,000 dollars, 70,000.00 USD, seventy thousand dollars", []),
        ("70,000 euros and 70,000 CHF", ["70,000", "70,000"]),
        ("57.14 dollars, 57 USD, 17.14 francs", ["57.14", "57", "17.14"]),
        ("1,234.50 francs", []),
        ("1,234.50 SEK", ["1,234.50"]),
    ],
)
def test_units_in_words_and_codes_count(text: str, numerals: list[str]) -> None:
    assert wrong(text) == numerals


def test_each_numeral_is_linked_to_the_label_of_its_figure() -> None:
    text = "57 % of $70,000 in 2026, 30 % as you say, 99."
    links = ground(text, (*FIGURES, Figure("your question", Decimal(30), "30 %")))
    assert [(text[link.start : link.end], link.label) for link in links] == [
        ("57 %", "weight"),
        ("$70,000", "total"),
        ("2026", "date"),
        ("30 %", "your question"),
        ("99", None),
    ]


def test_an_equal_figure_wins_over_a_rounded_one() -> None:
    figures = (Figure("rough", Decimal("57.4"), "57.40 %"), Figure("exact", Decimal(57), "57.00 %"))
    assert [link.label for link in ground("57 %", figures)] == ["exact"]


def test_numbers_beyond_all_measure_are_only_unsupported() -> None:
    for text in ("9" * 500, "1e99", "1e999999999", "0." + "0" * 300 + "1", "9e98 million"):
        assert unsupported(ground(text, FIGURES))


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    links = ground(text, FIGURES)
    assert all(0 <= link.start < link.end <= len(text) for link in links)
    assert [link.start for link in links] == sorted(link.start for link in links)


@given(st.text(alphabet="abc ,.?'ABC"))
def test_words_are_never_numerals(text: str) -> None:
    assert not list(find_numerals(text))


MONEY = st.decimals(-1_000_000, 1_000_000, places=6)


@given(MONEY, MONEY, MONEY)
def test_figures_as_displayed_are_always_backed(a: Decimal, b: Decimal, c: Decimal) -> None:
    figures = (
        Figure("money", a, format_money(a)),
        Figure("percent", b * 100, format_percent(b, sign=True)),
        Figure("amount", abs(c), f"{format_amount(abs(c))} BTC"),
    )
    text = " and ".join(figure.text for figure in figures)
    assert not unsupported(ground(text, figures))
    assert not unsupported(ground(text.replace("-", "−"), figures))


RESULTS = (
    ask("portfolio_value"),
    ask("profit_loss"),
    ask("what_if", asset="BTC", change_percent="-30"),
    ask("volatility", asset="BTC", period="4d"),
    ask("position", asset="ETH"),
    ask("impermanent_loss", price_change_percent="-33.33", amount="1250"),
    ask("compound_growth", amount="1000", rate_percent="4.5", years="2.5"),
)


@settings(max_examples=200)
@given(st.sampled_from(RESULTS), st.integers(0, 2**32))
def test_a_changed_digit_is_noticed(result, seed: int) -> None:  # type: ignore[no-untyped-def]
    """An answer with the tool's figures passes; with one digit of one number changed it fails."""
    rng = random.Random(seed)
    values = [v for v in facts(result).values() if any(c.isdigit() for c in v)]
    chosen = rng.sample(values, min(3, len(values)))
    answer = "You have " + ", then ".join(chosen) + "."
    assert not unsupported(ground(answer, result.figures))

    place = rng.choice([i for i, c in enumerate(answer) if c.isdigit()])
    digit = rng.choice([d for d in "0123456789" if d != answer[place]])
    changed = answer[:place] + digit + answer[place + 1 :]
    numeral = next(n for n in find_numerals(changed) if n.start <= place < n.end)
    bad = {(link.start, link.end) for link in unsupported(ground(changed, result.figures))}
    if numeral.day or numeral.bare:
        assume(not _collides(changed[numeral.start : numeral.end], result.figures))
    elif any(abs(abs(f.value) - numeral.value) <= numeral.step / 2 for f in result.figures):
        return  # by chance another figure of the result
    assert (numeral.start, numeral.end) in bad


def _collides(numeral: str, figures: tuple[Figure, ...]) -> bool:
    return any(numeral in figure.text for figure in figures)
