"""Cards as plain text: aligned tables, facts, quotes and small charts."""

import textwrap

from engine.cli.terminal import display_width
from engine.core.cards import Card, ChartCard, FactsCard, QuoteCard, Series, TableCard

_BARS = "▁▂▃▄▅▆▇█"
_BLOCK, _SLIVER = "█", "▏"
_GAP = "  "
_SIMULATED = " (simulated)"


def render(card: Card, columns: int) -> str:
    """A card as lines of at most about `columns` characters; a wide table is not cut."""
    match card:
        case TableCard():
            return _lines(card.title, card.simulated, _table(card), card.method)
        case ChartCard():
            return _lines(card.title, card.simulated, _chart(card, columns), card.method)
        case FactsCard():
            return _lines(card.title, card.simulated, _facts(card), card.method)
        case QuoteCard():
            quoted = textwrap.indent(_wrapped(card.text, columns - 2), "| ")
            return "\n".join((card.title, quoted, f"Source: {card.source}"))


def table(
    titles: tuple[str, ...],
    rows: tuple[tuple[str, ...], ...],
    right: tuple[bool, ...],
    total: tuple[str, ...] | None = None,
) -> list[str]:
    """Aligned lines with a rule under the titles; right: which columns are right-aligned."""
    every = (titles, *rows) if total is None else (titles, *rows, total)
    widths = [max(display_width(cell) for cell in column) for column in zip(*every, strict=True)]

    def line(cells: tuple[str, ...]) -> str:
        return _GAP.join(
            _pad(cell, width, is_right)
            for cell, width, is_right in zip(cells, widths, right, strict=True)
        ).rstrip()

    rule = _GAP.join("─" * width for width in widths)
    lines = [line(titles), rule, *(line(row) for row in rows)]
    return lines if total is None else [*lines, rule, line(total)]


def sparkline(values: tuple[float, ...], columns: int) -> str:
    """One line of small bars, at most `columns` wide; each stands for the mean of its part."""
    count = min(columns, len(values))
    parts = [
        values[index * len(values) // count : (index + 1) * len(values) // count]
        for index in range(count)
    ]
    means = [sum(part) / len(part) for part in parts]
    low, high = min(means), max(means)
    if high == low:
        return _BARS[3] * count
    top = len(_BARS) - 1
    return "".join(_BARS[round((mean - low) / (high - low) * top)] for mean in means)


def _table(card: TableCard) -> list[str]:
    titles = tuple(column.title for column in card.columns)
    right = tuple(column.kind not in {"text", "date"} for column in card.columns)
    return table(titles, card.rows, right, card.total)


def _facts(card: FactsCard) -> list[str]:
    size = max((display_width(label) for label, _ in card.facts), default=0)
    return [f"{_pad(label, size, False)}{_GAP}{value}" for label, value in card.facts]


def _chart(card: ChartCard, columns: int) -> list[str]:
    if card.kind == "heatmap":
        return _matrix(card)
    lines: list[str] = []
    for series in card.series:
        if not series.y:
            continue
        if card.kind == "scatter":
            lines += _points(series, card)
        elif card.kind == "line":
            lines += _line_chart(series, card.unit, columns)
        else:
            lines += _bars(series, card.unit, columns)
    return lines


def _matrix(card: ChartCard) -> list[str]:
    names = card.series[0].x if card.series else ()
    # Adding zero turns "-0.00" into "0.00".
    rows = tuple((one.name, *(f"{round(y, 2) + 0.0:.2f}" for y in one.y)) for one in card.series)
    return table(("", *names), rows, (False, *(True for _ in names)))


def _points(series: Series, card: ChartCard) -> list[str]:
    """A dot as its two figures, a curve by its ends."""
    places = [
        f"{_number(float(x))} {card.x_unit}: {_number(y)} {card.unit}"
        for x, y in zip(series.x, series.y, strict=True)
    ]
    shown = places if len(places) == 1 else [places[0], "…", places[-1]]
    return [f"{series.name}{_GAP}{'  '.join(shown)}"]


def _line_chart(series: Series, unit: str, columns: int) -> list[str]:
    ends = f"{series.x[0]} … {series.x[-1]}"
    low, high = min(series.y), max(series.y)
    return [
        sparkline(series.y, min(columns, 72)),
        (
            f"{series.name}, {ends}: {_number(series.y[0])} to "
            f"{_number(series.y[-1])} {unit}".rstrip()
            + f", lowest {_number(low)}, highest {_number(high)}"
        ),
    ]


def _bars(series: Series, unit: str, columns: int) -> list[str]:
    label_width = min(max(display_width(label) for label in series.x), 20)
    longest = max(abs(value) for value in series.y) or 1.0
    room = max(10, min(40, columns - label_width - 24))
    return [
        f"{_pad(label[:label_width], label_width, False)}{_GAP}"
        f"{'-' if value < 0 else ' '}{_BLOCK * round(abs(value) / longest * room) or _SLIVER} "
        f"{_number(value)} {unit}".rstrip()
        for label, value in zip(series.x, series.y, strict=True)
    ]


def _lines(title: str, simulated: bool, body: list[str], method: str) -> str:
    head = title + (_SIMULATED if simulated else "")
    return "\n".join([head, *body, *([f"How: {method}"] if method else [])])


def _wrapped(text: str, columns: int) -> str:
    return "\n".join(
        "\n".join(textwrap.wrap(paragraph, columns)) for paragraph in text.splitlines()
    )


def _pad(text: str, size: int, right: bool) -> str:
    blanks = " " * max(0, size - display_width(text))
    return blanks + text if right else text + blanks


def _number(value: float) -> str:
    if value == 0:
        return "0.00"  # whatever its sign
    return f"{value:,.2f}" if abs(value) >= 1 else f"{value:.4g}"
