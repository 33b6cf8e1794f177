"""Builds the figures and text lines of a tool result side by side, so that they cannot differ."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from engine.assistant.numerals import Numeral, find_numerals, marks
from engine.assistant.tools.base import Figure, ToolResult
from engine.core.cards import Card, Column, Draft, FactsCard, TableCard
from engine.core.money import format_amount, format_money, format_percent

Number = Decimal | float
_NONE = "–"
_NAMED = 6
NO_PRICE = "no price"
NO_PRICE_THEN = "no price on some or all of the days"


def figures_of(label: str, text: str) -> tuple[Figure, ...]:
    """The numerals of a text that code or we ourselves wrote, as figures."""
    return tuple(
        Figure(label, numeral.sign * numeral.value or numeral.value, _written(text, numeral))
        for numeral in find_numerals(text)
    )


def two_decimals(value: Number) -> str:
    """A number such as a ratio for display; what rounds to nothing has no sign."""
    shown = f"{value:.2f}"
    return "0.00" if shown == "-0.00" else shown


def _written(text: str, numeral: Numeral) -> str:
    """The numeral with the mark of its currency, where a word stands for it."""
    shown = text[numeral.start : numeral.end]
    known = marks(numeral.currency) if numeral.currency else ()
    return shown if any(mark in shown for mark in known) else " ".join((shown, *known[:1]))


class Sheet:
    """Collects labelled values; each becomes a figure, a text line and a fact of a card."""

    def __init__(self, title: str, currency: str) -> None:
        self.title = title
        self.currency = currency
        self.figures = list(figures_of("title", title))
        self.facts: list[tuple[str, str]] = []
        self.lines: list[str] = [title]

    def money(self, label: str, value: Decimal, *, sign: bool = False) -> str:
        """An amount of the reporting currency."""
        text = format_money(value, self.currency)
        if sign and value > 0:
            text = f"+{text}"
        return self._add(label, value, text)

    def amount(self, label: str, value: Decimal, unit: str) -> str:
        """An amount of a coin."""
        return self._add(label, value, f"{format_amount(value)} {unit}")

    def percent(self, label: str, fraction: Number, *, sign: bool = False) -> str:
        """A fraction, shown in percent."""
        exact = Decimal(str(float(fraction))) if isinstance(fraction, float) else fraction
        return self._add(label, exact * 100, format_percent(fraction, sign=sign))

    def number(self, label: str, value: Number, text: str) -> str:
        """Any other number, with its own text."""
        return self._add(label, Decimal(str(value)), text)

    def fact(self, label: str, text: str) -> None:
        """Words for a label, whose numbers ("VaR 95 %") an answer may repeat."""
        self.figures += figures_of("label", label)
        self.facts.append((label, text))
        self.lines.append(f"{label}: {text}")

    def span(self, start: date, end: date) -> None:
        """The first and last day the figures are about."""
        text = f"{start} to {end}"
        self.figures.append(Figure("period", Decimal(end.year), text))
        self.fact("period", text)

    def day(self, label: str, value: date) -> None:
        """A day."""
        self.figures.append(Figure(label, Decimal(value.year), value.isoformat()))
        self.fact(label, value.isoformat())

    def hidden(self, label: str, value: Decimal, text: str) -> None:
        """A number that a card shows but the text lines do not."""
        self.figures.append(Figure(label, value, text))

    def money_cell(self, label: str, value: Decimal | None) -> str:
        """The text of a cell of a table card, whose number an answer may repeat."""
        if value is None:
            return _NONE
        self.hidden(label, value, format_money(value, self.currency))
        return self.figures[-1].text

    def percent_cell(self, label: str, fraction: Decimal | None) -> str:
        """The same for a fraction, shown in percent."""
        if fraction is None:
            return _NONE
        self.hidden(label, fraction * 100, format_percent(fraction))
        return self.figures[-1].text

    def table(
        self,
        title: str,
        columns: Sequence[Column],
        rows: Sequence[tuple[str, ...]],
        method: str,
        simulated: bool,
        total: tuple[str, ...] | None = None,
    ) -> TableCard:
        """A table card; an answer may repeat the numbers of its cells as they are shown."""
        card = TableCard(title, tuple(columns), tuple(rows), total, method, simulated)
        for row in card.rows if total is None else (*card.rows, total):
            for column, cell in zip(columns, row, strict=True):
                self.figures += figures_of(f"{column.title} of {row[0]}", cell)
        self.figures += figures_of("title", title)
        return card

    def line(self, text: str) -> None:
        """A text line for the model without a fact."""
        self.lines.append(text)

    def note(self, sentence: str) -> None:
        """A sentence about what is missing or uncertain; an answer may repeat its numbers."""
        self.figures += figures_of("note", sentence)
        self.line(f"note: {sentence}")

    def left_out(self, assets: Sequence[str], why: str) -> None:
        """A note on what the figures do not count, if there is anything."""
        if assets:
            more = len(assets) - _NAMED
            names = ", ".join(assets[:_NAMED]) + (f" and {more} more" if more > 0 else "")
            self.note(f"Left out: {names} ({why}).")

    def _add(self, label: str, value: Decimal, text: str) -> str:
        self.figures.append(Figure(label, value, text))
        self.fact(label, text)
        return text

    def card(self, method: str, simulated: bool) -> FactsCard:
        """The facts as a card."""
        return FactsCard(self.title, tuple(self.facts), method, simulated)

    def result(
        self, *cards: Card, draft: Draft | None = None, sources: tuple[str, ...] = ()
    ) -> ToolResult:
        """The finished result."""
        return ToolResult("\n".join(self.lines), cards, tuple(self.figures), draft, sources)
