"""How the coins move together: all pairs at once, and two pairs along time."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import combinations
from typing import NamedTuple, cast

import numpy as np

from engine.analytics.correlation_matrix import (
    Closes,
    CorrelationMatrix,
    Method,
    correlation_matrix,
    rolling_pair,
)
from engine.assistant.analyses.base import Analysis, held_coins, number_of, symbols_of, text_of
from engine.assistant.analyses.charts import by_day, line_chart
from engine.assistant.analyses.parameters import ASSETS, PERIOD
from engine.assistant.tools.base import Arguments, Param, Tool, ToolResult
from engine.assistant.tools.context import ToolContext
from engine.assistant.tools.figures import Sheet, two_decimals
from engine.assistant.tools.line import data_hash
from engine.core.cards import ChartCard, Column, Series
from engine.core.errors import KnownError

_METHOD = Param(
    "method", "enum", False, "Pearson's r of the returns, or Spearman's of their ranks",
    ("pearson", "spearman"), label="Method", default="pearson",
)  # fmt: skip
_WINDOW = Param(
    "window", "number", False, "days of each point of the rolling correlation",
    label="Rolling window, days", default=Decimal(90), least=Decimal(20), most=Decimal(365),
)  # fmt: skip
_LISTED = 10
_NAMES = {"pearson": "Pearson's r", "spearman": "Spearman's r (1904)"}


class _Pair(NamedTuple):
    first: str
    second: str
    value: float
    n: int

    @property
    def name(self) -> str:
        return f"{self.first} and {self.second}"


def correlations(context: ToolContext, arguments: Arguments) -> ToolResult:
    """The matrix of the coins named or held, its strongest and weakest pairs, rolling lines."""
    period = text_of(arguments, PERIOD)
    assets = symbols_of(arguments) or held_coins(context)
    if len(assets) < 2:
        raise KnownError("A correlation takes at least two coins.", "Name them, such as BTC, ETH.")
    closes = {asset: context.closes(asset, period) for asset in assets}
    method = cast(Method, text_of(arguments, _METHOD))
    matrix = correlation_matrix(closes, method)
    pairs = _pairs(matrix)
    strongest, weakest = pairs[0], pairs[-1]
    sheet = Sheet("Correlations", context.currency)
    sheet.span(matrix.first, matrix.last)
    sheet.number("coins", len(assets), str(len(assets)))
    for label, pair in (("highest", strongest), ("lowest", weakest))[: len(pairs)]:
        sheet.number(f"{label}, {pair.name}", round(pair.value, 6), two_decimals(pair.value))
    mean = float(np.mean([pair.value for pair in pairs]))
    sheet.number("mean of all pairs", round(mean, 6), two_decimals(mean))
    for warning in matrix.warnings:
        sheet.note(warning)
    how = (
        f"{_NAMES[method]} of simple daily returns, each pair on the days both have; coins in the "
        f"order of {matrix.linkage}-linkage clusters by √((1 − r) / 2); "
        f"data {data_hash(matrix.values)}."
    )
    shown = pairs if len(pairs) <= 2 * _LISTED else [*pairs[:_LISTED], *pairs[-_LISTED:]]
    title = "Pairs" if shown is pairs else f"The {_LISTED} highest and lowest pairs"
    columns = (Column("Coin", "text"), Column("With", "text"), Column("Correlation", "amount"),
               Column("Daily returns", "amount"))  # fmt: skip
    rows = [(pair.first, pair.second, two_decimals(pair.value), f"{pair.n:,}") for pair in shown]
    table = sheet.table(title, columns, rows, how, context.simulated)
    window = int(number_of(arguments, _WINDOW))
    charts = [
        *_heatmap(sheet, matrix, how, context.simulated),
        *_rolling(sheet, closes, (strongest, weakest), window, context.simulated),
    ]
    return sheet.result(sheet.card(how, context.simulated), *charts, table)


def _pairs(matrix: CorrelationMatrix) -> list[_Pair]:
    """All pairs that have a correlation, the highest first."""
    found = [
        _Pair(matrix.assets[i], matrix.assets[j], float(matrix.values[i, j]), int(matrix.n[i, j]))
        for i, j in combinations(range(len(matrix.assets)), 2)
        if np.isfinite(matrix.values[i, j])
    ]
    return sorted(found, key=lambda pair: (-pair.value, pair.first, pair.second))


def _heatmap(sheet: Sheet, matrix: CorrelationMatrix, how: str, simulated: bool) -> list[ChartCard]:
    """The matrix in the order of its clusters, without the fewest coins that leave no gap in it."""
    kept = list(matrix.order)
    while True:
        gaps = np.isnan(matrix.values[np.ix_(kept, kept)]).sum(axis=1)
        if not gaps.any():
            break
        kept.pop(int(np.argmax(gaps)))
    dropped = [name for i, name in enumerate(matrix.assets) if i not in kept]
    sheet.left_out(dropped, "not in the heat map, since a pair has no correlation")
    if len(kept) < 2:
        return []
    names = tuple(matrix.assets[i] for i in kept)
    rows = tuple(
        Series(matrix.assets[i], names, tuple(float(matrix.values[i, j]) for j in kept))
        for i in kept
    )
    return [ChartCard("Correlation matrix", "heatmap", rows, "", how, simulated)]


def _rolling(
    sheet: Sheet, closes: Mapping[str, Closes], pairs: Sequence[_Pair], window: int, simulated: bool
) -> list[ChartCard]:
    series = []
    for pair in dict.fromkeys(pairs):
        try:
            rolled = rolling_pair(closes[pair.first], closes[pair.second], window)
        except KnownError as error:
            sheet.note(error.sentence)
            continue
        series.append(by_day(pair.name, rolled.days, rolled.values))
    if not series:
        return []
    how = f"Pearson's r of simple daily returns, {window} at a time, by the last day of each."
    title = f"Correlation, rolling {window} days"
    return [line_chart(title, series, "", how, simulated)]


CORRELATIONS = Analysis(
    Tool(
        "correlations",
        "Correlation matrix of all coins held or of those named, with rolling correlations.",
        (ASSETS, _METHOD, PERIOD, _WINDOW),
        correlations,
        "the correlations of {assets}",
        advice=True,
    ),
    "Risk",
    "Correlations",
    "Which coins move together, and whether that changes over time.",
    (
        r"\bcorrelation (?:matrix|heat ?map|table|board|grid|analysis)\b",
        r"\bcorrelations (?:of|between|among|across) (?:all|my|the)\b",
        r"\brolling (?:\d+[- ]days? )?correlations?\b",
        r"\bspearman\b",
        r"\bheat ?map\b",
        r"\bhow (?:are|do) (?:all )?my coins (?:correlate|move together|correlated)\b",
    ),
)
