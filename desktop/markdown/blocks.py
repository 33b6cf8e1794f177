"""The blocks a Markdown text is made of."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text; continues: it belongs to the paragraph before it."""

    text: str
    continues: bool = False


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of level 1 to 6."""

    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Item:
    """One list item at indentation level 0 to 3; marker is "•" or "3."."""

    level: int
    marker: str
    text: str


@dataclass(frozen=True, slots=True)
class Quote:
    """Quoted text."""

    text: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A horizontal line."""


@dataclass(frozen=True, slots=True)
class Code:
    """Lines of code, shown as they are; continues: they belong to the listing before."""

    lines: tuple[str, ...]
    continues: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table; aligns are "left", "right" or "center"; header is None where it continues one."""

    header: tuple[str, ...] | None
    aligns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...] = field(default=())


Block = Paragraph | Heading | Item | Quote | Rule | Code | Table
