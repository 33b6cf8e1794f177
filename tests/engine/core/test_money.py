"""Amounts: exact reading and storing, readable showing."""

import ast
import contextlib
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core import money
from engine.core.money import (
    exact_money,
    exact_percent,
    format_amount,
    format_money,
    format_percent,
    parse_amount,
    to_text,
)

amounts = st.decimals(min_value=-(10**30), max_value=10**30, allow_nan=False, places=18)


@given(amounts)
def test_every_amount_survives_storing(x: Decimal) -> None:
    text = to_text(x)
    assert parse_amount(text) == x
    assert "E" not in text
    assert text != "-0"
    assert "." not in text or text[-1] not in "0."


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_to_text_is_exact_for_any_finite_decimal(x: Decimal) -> None:
    if abs(x.adjusted()) < 5000:
        assert Decimal(to_text(x)) == x


@given(st.integers(-(10**15), 10**15), st.integers(0, 10**8 - 1))
def test_thousands_are_read_as_written(whole: int, decimals: int) -> None:
    assert parse_amount(f"{whole:,}.{decimals:08d}") == Decimal(f"{whole}.{decimals:08d}")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,250.50", "1250.5"),
        ("-3e-8", "-0.00000003"),
        ("+7", "7"),
        (" 42\n", "42"),
        (".5", "0.5"),
        ("5.", "5"),
        ("1,000,000", "1000000"),
        ("-0.000", "0"),
        ("1E3", "1000"),
        ("0e-999", "0"),
    ],
)
def test_parse(text: str, value: str) -> None:
    parsed = parse_amount(text)
    assert parsed == Decimal(value)
    assert not (parsed == 0 and parsed.is_signed())


@pytest.mark.parametrize(
    "text",
    [
        *("", "0,5", "1,25", "1,2345", "12,34,567", ",100", "1.2.3", ".", "-", "e5", "1e", "--1"),
        *("1 000", "NaN", "Infinity", "0x10", "1_000", "$5", "٣", "1e99", "1e-99", "1" * 51),
    ],
)
def test_parse_refuses(text: str) -> None:
    with pytest.raises(ValueError, match="number"):
        parse_amount(text)


@given(st.text(max_size=12))
def test_parse_gives_a_finite_decimal_or_value_error(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert parse_amount(text).is_finite()


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("1234567.123456789", "1,234,567.12345679"),
        ("0.1", "0.1"),
        ("3.00", "3"),
        ("-0.50", "-0.5"),
        ("0.00012345678", "0.00012346"),
        ("0.0000123456", "0.00001235"),
        ("0.000000000000000001", "0.000000000000000001"),
        ("0", "0"),
        ("-0", "0"),
        ("1E+3", "1,000"),
        ("123456789012345678901234567890123456789012345.5", None),
    ],
)
def test_format_amount(value: str, shown: str | None) -> None:
    expected = shown or "123,456,789,012,345,678,901,234,567,890,123,456,789,012,345.5"
    assert format_amount(Decimal(value)) == expected


@pytest.mark.parametrize(
    ("value", "currency", "shown"),
    [
        ("1234.56", "USD", "$1,234.56"),
        ("1234.565", "USD", "$1,234.57"),
        ("-5", "USD", "-$5.00"),
        ("1234.56", "CHF", "1,234.56 CHF"),
        ("-1234.5", "CHF", "-1,234.50 CHF"),
        ("7", "EUR", "€7.00"),
        ("7", "GBP", "£7.00"),
        ("0", "USD", "$0.00"),
        ("-0", "USD", "$0.00"),
        ("0.5", "USD", "$0.50"),
        ("0.35", "USD", "$0.35"),
        ("0.35124", "USD", "$0.3512"),
        ("0.00001234567", "USD", "$0.00001235"),
        ("-0.004", "GBP", "-£0.004"),
        ("0.999999", "USD", "$1.00"),
    ],
)
def test_format_money(value: str, currency: str, shown: str) -> None:
    assert format_money(Decimal(value), currency) == shown


@pytest.mark.parametrize(
    ("value", "digits", "sign", "shown"),
    [
        (Decimal("0.1234"), 2, False, "12.34 %"),
        (0.1234, 2, False, "12.34 %"),
        (-0.5, 0, False, "-50 %"),
        (0.005, 1, True, "+0.5 %"),
        (-0.00001, 2, True, "-0.001 %"),
        (0.0, 2, True, "0.00 %"),
        (Decimal(12), 1, False, "1,200.0 %"),
        (0.0015, 1, False, "0.2 %"),
    ],
)
def test_format_percent(value: Decimal | float, digits: int, sign: bool, shown: str) -> None:
    assert format_percent(value, digits, sign) == shown


@pytest.mark.parametrize(
    "show", [to_text, format_amount, format_money, format_percent, exact_percent]
)
@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_never_shown(show: object, value: str) -> None:
    with pytest.raises(ValueError, match="finite"):
        show(Decimal(value))  # type: ignore[operator]


@given(amounts.filter(bool))
def test_what_is_not_zero_is_not_shown_as_zero(x: Decimal) -> None:
    for shown in (
        format_amount(x),
        format_money(x),
        exact_money(x, "USD"),
        exact_percent(x),
        format_percent(x if abs(x) >= Decimal("1e-10") else x * 10**8),
    ):
        assert shown.strip("-$0.,% ")
        assert shown.startswith("-") == (x < 0)


@pytest.mark.parametrize(
    ("value", "digits", "shown"),
    [
        (0.00004, 2, "0.004 %"),
        (Decimal("-0.00004"), 2, "-0.004 %"),
        (Decimal("0.00048"), 1, "0.05 %"),
        (Decimal("0.004"), 0, "0.4 %"),
        (Decimal("1e-10"), 2, "0.00000001 %"),
        (0.1 + 0.2 - 0.3, 2, "0.00 %"),
        (Decimal(0), 2, "0.00 %"),
    ],
)
def test_a_small_percentage_keeps_its_first_digit(
    value: Decimal | float, digits: int, shown: str
) -> None:
    assert format_percent(value, digits) == shown


def test_what_the_user_has_set_is_shown_to_the_last_digit() -> None:
    assert exact_percent(Decimal("0.125")) == "0.125 %"
    assert exact_percent(Decimal("1E+3")) == "1,000 %"
    assert exact_percent(Decimal("10.00")) == "10 %"
    assert exact_money(Decimal("100000.125"), "USD") == "$100,000.125"
    assert exact_money(Decimal("-0.00001234567"), "EUR") == "-€0.00001234567"
    assert exact_money(Decimal("7"), "CHF") == "7.00 CHF"


def test_new_threads_compute_with_50_digits() -> None:
    from concurrent.futures import ThreadPoolExecutor
    from decimal import getcontext

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(lambda: getcontext().prec).result() == 50


def test_no_binary_floating_point_but_in_percent() -> None:
    tree = ast.parse(Path(money.__file__).read_text())
    uses = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == "float"]
    percent = next(n for n in tree.body if getattr(n, "name", "") == "format_percent")
    assert all(use in set(ast.walk(percent)) for use in uses)
    constants = [node for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    assert not [node for node in constants if isinstance(node.value, float)]
