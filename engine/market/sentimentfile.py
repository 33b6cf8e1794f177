"""Importing sentiment: dated texts, which are scored here, or scores; one value per day and name.

A day's value is the mean of its scores, -1 to 1, as the field "score" of the topic "sentiment".
"""

from collections import Counter, defaultdict
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple, TypeVar

from engine.analytics.sentiment import score
from engine.core.csvfile import Row
from engine.core.fields import FieldError, check_time, read_number, read_symbol, read_time
from engine.core.steps import Step
from engine.market.files.tables import Columns, DataTable, Given, cell, find_columns, readable
from engine.market.lexicon import lexicon
from engine.market.measurements import MeasurementPreview, measurement_preview
from engine.store.measurements import Measurement

T = TypeVar("T")

TOPIC = "sentiment"
FIELD = "score"
MARKET = "market"
"""The name of sentiment that is about no asset in particular."""
FORMATS = (
    "A file of sentiment needs a date column and a column of texts (text, title, headline) or of "
    "scores from -1 to 1 (score, sentiment); symbol is read where it is."
)

_NAMES = {
    "day": ("date", "day", "timestamp", "time", "datetime", "published", "published at"),
    "symbol": ("symbol", "asset", "coin", "ticker"),
    "score": ("score", "sentiment", "compound", "polarity"),
    "text": ("text", "title", "headline", "content", "body", "message"),
}
_MOST_CHARACTERS = 20_000
_STEP = Decimal("0.000001")


class _Scored(NamedTuple):
    day: date
    name: str
    value: Decimal
    what: str


def sentiment_columns(columns: tuple[str, ...]) -> Columns | None:
    """Which column holds what, or None without a day, or without texts and scores."""
    found = find_columns(_NAMES, columns)
    return found if "day" in found and {"score", "text"} & found.keys() else None


def read_sentiment(
    table: DataTable[T], columns: Columns, given: Given, now: datetime, step: Step
) -> MeasurementPreview:
    """The sentiment of a table whose columns are known; a row with a score is not scored again.

    given.asset: what rows without a symbol are about; the market if None. Raises KnownError.
    """
    default = given.symbol() or MARKET
    taken, refused = readable(table, lambda row: _scored(row, columns, default, now), step)
    days: dict[tuple[str, date], list[_Scored]] = defaultdict(list)
    for one in taken:
        days[one.name, one.day].append(one)
    rows = tuple(
        Measurement(TOPIC, name, FIELD, day, _mean(days[name, day]), _note(days[name, day]))
        for name, day in sorted(days)
    )
    return measurement_preview(table.facts, TOPIC, rows, tuple(refused), ())


def _scored(row: Row, columns: Columns, default: str, now: datetime) -> _Scored:
    moment = read_time(cell(row, columns, "day"))
    check_time(moment, now)
    symbol = cell(row, columns, "symbol")
    name = read_symbol(symbol, "symbol") if symbol else default
    given, text = cell(row, columns, "score"), cell(row, columns, "text")
    if given:
        value = read_number(given, "score")
        if abs(value) > 1:
            raise FieldError("the score is not between -1 and 1")
        return _Scored(moment.date(), name, value, "score")
    if not text:
        raise FieldError("neither a text nor a score")
    value = Decimal(f"{score(text[:_MOST_CHARACTERS], lexicon()):.4f}")
    return _Scored(moment.date(), name, value, "text")


def _mean(scores: list[_Scored]) -> Decimal:
    total = sum((one.value for one in scores), Decimal(0))
    return (total / len(scores)).quantize(_STEP)


def _note(scores: list[_Scored]) -> str:
    """For instance "3 texts"."""
    counts = Counter(one.what for one in scores)
    return " and ".join(
        f"{count:,} {what}{'s' if count > 1 else ''}" for what, count in sorted(counts.items())
    )
