"""Cards survive being stored; what is not a card is refused."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.cards import (
    Card,
    ChartCard,
    Column,
    FactsCard,
    QuoteCard,
    Series,
    TableCard,
    card_from_json,
    card_to_json,
)

texts = st.text(max_size=20)
flags = st.booleans()


@st.composite
def tables(draw: st.DrawFn) -> TableCard:
    kinds = st.sampled_from(["text", "amount", "money", "percent", "date"])
    columns = tuple(draw(st.lists(st.builds(Column, texts, kinds), max_size=4)))
    row = st.tuples(*[texts] * len(columns))
    rows = tuple(draw(st.lists(row, max_size=4)))
    return TableCard(draw(texts), columns, rows, draw(st.none() | row), draw(texts), draw(flags))


@st.composite
def series(draw: st.DrawFn) -> Series:
    points = draw(
        st.lists(st.tuples(texts, st.floats(allow_nan=False, allow_infinity=False)), max_size=5)
    )
    return Series(draw(texts), tuple(x for x, _ in points), tuple(y for _, y in points))


charts = st.builds(
    ChartCard,
    texts,
    st.sampled_from(["line", "bar", "donut"]),
    st.lists(series(), max_size=3).map(tuple),
    texts,
    texts,
    flags,
)
facts = st.builds(
    FactsCard, texts, st.lists(st.tuples(texts, texts), max_size=4).map(tuple), texts, flags
)
quotes = st.builds(QuoteCard, texts, texts, texts)


@given(tables() | charts | facts | quotes)
def test_every_card_survives_its_json(card: Card) -> None:
    assert card_from_json(card_to_json(card)) == card


FACTS = FactsCard("BTC", (("Value", "$1.00"),), "last close", False)
TABLE = TableCard("T", (Column("a", "text"),), (("x",),), None, "m", False)
CHART = ChartCard("C", "line", (Series("s", ("2026-01-01",), (1.0,)),), "USD", "m", False)


@pytest.mark.parametrize(
    ("card", "change"),
    [
        (FACTS, {"card": "video"}),
        (FACTS, {"title": 5}),
        (FACTS, {"simulated": "no"}),
        (FACTS, {"facts": [["only one"]]}),
        (FACTS, {"facts": 3}),
        (TABLE, {"columns": [{"title": "a", "kind": "colour"}]}),
        (TABLE, {"rows": [["x", "y"]]}),
        (TABLE, {"total": ["x", "y"]}),
        (CHART, {"kind": "pie"}),
        (CHART, {"series": [{"name": "s", "x": ["a"], "y": []}]}),
        (CHART, {"series": [{"name": "s", "x": ["a"], "y": ["b"]}]}),
        (CHART, {"series": [{"name": "s", "x": ["a"], "y": [float("nan")]}]}),
        (CHART, {"series": None}),
    ],
)
def test_a_changed_card_is_refused(card: Card, change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        card_from_json(json.dumps(json.loads(card_to_json(card)) | change))


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", "7", '{"card": "table"}', "[" * 100_000])
def test_what_is_not_a_card_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        card_from_json(text)


def test_a_chart_refuses_what_cannot_be_drawn() -> None:
    with pytest.raises(ValueError, match="finite"):
        Series("s", ("a",), (float("inf"),))
    with pytest.raises(ValueError, match="as many"):
        Series("s", ("a",), ())
