"""How a tax report looks on paper. Only `tax_pdf` imports this: reportlab is slow to load."""

import html
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from reportlab.lib import colors
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont
from reportlab.platypus import CondPageBreak, LongTable, Paragraph, SimpleDocTemplate, Spacer

from engine.core.resources import resource
from engine.ledger.tax_report import TaxReport
from engine.ledger.tax_tables import Column, Section, tax_sections

_INK = colors.HexColor("#1c2430")
_QUIET = colors.HexColor("#5b6675")
_RULE = colors.HexColor("#c9d0d9")
_SHADE = colors.HexColor("#f4f6f8")
_MARGIN = 14 * mm
_WIDTH = landscape(A4)[0] - 2 * _MARGIN
_SIZE = 7.5
_PADDING = 4.5
_FRAME = 6.0
"""What reportlab keeps free inside the margins."""
_START = 30 * mm
"""A section begins on the next page if there is less room than this."""


@dataclass(frozen=True, slots=True)
class _Look:
    """The fonts in use and the styles made of them."""

    regular: str
    bold: str

    def style(self, size: float, *, bold: bool = False, right: bool = False) -> Any:
        return ParagraphStyle(
            "text",
            fontName=self.bold if bold else self.regular,
            fontSize=size,
            leading=size * 1.3,
            textColor=_INK,
            **({"alignment": TA_RIGHT} if right else {}),
        )


def pages(report: TaxReport) -> bytes:
    """The whole file."""
    look = _look()
    out = io.BytesIO()
    title = f"Tax report {report.label}"
    document = SimpleDocTemplate(
        out,
        pagesize=landscape(A4),
        leftMargin=_MARGIN - _FRAME,
        rightMargin=_MARGIN - _FRAME,
        topMargin=_MARGIN,
        bottomMargin=_MARGIN + 4 * mm,
        title=title,
        author="Assay",
        invariant=1,
    )
    footer = _footer(look, f"{title} · {report.start} to {report.end} · {report.currency}")
    document.build(_story(report, look, title), onFirstPage=footer, onLaterPages=footer)
    return out.getvalue()


def _look() -> _Look:
    """DejaVu Sans from our resources or from the system, where both weights are there."""
    names = ("DejaVuSans", "DejaVuSans-Bold")
    try:
        for name in names:
            if name not in pdfmetrics.getRegisteredFontNames():
                ours = resource("fonts", f"{name}.ttf")
                file = str(ours) if ours.is_file() else f"{name}.ttf"
                pdfmetrics.registerFont(TTFont(name, file))
    except TTFError:
        return _Look("Helvetica", "Helvetica-Bold")
    return _Look(*names)


def _footer(look: _Look, text: str) -> Callable[[Any, Any], None]:
    def draw(canvas: Any, document: Any) -> None:
        canvas.saveState()
        canvas.setFont(look.regular, 7)
        canvas.setFillColor(_QUIET)
        canvas.drawString(_MARGIN, 9 * mm, text)
        canvas.drawRightString(_MARGIN + _WIDTH, 9 * mm, f"Page {document.page}")
        canvas.restoreState()

    return draw


def _story(report: TaxReport, look: _Look, title: str) -> list[Any]:
    simulated = " · simulated data of the demo" if report.simulated else ""
    story = [
        Paragraph(html.escape(title), look.style(18, bold=True)),
        Spacer(0, 3),
        Paragraph(
            f"{report.start} to {report.end} · all money in {report.currency}{simulated}",
            look.style(9),
        ),
        Spacer(0, 4 * mm),
    ]
    for section in tax_sections(report):
        story += _table(look, section)
    for heading, sentences in (
        ("What could not be computed", report.missing or ("Nothing is missing.",)),
        ("How this was worked out", report.method),
    ):
        lines = [Paragraph(html.escape(line), look.style(8)) for line in sentences]
        story += [*_heading(look, heading), *lines, Spacer(0, 4 * mm)]
    return story


def _table(look: _Look, section: Section) -> list[Any]:
    """A heading and its table, or a line that there is nothing."""
    if not section.rows:
        nothing = Paragraph("None in this year.", look.style(8))
        return [*_heading(look, section.title), nothing, Spacer(0, 4 * mm)]
    columns = section.columns
    titled = any(column.title for column in columns)
    heads = [[column.title for column in columns]] if titled else []
    lines = [*section.rows, *([section.total] if section.total else [])]
    cells = [
        [_cell(look, text, column) for text, column in zip(line, columns, strict=True)]
        for line in lines
    ]
    styles = [
        ("FONT", (0, 0), (-1, -1), look.regular, _SIZE),
        ("TEXTCOLOR", (0, 0), (-1, -1), _INK),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), _PADDING),
        ("RIGHTPADDING", (0, 0), (-1, -1), _PADDING),
        ("TOPPADDING", (0, 0), (-1, -1), 2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2.5),
        ("LINEBELOW", (0, 0), (-1, -1), 0.25, _RULE),
        *(("ALIGN", (n, 0), (n, -1), "RIGHT") for n, column in enumerate(columns) if column.right),
    ]
    if titled:
        styles += [
            ("FONT", (0, 0), (-1, 0), look.bold, _SIZE),
            ("BACKGROUND", (0, 0), (-1, 0), _SHADE),
            ("LINEBELOW", (0, 0), (-1, 0), 0.75, _INK),
        ]
    if section.total:
        styles += [
            ("FONT", (0, -1), (-1, -1), look.bold, _SIZE),
            ("LINEABOVE", (0, -1), (-1, -1), 0.75, _INK),
        ]
    widths = [column.share * _WIDTH for column in columns]
    table = LongTable(heads + cells, widths, repeatRows=len(heads), hAlign="LEFT", style=styles)
    return [*_heading(look, section.title), table, Spacer(0, 6 * mm)]


def _heading(look: _Look, title: str) -> list[Any]:
    text = Paragraph(html.escape(title), look.style(11, bold=True))
    return [CondPageBreak(_START), text, Spacer(0, 4)]


def _cell(look: _Look, text: str, column: Column) -> Any:
    """Plain text where it fits on one line, which is much faster, else text that wraps."""
    room = column.share * _WIDTH - 2 * _PADDING
    if pdfmetrics.stringWidth(text, look.bold, _SIZE) <= room:
        return text
    return Paragraph(html.escape(text), look.style(_SIZE, right=column.right))
