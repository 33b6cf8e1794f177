"""A tax year: every disposal with its lot, income, fees and what is left."""

from engine.assistant.analyses.base import Analysis, Offers, Read, text_of
from engine.assistant.recognise import Recognised
from engine.assistant.tools.base import Arguments, Param, Tool, ToolResult
from engine.assistant.tools.context import ToolContext
from engine.assistant.tools.figures import Sheet
from engine.core.cards import Card
from engine.core.cards import Column as CardColumn
from engine.core.errors import KnownError
from engine.ledger.tax_report import TaxReport, tax_report, tax_years
from engine.ledger.tax_tables import Section, tax_sections

_YEAR = Param(
    "year", "text", False, "the tax year, by the year it starts in; left out: the last one over",
    label="Tax year", omitted="the last one over",
)  # fmt: skip
_SHOWN = 50


def report_of(context: ToolContext, year: int) -> TaxReport:
    """The report of a year; KnownError if nothing was recorded up to then."""
    context.require_portfolio()
    years = tax_years(context.linked, context.basis)
    if not years[-1] <= year <= max(years[0], context.today.year):
        raise KnownError(
            f"There are no transactions up to the tax year {year}, or it has not begun.",
            f"Known: {', '.join(map(str, years))}.",
        )
    return tax_report(
        context.linked,
        context.prices,
        context.currency,
        year,
        context.basis,
        context.today,
        simulated=context.simulated,
    )


def last_year_over(context: ToolContext) -> int:
    """The newest tax year that has ended and has transactions, else the newest."""
    years = tax_years(context.linked, context.basis)
    month, first = context.basis.year_start
    begun = (context.today.month, context.today.day) >= (month, first)
    now = context.today.year if begun else context.today.year - 1
    return next((year for year in years if year < now), max(years, default=now))


def tax_year(context: ToolContext, arguments: Arguments) -> ToolResult:
    """The tables of one year's report; long ones are cut, the file has every row."""
    context.require_portfolio()
    said = text_of(arguments, _YEAR)
    if said and not (said.isascii() and said.isdecimal()):
        raise KnownError(f"{said!r} is not a tax year.", "Write it as 2025.")
    report = report_of(context, int(said) if said else last_year_over(context))
    totals = report.totals.in_cents()
    sheet = Sheet(f"Tax year {report.label}", context.currency)
    sheet.span(report.start, report.end)
    sheet.money("proceeds", totals.proceeds)
    sheet.money("cost", totals.cost)
    sheet.money("gains less losses", totals.gain, sign=True)
    sheet.money("gains held short", totals.short, sign=True)
    sheet.money("gains held long", totals.long, sign=True)
    if totals.undated:
        sheet.money("gains without a holding period", totals.undated, sign=True)
    sheet.money("income", totals.income)
    sheet.number("disposals", len(report.sales), f"{len(report.sales):,}")
    for gap in report.missing[:5]:
        sheet.note(str(gap))
    how = " ".join(report.method)
    cards: list[Card] = []
    for section in tax_sections(report)[1:]:
        if section.rows:
            cards.append(_table(sheet, section, how, report.simulated))
    return sheet.result(sheet.card(how, report.simulated), *cards)


def _table(sheet: Sheet, section: Section, how: str, simulated: bool) -> Card:
    if len(section.rows) > _SHOWN:
        sheet.note(
            f"{section.title}: {_SHOWN} of {len(section.rows):,} rows are shown; the CSV and PDF "
            "have all of them."
        )
    columns = [CardColumn(one.title, one.kind) for one in section.columns]
    rows = section.rows[:_SHOWN]
    return sheet.table(section.title, columns, rows, how, simulated, section.total)


def _offers(context: ToolContext) -> Offers:
    return {"year": tuple(map(str, tax_years(context.linked, context.basis)))}


def _reads(found: Recognised) -> Read:
    """ "2025" and "last year" are years; any other period is not one."""
    years = [str(value) for value in found.values("period") if str(value).isdecimal()]
    if years:
        return {"year": years[0]}
    return {"year": str(found.today.year)} if "ytd" in found.values("period") else {}


TAX_YEAR = Analysis(
    Tool(
        "tax_year",
        "The tax report of a year: disposals lot by lot, gains by term, income, fees, open lots.",
        (_YEAR,),
        tax_year,
        "the tax year {year}",
        advice=True,
        headline="gains less losses",
    ),
    "Portfolio",
    "Tax year",
    "Gains, losses, income and fees of one tax year, with every lot.",
    (
        r"\btax[- ](?:years?|reports?|statements?|summary|forms?)\b",
        r"\btax return (?:for|of) (?:20\d\d|last year)\b",
        r"\b(?:taxes|tax) (?:for|of|in) (?:20\d\d|last year|this year)\b",
        r"\bcapital gains (?:tax )?(?:report|summary|statement)\b",
        r"\b(?:taxable|short[- ]term|long[- ]term) (?:capital )?gains?\b",
    ),
    _offers,
    _reads,
)
