"""Writes blocks into a text document through a cursor, and rewrites only what is still open."""

from PySide6.QtGui import QTextBlockFormat, QTextCursor, QTextDocument, QTextTable

from desktop.markdown.blocks import Block, Code, Heading, Item, Paragraph, Rule, Table
from desktop.markdown.formats import Formats
from desktop.markdown.inline import spans


class DocumentWriter:
    """Appends to one document; what was written as finished is never touched again."""

    def __init__(self, document: QTextDocument, formats: Formats) -> None:
        self._document = document
        self._formats = formats
        self._tail = 0
        # The document's cursor stands in an empty block that the next block can use.
        self._fresh = True
        self._fresh_tail = True
        # An open table is not rewritten but gets further rows.
        self._open_table: tuple[Table, QTextTable] | None = None

    def render(self, finished: list[Block], unfinished: list[Block]) -> None:
        """Write finished blocks for good, and unfinished ones until the next call."""
        cursor = QTextCursor(self._document)
        cursor.beginEditBlock()
        if self._extend_table([*finished, *unfinished]):
            cursor.movePosition(QTextCursor.MoveOperation.End)
            if finished:
                finished = finished[1:]
                self._open_table = None
            else:
                unfinished = unfinished[1:]
        else:
            self._drop_unfinished(cursor)
        for block in finished:
            self._write(cursor, block, unfinished=False)
        if self._open_table is None:
            self._tail, self._fresh_tail = cursor.position(), self._fresh
        for block in unfinished:
            self._write(cursor, block, unfinished=True)
        cursor.endEditBlock()

    def _extend_table(self, blocks: list[Block]) -> bool:
        """Add the rows by which the open table has grown; False if there is none to go on with."""
        first = blocks[0] if blocks else None
        if self._open_table is None or not isinstance(first, Table):
            return False
        block, table = self._open_table
        known = len(block.rows)
        if (first.header, first.aligns) != (block.header, block.aligns):
            return False
        if first.rows[:known] != block.rows:
            return False
        at = table.rows()
        if len(first.rows) > known:
            table.appendRows(len(first.rows) - known)
        for number, cells in enumerate(first.rows[known:]):
            self._row(table, at + number, cells, first.aligns, header=False)
        self._open_table = (first, table)
        return True

    def _drop_unfinished(self, cursor: QTextCursor) -> None:
        cursor.setPosition(self._tail)
        kept = cursor.blockFormat()
        cursor.movePosition(QTextCursor.MoveOperation.End, QTextCursor.MoveMode.KeepAnchor)
        cursor.removeSelectedText()
        # An empty block, such as a line, would take on the format of the one removed after it.
        cursor.setBlockFormat(kept)
        self._fresh, self._open_table = self._fresh_tail, None
        if self._fresh:
            self._collapse(cursor)

    def _collapse(self, cursor: QTextCursor) -> None:
        """Make the empty block a table needs before and after it as good as invisible."""
        cursor.setBlockFormat(self._formats.collapsed)
        cursor.setBlockCharFormat(self._formats.tiny)

    def _write(self, cursor: QTextCursor, block: Block, *, unfinished: bool) -> None:
        self._open_table = None
        if isinstance(block, Table):
            table = self._table(cursor, block)
            if unfinished and table is not None:
                self._open_table = (block, table)
            return
        if isinstance(block, Code):
            self._code(cursor, block)
            return
        if isinstance(block, Paragraph) and block.continues and not block.text:
            return
        formats = self._formats
        self._begin(cursor, formats.block(block))
        base = formats.text(block)
        cursor.setBlockCharFormat(base)
        if isinstance(block, Rule):
            return
        if isinstance(block, Item):
            cursor.insertText(f"{block.marker}\t", formats.marker)
        for span in spans(block.text, unfinished=unfinished):
            text = span.text if isinstance(block, Heading) else span.text.replace("\n", "\u2028")
            cursor.insertText(text, formats.span(span, base))

    def _begin(self, cursor: QTextCursor, block_format: QTextBlockFormat) -> None:
        if self._fresh:
            cursor.setBlockFormat(block_format)
            self._fresh = False
        else:
            cursor.insertBlock(block_format)

    def _code(self, cursor: QTextCursor, block: Code) -> None:
        if block.lines:
            self._begin(cursor, self._formats.code_block(block.continues))
            cursor.setBlockCharFormat(self._formats.code)
            cursor.insertText("\u2028".join(block.lines), self._formats.code)

    def _table(self, cursor: QTextCursor, block: Table) -> QTextTable | None:
        lines = [*([block.header] if block.header else []), *block.rows]
        if not lines:
            return None
        if self._fresh:
            self._collapse(cursor)
        look = self._formats.table(continues=block.header is None)
        table = cursor.insertTable(len(lines), len(block.aligns), look)
        for number, cells in enumerate(lines):
            header = number == 0 and block.header is not None
            self._row(table, number, cells, block.aligns, header=header)
        cursor.movePosition(QTextCursor.MoveOperation.End)
        self._collapse(cursor)
        self._fresh = True
        return table

    def _row(
        self,
        table: QTextTable,
        number: int,
        cells: tuple[str, ...],
        aligns: tuple[str, ...],
        *,
        header: bool,
    ) -> None:
        base = self._formats.header if header else self._formats.plain
        for column, text in enumerate(cells):
            cell = table.cellAt(number, column)
            cell.setFormat(self._formats.cell)
            inside = cell.firstCursorPosition()
            inside.setBlockFormat(self._formats.cell_block(aligns[column]))
            for span in spans(text):
                inside.insertText(span.text, self._formats.span(span, base))
