"""Cards as plain text, compared with what a person would draw."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from engine.cli.jsonout import write_json
from engine.cli.render import render, sparkline
from engine.core.cards import ChartCard, Column, FactsCard, QuoteCard, Series, TableCard

TABLE = TableCard(
    "Holdings",
    (Column("Asset", "text"), Column("Value", "money")),
    (("BTC", "$26,386.40"), ("日本", "$5.00")),
    ("Total", "$26,391.40"),
    "Last close.",
    simulated=True,
)


def test_tables_are_aligned_and_say_what_is_simulated() -> None:
    assert render(TABLE, 80) == (
        "Holdings (simulated)\n"
        "Asset       Value\n"
        "─────  ──────────\n"
        "BTC    $26,386.40\n"
        "日本        $5.00\n"
        "─────  ──────────\n"
        "Total  $26,391.40\n"
        "How: Last close."
    )


def test_a_chart_shows_no_minus_zero() -> None:
    line = ChartCard("Below", "line", (Series("x", ("a", "b"), (-0.0, -2.5)),), "%", "", False)
    assert render(line, 80).endswith("x, a … b: 0.00 to -2.50 %, lowest -2.50, highest 0.00")
    matrix = ChartCard("Matrix", "heatmap", (Series("x", ("a",), (-0.001,)),), "", "", False)
    assert render(matrix, 80).splitlines()[-1].split() == ["x", "0.00"]


def test_facts_are_two_columns() -> None:
    card = FactsCard("Risk", (("volatility", "61.20 %"), ("days", "365")), "", simulated=False)

    assert render(card, 80) == "Risk\nvolatility  61.20 %\ndays        365"


def test_quotes_are_wrapped_and_cited() -> None:
    card = QuoteCard("Gas", "Gas is what a transaction costs.", "Assay glossary, “Gas”")

    assert render(card, 22) == (
        "Gas\n| Gas is what a\n| transaction costs.\nSource: Assay glossary, “Gas”"
    )


def test_bars_are_as_long_as_their_values() -> None:
    series = Series("weight", ("BTC", "ETH", "dust"), (80.0, -40.0, 0.01))
    lines = render(ChartCard("Weights", "donut", (series,), "%", "", False), 80).splitlines()

    assert lines[1] == "BTC    " + "█" * 40 + " 80.00 %"
    assert lines[2] == "ETH   -" + "█" * 20 + " -40.00 %"
    assert lines[3] == "dust   ▏ 0.01 %"


def test_lines_become_a_sparkline_with_its_ends() -> None:
    series = Series("Value", ("2026-01-01", "2026-01-02", "2026-01-03"), (1.0, 3.0, 2.0))
    lines = render(ChartCard("Value", "line", (series,), "USD", "", False), 80).splitlines()

    assert lines[1] == "▁█▅"
    assert lines[2] == (
        "Value, 2026-01-01 … 2026-01-03: 1.00 to 2.00 USD, lowest 1.00, highest 3.00"
    )


@pytest.mark.parametrize(
    ("values", "columns", "line"),
    [
        ((1.0,), 10, "▄"),
        ((2.0, 2.0), 10, "▄▄"),
        ((0.0, 0.0, 7.0, 7.0), 2, "▁█"),
        (tuple(float(n) for n in range(8)), 8, "▁▂▃▄▅▆▇█"),
    ],
)
def test_sparklines(values: tuple[float, ...], columns: int, line: str) -> None:
    assert sparkline(values, columns) == line


def test_empty_charts_and_tables_do_not_fail() -> None:
    empty = ChartCard("Nothing", "line", (Series("x", (), ()),), "USD", "", False)
    table = TableCard("None", (Column("Asset", "text"),), (), None, "", False)

    assert render(empty, 80) == "Nothing"
    assert render(table, 80) == "None\nAsset\n─────"


def test_json_is_exact_and_plain(capsys: pytest.CaptureFixture[str]) -> None:
    write_json(
        {
            "amount": Decimal("0.10000000000000000000000001"),
            "day": date(2026, 1, 2),
            "time": datetime(2026, 1, 2, 3, tzinfo=UTC),
            "cards": (TABLE,),
            "set": {"b", "a"},
        }
    )

    document = json.loads(capsys.readouterr().out)
    assert document["amount"] == "0.10000000000000000000000001"
    assert document["day"] == "2026-01-02"
    assert document["time"] == "2026-01-02T03:00:00+00:00"
    assert document["cards"][0]["card"] == "table"
    assert document["set"] == ["a", "b"]
