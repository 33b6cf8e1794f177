"""Splits Markdown into blocks as it streams in; each line is looked at once.

Blocks are bounded in size, so that re-rendering the one still open stays cheap however long the
answer grows: a paragraph, table or code listing that gets too long goes on as a further block.
"""

import re
from dataclasses import replace

from desktop.markdown.blocks import Block, Code, Heading, Item, Paragraph, Quote, Rule, Table

PARAGRAPH_LIMIT = 1_200
"""Characters after which a paragraph goes on as a new block."""

LINES_LIMIT = 30
"""Table rows or code lines after which a block goes on as a new one."""

_COLUMNS_LIMIT = 12

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})[^`]*$")
_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(.*?)[ \t#]*$")
_RULE = re.compile(r" {0,3}([-*_])(?:[ \t]*\1){2,}[ \t]*$")
_ITEM = re.compile(r"([ \t]*)([-*+•]|\d{1,9}[.)])[ \t]+(.*)$")
_QUOTE = re.compile(r" {0,3}> ?(.*)$")
_SEPARATOR = re.compile(r" {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")
_CELL_BORDER = re.compile(r"(?<!\\)\|")


class BlockStream:
    """Feed text in pieces; take() gives the blocks that are finished, open() the one that is not.

    Feeding the same text in any pieces gives the same blocks once close() was called.
    """

    def __init__(self) -> None:
        self._done: list[Block] = []
        self._block: Block | None = None
        self._fence = ""
        self._partial = ""

    def feed(self, text: str) -> None:
        """Take in more text."""
        *lines, partial = (self._partial + text).split("\n")
        for line in lines:
            self._line(self._cut(line))
        self._partial = self._cut(partial)

    def close(self) -> None:
        """No more text comes: what was open is finished."""
        if self._partial:
            self._line(self._partial)
            self._partial = ""
        self._finish()
        self._fence = ""

    def take(self) -> list[Block]:
        """The blocks finished since the last call."""
        done, self._done = self._done, []
        return done

    def open(self) -> list[Block]:
        """The blocks as they stand that may still change, the incomplete last line included."""
        probe = BlockStream()
        probe._block, probe._fence = self._block, self._fence
        if _could_be_header(self._block):
            return []
        if self._partial and not _could_be_marker(self._partial):
            probe._line(self._partial)
        return [*probe._done, *([probe._block] if probe._block is not None else [])]

    def _finish(self, following: Block | None = None) -> None:
        if self._block is not None:
            self._done.append(self._block)
        self._block = following

    def _line(self, line: str) -> None:
        if self._fence:
            self._code_line(line)
        elif not line.strip():
            self._finish()
        elif match := _FENCE.match(line):
            self._finish(Code(()))
            self._fence = match[1]
        elif isinstance(self._block, Table) and "|" in line:
            self._table_row(self._block, line)
        elif self._starts_table(line):
            assert isinstance(self._block, Paragraph)
            aligns = tuple(_align(cell) for cell in _cells(line))
            self._block = Table(_fit(_cells(self._block.text), len(aligns)), aligns)
        elif match := _HEADING.match(line):
            self._finish(Heading(len(match[1]), match[2]))
            self._finish()
        elif _RULE.match(line):
            self._finish(Rule())
            self._finish()
        elif match := _ITEM.match(line):
            level = min(len(match[1].expandtabs(4)) // 2, 3)
            marker = match[2] if match[2][0].isdigit() else "•"
            self._finish(Item(level, marker, match[3]))
        elif match := _QUOTE.match(line):
            self._quote_line(match[1])
        else:
            self._text_line(line)

    def _code_line(self, line: str) -> None:
        assert isinstance(self._block, Code)
        stripped = line.strip()
        if stripped.startswith(self._fence) and not stripped.strip(self._fence[0]):
            self._fence = ""
            self._finish()
            return
        if len(self._block.lines) >= LINES_LIMIT:
            self._finish(Code((), continues=True))
            assert isinstance(self._block, Code)
        self._block = replace(self._block, lines=(*self._block.lines, line))

    def _starts_table(self, line: str) -> bool:
        block = self._block
        return (
            isinstance(block, Paragraph)
            and not block.continues
            and "|" in block.text
            and "\n" not in block.text
            and "-" in line
            and _SEPARATOR.match(line) is not None
            and len(_cells(line)) <= _COLUMNS_LIMIT
        )

    def _table_row(self, table: Table, line: str) -> None:
        if len(table.rows) >= LINES_LIMIT:
            self._finish(Table(None, table.aligns))
            table = Table(None, table.aligns)
        row = _fit(_cells(line), len(table.aligns))
        self._block = replace(table, rows=(*table.rows, row))

    def _quote_line(self, text: str) -> None:
        if isinstance(self._block, Quote) and len(self._block.text) < PARAGRAPH_LIMIT:
            self._block = Quote(f"{self._block.text}\n{text}")
        else:
            self._finish(Quote(text))

    def _text_line(self, line: str) -> None:
        block = self._block
        if isinstance(block, Paragraph | Item | Quote):
            joined = replace(block, text=f"{block.text}\n{line.strip()}".lstrip("\n"))
            if len(joined.text) <= PARAGRAPH_LIMIT:
                self._block = joined
            else:
                self._finish(Paragraph(line.strip(), continues=True))
        else:
            self._finish(Paragraph(line.strip()))

    def _cut(self, line: str) -> str:
        """Pass on the head of a line too long to be rendered again and again; gives the rest."""
        while len(line) > PARAGRAPH_LIMIT:
            at = PARAGRAPH_LIMIT
            if not self._fence:
                at = line.rfind(" ", PARAGRAPH_LIMIT // 2, PARAGRAPH_LIMIT) + 1 or PARAGRAPH_LIMIT
            self._line(line[:at])
            line = line[at:]
            if not self._fence:
                self._finish(Paragraph("", continues=True))
        return line


def parse(text: str) -> list[Block]:
    """All blocks of a finished text."""
    stream = BlockStream()
    stream.feed(text)
    stream.close()
    return stream.take()


def _could_be_marker(line: str) -> bool:
    """True while an incomplete line may turn out to be no text ("-", "##", a table row)."""
    stripped = line.strip()
    return stripped.startswith("|") or not stripped.strip("-*+#>`~_=:. ")


def _could_be_header(block: Block | None) -> bool:
    """True for a line that becomes a table if the next one rules it off."""
    return isinstance(block, Paragraph) and block.text.startswith("|") and "\n" not in block.text


def _cells(line: str) -> tuple[str, ...]:
    stripped = line.strip().removeprefix("|")
    if stripped.endswith("|") and not stripped.endswith("\\|"):
        stripped = stripped[:-1]
    return tuple(cell.strip().replace("\\|", "|") for cell in _CELL_BORDER.split(stripped))


def _fit(cells: tuple[str, ...], width: int) -> tuple[str, ...]:
    return (cells + ("",) * width)[:width]


def _align(cell: str) -> str:
    if cell.endswith(":"):
        return "center" if cell.startswith(":") else "right"
    return "left"
