"""The worst falls of one line, each with how deep it went and how long it took."""

import re
from dataclasses import replace
from decimal import Decimal

from engine.analytics.drawdowns import deepest_episodes, depths, drawdowns
from engine.assistant.analyses.base import Analysis, Read, number_of, text_of
from engine.assistant.analyses.charts import by_day, line_chart
from engine.assistant.analyses.parameters import ASSET, PERIOD
from engine.assistant.recognise import Recognised
from engine.assistant.tools.base import Arguments, Param, Tool, ToolResult
from engine.assistant.tools.context import ToolContext
from engine.assistant.tools.figures import NO_PRICE_THEN, Sheet
from engine.assistant.tools.line import conventions, line_of
from engine.core.cards import Column
from engine.core.money import format_percent

_PERIOD = replace(PERIOD, default="all")
_COUNT = Param(
    "falls", "number", False, "how many to list", label="Falls listed", default=Decimal(10),
    least=Decimal(1), most=Decimal(50),
)  # fmt: skip
_COLUMNS = (
    Column("Depth", "percent"), Column("Peak", "date"), Column("Trough", "date"),
    Column("Recovered", "date"), Column("Days down", "amount"),
    Column("Days up", "amount"), Column("Days in all", "amount"),
)  # fmt: skip

_WORST = "(?:worst|biggest|deepest|largest)"
_SO_MANY = re.compile(rf"\b(\d{{1,2}}) {_WORST}\b|\b{_WORST} (\d{{1,2}})\b", re.I)


def drawdown_list(context: ToolContext, arguments: Arguments) -> ToolResult:
    """Depth, peak, trough and recovery of the deepest falls, and what all of them come to."""
    line = line_of(context, {**arguments, "period": text_of(arguments, _PERIOD)})
    found = drawdowns(line.days, line.closes)
    sheet = Sheet(f"Drawdowns of {line.name}", context.currency)
    sheet.span(*line.span)
    sheet.percent("maximum drawdown", -found.deepest)
    sheet.percent("drawdown now", -found.current)
    sheet.number("falls", len(found.episodes), str(len(found.episodes)))
    sheet.percent("mean depth of a fall", -found.average_episode)
    sheet.percent("share of days below the high", found.under_water)
    sheet.number("longest time under water", found.longest, f"{found.longest:,} days")
    sheet.left_out(line.unpriced, NO_PRICE_THEN)
    how = (
        "Depth in parts of the highest close so far; lengths in calendar days; a fall that is not "
        f"recovered goes on. {conventions(line)}"
    )
    worst = deepest_episodes(found, int(number_of(arguments, _COUNT)))
    rows = [
        (
            format_percent(-one.depth),
            str(one.peak),
            str(one.trough),
            str(one.recovered) if one.recovered else "not yet",
            f"{one.fall:,}",
            "–" if one.recovery is None else f"{one.recovery:,}",
            f"{one.length:,}",
        )
        for one in worst
    ]
    table = sheet.table("The deepest falls", _COLUMNS, rows, how, context.simulated)
    below = by_day(line.name, line.days, depths(line.closes) * -100)
    chart = line_chart(
        f"{line.name}: below the highest close", [below], "%", how, context.simulated
    )
    return sheet.result(sheet.card(how, context.simulated), table, chart)


def _reads(found: Recognised) -> Read:
    """ "My 5 biggest drawdowns" asks for five."""
    match = _SO_MANY.search(found.text)
    return {_COUNT.name: Decimal(match[1] or match[2])} if match else {}


_FALLS = r"(?:falls|drawdowns|dips|crashes|slumps)"
DRAWDOWN_LIST = Analysis(
    Tool(
        "drawdown_list",
        "The worst falls with depth, peak, trough, recovery and lengths.",
        (ASSET, _PERIOD, _COUNT),
        drawdown_list,
        "the drawdowns of {asset}",
        advice=True,
        headline="maximum drawdown",
    ),
    "Risk",
    "Drawdowns",
    "The worst falls from a peak: how deep, how long, and when they were made good.",
    (
        rf"\b{_WORST} (?:(?:\d+|few|three|five|ten) )?{_FALLS}\b",
        r"\b(?:list|table|history|all|every|each|show) (?:of )?(?:the |my )?(?:past )?drawdowns\b",
        r"\bunder[- ]?water (?:chart|plot|curve|periods?)\b",
        r"\bhow (?:many days|long|much (?:of the )?time)\b.{0,40}\bunder[- ]?water\b",
        r"\bdrawdown (?:list|table|history|periods|episodes)\b",
    ),
    reads=_reads,
)
