"""The text formats of rendered Markdown, made once per theme."""

from functools import lru_cache

from PySide6.QtCore import Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFont,
    QFontDatabase,
    QTextBlockFormat,
    QTextCharFormat,
    QTextFormat,
    QTextFrameFormat,
    QTextLength,
    QTextOption,
    QTextTableCellFormat,
    QTextTableFormat,
)

from desktop.markdown.blocks import Block, Heading, Item, Paragraph, Quote, Rule
from desktop.markdown.inline import Span
from desktop.theme.tokens import Sizes, Tokens

_LINE_HEIGHT = 145.0
_ALIGNMENTS = {
    "left": Qt.AlignmentFlag.AlignLeft,
    "right": Qt.AlignmentFlag.AlignRight,
    "center": Qt.AlignmentFlag.AlignHCenter,
}
_INDENT = 22


class Formats:
    """Formats for blocks and spans in one theme."""

    def __init__(self, tokens: Tokens, sizes: Sizes) -> None:
        self._tokens = tokens
        self._sizes = sizes
        self.plain = QTextCharFormat()
        self.marker = self._colour(tokens.muted)
        self.header = self._colour(tokens.muted)
        self.header.setFontWeight(QFont.Weight.DemiBold)
        self.header.setProperty(QTextFormat.Property.FontPixelSize, sizes.small)
        self.quote = self._colour(tokens.muted)
        self.tiny = QTextCharFormat()
        self.tiny.setProperty(QTextFormat.Property.FontPixelSize, 1)
        fixed = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        self.code = QTextCharFormat()
        self.code.setFontFamilies([fixed.family()])
        self.code.setProperty(QTextFormat.Property.FontPixelSize, sizes.small)
        self.collapsed = QTextBlockFormat()
        self.collapsed.setLineHeight(1, QTextBlockFormat.LineHeightTypes.FixedHeight.value)
        self.cell = QTextTableCellFormat()
        self.cell.setBottomBorder(1)
        self.cell.setBottomBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
        self.cell.setBottomBorderBrush(QBrush(QColor(tokens.border)))
        self._headings = {level: self._heading(level) for level in range(1, 7)}

    def block(self, block: Block) -> QTextBlockFormat:
        """The paragraph format of a block."""
        result = QTextBlockFormat()
        result.setLineHeight(
            _LINE_HEIGHT, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value
        )
        result.setBottomMargin(10)
        if isinstance(block, Heading):
            result.setTopMargin(8)
            result.setBottomMargin(6)
        elif isinstance(block, Item):
            result.setLeftMargin(_INDENT * (block.level + 1))
            result.setTextIndent(-_INDENT)
            result.setTabPositions([QTextOption.Tab(_INDENT, QTextOption.TabType.LeftTab)])
            result.setBottomMargin(4)
        elif isinstance(block, Quote):
            result.setLeftMargin(_INDENT)
        elif isinstance(block, Rule):
            width = QTextLength(QTextLength.Type.PercentageLength, 100)
            result.setProperty(QTextFormat.Property.BlockTrailingHorizontalRulerWidth, width)
            result.setProperty(
                QTextFormat.Property.BackgroundBrush, QBrush(QColor(self._tokens.border))
            )
        elif isinstance(block, Paragraph) and block.continues:
            result.setTopMargin(-4)
        return result

    def text(self, block: Block) -> QTextCharFormat:
        """The text format a block starts from."""
        if isinstance(block, Heading):
            return self._headings[block.level]
        return self.quote if isinstance(block, Quote) else self.plain

    def span(self, span: Span, base: QTextCharFormat) -> QTextCharFormat:
        """The format of a span inside a block whose text format is base."""
        if not (span.bold or span.italic or span.strike or span.code or span.link):
            return base
        result = QTextCharFormat(base)
        if span.bold:
            result.setFontWeight(QFont.Weight.DemiBold)
        result.setFontItalic(span.italic)
        result.setFontStrikeOut(span.strike)
        if span.code:
            result.merge(self.code)
            result.setBackground(QColor(self._tokens.raised))
        if span.link:
            result.setAnchor(True)
            result.setAnchorHref(span.link)
            result.setForeground(QColor(self._tokens.accent_text))
            result.setFontUnderline(True)
        return result

    def code_block(self, continues: bool) -> QTextBlockFormat:
        """A code listing on a tinted ground; one that continues another joins it."""
        result = QTextBlockFormat()
        result.setBackground(QColor(self._tokens.raised))
        result.setLineHeight(
            _LINE_HEIGHT, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value
        )
        result.setLeftMargin(8)
        result.setTopMargin(-10 if continues else 0)
        result.setBottomMargin(10)
        return result

    def table(self, continues: bool) -> QTextTableFormat:
        """A table over the full width with lines between the rows only."""
        result = QTextTableFormat()
        result.setWidth(QTextLength(QTextLength.Type.PercentageLength, 100))
        result.setBorder(0)
        result.setBorderCollapse(True)
        result.setCellSpacing(0)
        result.setCellPadding(6)
        result.setTopMargin(0 if continues else 4)
        result.setBottomMargin(10)
        return result

    def cell_block(self, align: str) -> QTextBlockFormat:
        """The paragraph format inside a table cell."""
        result = QTextBlockFormat()
        result.setAlignment(_ALIGNMENTS[align])
        return result

    def _heading(self, level: int) -> QTextCharFormat:
        result = QTextCharFormat()
        result.setFontWeight(QFont.Weight.DemiBold)
        size = self._sizes.body + max(0, 5 - level)
        result.setProperty(QTextFormat.Property.FontPixelSize, size)
        return result

    def _colour(self, colour: str) -> QTextCharFormat:
        result = QTextCharFormat()
        result.setForeground(QColor(colour))
        return result


@lru_cache(maxsize=2)
def formats_for(tokens: Tokens, sizes: Sizes) -> Formats:
    """The formats of a theme, shared by all documents."""
    return Formats(tokens, sizes)
