"""What the screen shows beside the text: typed cards, choices and drafts, with a JSON form."""

import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

ColumnKind = Literal["text", "amount", "money", "percent", "date"]
ChartKind = Literal["line", "bar", "donut", "heatmap", "scatter"]


@dataclass(frozen=True, slots=True)
class Column:
    """A table column; kind says how to align it."""

    title: str
    kind: ColumnKind


@dataclass(frozen=True, slots=True)
class TableCard:
    """A table of display strings; method says how the figures were computed."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    total: tuple[str, ...] | None
    method: str
    simulated: bool

    def __post_init__(self) -> None:
        lines = self.rows if self.total is None else (*self.rows, self.total)
        if any(len(line) != len(self.columns) for line in lines):
            raise ValueError("every row of a table needs one cell per column")


@dataclass(frozen=True, slots=True)
class Series:
    """One line, bar group or ring of a chart; x are labels or ISO days, y finite numbers."""

    name: str
    x: tuple[str, ...]
    y: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.x) != len(self.y):
            raise ValueError("a series needs as many x as y")
        if not all(math.isfinite(value) for value in self.y):
            raise ValueError("a series holds finite numbers only")


@dataclass(frozen=True, slots=True)
class ChartCard:
    """A chart; unit is what y is measured in ("USD", "%").

    heatmap: a series is a row, x are the names of the columns. scatter: x are numbers written as
    text, measured in x_unit.
    """

    title: str
    kind: ChartKind
    series: tuple[Series, ...]
    unit: str
    method: str
    simulated: bool
    x_unit: str = ""


@dataclass(frozen=True, slots=True)
class FactsCard:
    """A few labelled values."""

    title: str
    facts: tuple[tuple[str, str], ...]
    method: str
    simulated: bool


@dataclass(frozen=True, slots=True)
class QuoteCard:
    """An entry of the knowledge base and where it stands."""

    title: str
    text: str
    source: str


Card = TableCard | ChartCard | FactsCard | QuoteCard


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer to a "did you mean"; key is a call as JSON, or "text:<rephrased question>"."""

    key: str
    label: str


@dataclass(frozen=True, slots=True)
class Draft:
    """Something the user must confirm before it is stored."""

    draft_id: str
    kind: Literal["alert"]
    title: str
    facts: tuple[tuple[str, str], ...]


def card_to_json(card: Card) -> str:
    """The card as one JSON object, with its type under "card"."""
    name = next(name for name, (kind, _) in _CARDS.items() if kind is type(card))
    return json.dumps({"card": name, **asdict(card)}, ensure_ascii=False, allow_nan=False)


def card_from_json(text: str) -> Card:
    """Read a card back; ValueError if the text is not what card_to_json writes."""
    try:
        data = json.loads(text)
        _, read = _CARDS[data["card"]]
        return read(data)
    except (KeyError, TypeError, RecursionError) as error:
        raise ValueError("not a card") from error


def _read_table(data: dict[str, Any]) -> TableCard:
    return TableCard(
        title=_text(data["title"]),
        columns=tuple(
            Column(_text(column["title"]), _one_of(column["kind"], ColumnKind))
            for column in data["columns"]
        ),
        rows=tuple(_texts(row) for row in data["rows"]),
        total=None if data["total"] is None else _texts(data["total"]),
        method=_text(data["method"]),
        simulated=_flag(data["simulated"]),
    )


def _read_chart(data: dict[str, Any]) -> ChartCard:
    return ChartCard(
        title=_text(data["title"]),
        kind=_one_of(data["kind"], ChartKind),
        series=tuple(
            Series(_text(one["name"]), _texts(one["x"]), tuple(float(y) for y in one["y"]))
            for one in data["series"]
        ),
        unit=_text(data["unit"]),
        method=_text(data["method"]),
        simulated=_flag(data["simulated"]),
        x_unit=_text(data.get("x_unit", "")),
    )


def _read_facts(data: dict[str, Any]) -> FactsCard:
    return FactsCard(
        title=_text(data["title"]),
        facts=tuple((_text(label), _text(value)) for label, value in data["facts"]),
        method=_text(data["method"]),
        simulated=_flag(data["simulated"]),
    )


def _read_quote(data: dict[str, Any]) -> QuoteCard:
    return QuoteCard(_text(data["title"]), _text(data["text"]), _text(data["source"]))


_CARDS: dict[str, tuple[type[Card], Callable[[dict[str, Any]], Card]]] = {
    "table": (TableCard, _read_table),
    "chart": (ChartCard, _read_chart),
    "facts": (FactsCard, _read_facts),
    "quote": (QuoteCard, _read_quote),
}


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("a card needs text here")
    return value


def _texts(values: list[object]) -> tuple[str, ...]:
    return tuple(_text(value) for value in values)


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("a card needs true or false here")
    return value


def _one_of(value: object, kinds: Any) -> Any:
    if value not in get_args(kinds):
        raise ValueError(f"unknown kind {value!r}")
    return value
