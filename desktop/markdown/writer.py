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

    def render(self, finished: list[Block], unfinished: list[Block]) -> None:
        """Write finished blocks for good, and unfinished ones until the next call."""
        cursor = QTextCursor(self._document)
        cursor.beginEditBlock()
        self._drop_unfinished(cursor)
        for block in finished:
            self._write(cursor, block, unfinished=False)
        self._tail, self._fresh_tail = cursor.position(), self._fresh
        for block in unfinished:
            self._write(cursor, block, unfinished=True)
        cursor.endEditBlock()

    def _drop_unfinished(self, cursor: QTextCursor) -> None:
        cursor.setPosition(self._tail)
        kept = cursor.blockFormat()
        cursor.movePosition(QTextCursor.MoveOperation.End, QTextCursor.MoveMode.KeepAnchor)
        cursor.removeSelectedText()
        # An empty block, such as a line, would take on the format of the one removed after it.
        cursor.setBlockFormat(kept)
        self._fresh = self._fresh_tail
        if self._fresh:
            self._collapse(cursor)

    def _collapse(self, cursor: QTextCursor) -> None:
        """Make the empty block a table needs before and after it as good as invisible."""
        cursor.setBlockFormat(self._formats.collapsed)
        cursor.setBlockCharFormat(self._formats.tiny)

    def _write(self, cursor: QTextCursor, block: Block, *, unfinished: bool) -> None:
        if isinstance(block, Table):
            self._table(cursor, block, unfinished)
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

    def _table(self, cursor: QTextCursor, block: Table, unfinished: bool) -> None:
        formats = self._formats
        if self._fresh:
            self._collapse(cursor)
        lines = [*([block.header] if block.header else []), *block.rows]
        if not lines:
            return
        table: QTextTable = cursor.insertTable(
            len(lines), len(block.aligns), formats.table(continues=block.header is None)
        )
        for row, cells in enumerate(lines):
            header = row == 0 and block.header is not None
            for column, text in enumerate(cells):
                cell = table.cellAt(row, column)
                cell.setFormat(formats.cell)
                inside = cell.firstCursorPosition()
                inside.setBlockFormat(formats.cell_block(block.aligns[column]))
                base = formats.header if header else formats.plain
                for span in spans(text, unfinished=unfinished):
                    inside.insertText(span.text, formats.span(span, base))
        cursor.movePosition(QTextCursor.MoveOperation.End)
        self._collapse(cursor)
        self._fresh = True
