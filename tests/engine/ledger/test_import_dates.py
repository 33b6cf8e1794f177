"""Dates whose order is not fixed."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.fields import FieldError
from engine.ledger.importers.dates import DateOrder, order_of, read_date


@pytest.mark.parametrize(
    ("text", "order", "expected"),
    [
        ("20.09.2019 13:00:01", "day", (2019, 9, 20, 13, 0, 1)),
        ("5/9/2017 21:14", "day", (2017, 9, 5, 21, 14)),
        ("5/9/2017 21:14", "month", (2017, 5, 9, 21, 14)),
        ("12/31/21, 12:05:06 AM", "month", (2021, 12, 31, 0, 5, 6)),
        ("31-12-2021 12:05 p.m.", "day", (2021, 12, 31, 12, 5)),
        ("2021/12/31 01:02:03.4567", "month", (2021, 12, 31, 1, 2, 3)),
        ("20211231", "day", (2021, 12, 31)),
        ("2021-12-31T10:00:00Z", None, (2021, 12, 31, 10)),
        ("1640944800000", None, (2021, 12, 31, 10)),
    ],
)
def test_forms_of_dates(text: str, order: DateOrder | None, expected: tuple[int, ...]) -> None:
    year, month, day, *clock = expected
    assert read_date(text, order) == datetime(year, month, day, *clock, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("31.02.2019", "day"),
        ("13/13/2019", "month"),
        ("5/9/2017", None),
        ("1/2/2019 13:00 PM", "day"),
        ("1/2-2019", "day"),
        ("\u0661/2/2019", "day"),
        ("", "day"),
    ],
)
def test_what_is_no_date(text: str, order: DateOrder | None) -> None:
    with pytest.raises(FieldError):
        read_date(text, order)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["5/9/2017", "9/13/2017"], "month"),
        (["5/9/2017", "13/9/2017"], "day"),
        (["5/9/2017", "9/5/2017"], None),
        (["13/9/2017", "9/13/2017"], None),
        (["5.9.2017"], "day"),
        (["2017-05-09", "no date"], None),
        ([], None),
    ],
)
def test_the_order_is_what_all_dates_of_a_file_allow(
    texts: list[str], expected: DateOrder | None
) -> None:
    assert order_of(texts) == expected


@given(st.lists(st.datetimes(datetime(2010, 1, 1), datetime(2030, 1, 1)), min_size=1))
def test_dates_written_in_an_order_are_read_in_it(moments: list[datetime]) -> None:
    written = [f"{moment:%d/%m/%Y %H:%M:%S}" for moment in moments]
    order = order_of(written)
    assert order in ("day", None)
    if order:
        assert [read_date(text, order) for text in written] == [
            moment.replace(microsecond=0, tzinfo=UTC) for moment in moments
        ]
