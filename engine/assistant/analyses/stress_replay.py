"""What crashes of the past, or changes the user has written down, would do to the portfolio now."""

import re
from collections.abc import Sequence
from decimal import Decimal

from engine.analytics.scenarios import Replay, Scenario, scenario_from_body
from engine.assistant.analyses.base import Analysis, Offers, Read, text_of
from engine.assistant.analyses.weights_text import read_pairs
from engine.assistant.recognise import Recognised
from engine.assistant.tools.base import Arguments, Param, Tool, ToolResult
from engine.assistant.tools.context import ToolContext
from engine.assistant.tools.figures import NO_PRICE, Sheet, figures_of
from engine.core.cards import ChartCard, Column, Series, TableCard
from engine.core.errors import KnownError
from engine.core.money import format_money, format_percent
from engine.ledger.replay import replay_holdings, shipped_scenarios

_SCENARIO = Param(
    "scenario", "text", False, "a crash of the past or a scenario of your own; left out: all",
    label="Scenario",
)  # fmt: skip
_CHANGES = Param(
    "changes", "text", False, "or changes in percent, such as BTC -50, ETH -60, others -70",
    label="Or your own changes",
)  # fmt: skip
OWN = "Your changes"
_SPOKEN = (
    (r"2018|crypto winter", "2018 bear market"),
    (r"march 2020|covid|corona|pandemic|black thursday", "March 2020"),
    (r"may 2021|2021", "May 2021"),
    (r"luna|terra|ust|may 2022", "LUNA, May 2022"),
    (r"ftx|alameda|november 2022", "FTX, November 2022"),
)
_BASIS = {
    "own prices": "your prices of those days",
    "stated": "the scenario",
    "stablecoin": "a stablecoin keeps its value",
    "money": "money keeps its value",
    "beta": "median of the scenario × beta",
    "median": "median of the scenario",
    "others": "the scenario's change of all others",
}
_METHOD = (
    "Today's holdings with the changes from the first close to the last: of your own prices of "
    "those days, else of the scenario; what it does not name takes the median change of its coins, "
    "times its beta to them over the last year where that can be measured."
)


def stress_replay(context: ToolContext, arguments: Arguments) -> ToolResult:
    """The chosen scenario coin by coin, the worst one if none is chosen, and all side by side."""
    rows = context.valuation().rows
    held = {row.asset: row.value for row in rows}
    scenarios = _scenarios(context)
    changes = text_of(arguments, _CHANGES)
    name = "" if changes else _called(text_of(arguments, _SCENARIO), scenarios)
    if changes:
        pairs = read_pairs(changes)
        others = pairs.pop("OTHERS", None)
        name = OWN
        own = scenario_from_body(OWN, {"changes": pairs, "others": others})
        scenarios = (own, *scenarios)
    found = [
        replay_holdings(one, held, context.prices, context.currency, context.today)
        for one in scenarios
    ]
    chosen = next((one for one in found if one.scenario.name == name), None)
    shown = chosen or min(found, key=lambda one: one.relative)
    sheet = Sheet("Stress replay", context.currency)
    sheet.money("value now", shown.before)
    for one in found if chosen is None else [chosen]:
        _change(sheet, one)
    own_changes = shown.scenario.name == OWN
    sheet.money("value after" if own_changes else f"value after {shown.scenario.name}", shown.after)
    if shown.assumed:
        names = ", ".join(shown.assumed)
        sheet.note(f"{shown.scenario.name} gives no change for {names}, so the median stands in.")
    sheet.left_out(shown.unpriced, NO_PRICE)
    card = sheet.card(_METHOD, context.simulated)
    chart = _bars(found, context.simulated)
    return sheet.result(card, _table(sheet, shown, context), chart)


def _called(said: str, scenarios: Sequence[Scenario]) -> str:
    """The name of the scenario that is called so, or alone begins so; "" for none. KnownError."""
    names = [one.name for one in scenarios]
    if not said or said in names:
        return said
    begun = [name for name in names if name.casefold().startswith(said.strip().casefold())]
    whole = [name for name in begun if len(name) == len(said.strip())]
    found = whole or begun
    if len(found) != 1:
        problem = "Several scenarios begin with" if found else "There is no scenario called"
        raise KnownError(f"{problem} {said!r}.", f"Known: {'; '.join(found or names)}.")
    return found[0]


def _change(sheet: Sheet, replay: Replay) -> None:
    """Both figures of a scenario in one fact: what it does in percent, and in money."""
    name = replay.scenario.name
    percent = format_percent(replay.relative, sign=True)
    money = ("+" if replay.change > 0 else "") + format_money(replay.change, sheet.currency)
    sheet.figures += figures_of("scenario", name)
    sheet.hidden(name, replay.relative * 100, percent)
    label = "change" if name == OWN else f"change in {name}"
    sheet.hidden(label, replay.change, money)
    sheet.fact(name, f"{percent} ({money})")


def _scenarios(context: ToolContext) -> tuple[Scenario, ...]:
    stored = context.library.documents("scenario")
    own = (scenario_from_body(name, body) for name, body in stored.items())
    return (*shipped_scenarios(), *own)


def _table(sheet: Sheet, replay: Replay, context: ToolContext) -> TableCard:
    def money(value: Decimal) -> str:
        return format_money(value, context.currency)

    columns = (
        Column("Coin", "text"), Column("Now", "money"), Column("Change", "percent"),
        Column("After", "money"), Column("Difference", "money"), Column("Change is from", "text"),
    )  # fmt: skip
    rows = [
        (
            row.asset,
            money(row.before),
            format_percent(row.change, sign=True),
            money(row.after),
            money(row.after - row.before),
            _BASIS[row.basis],
        )
        for row in replay.rows
    ]
    total = (
        "Total", money(replay.before), format_percent(replay.relative, sign=True),
        money(replay.after), money(replay.change), "",
    )  # fmt: skip
    scenario = replay.scenario
    how = _METHOD
    if scenario.start and scenario.end:
        how = f"Changes from the close of {scenario.start} to that of {scenario.end}."
    title = f"{scenario.name}: coin by coin"
    return sheet.table(title, columns, rows, how, context.simulated, total)


def _bars(found: Sequence[Replay], simulated: bool) -> ChartCard:
    series = Series(
        "Change of the portfolio",
        tuple(one.scenario.name for one in found),
        tuple(float(one.relative) * 100 for one in found),
    )
    return ChartCard("All scenarios", "bar", (series,), "%", _METHOD, simulated)


def _offers(context: ToolContext) -> Offers:
    return {"scenario": tuple(one.name for one in _scenarios(context))}


def _reads(found: Recognised) -> Read:
    """Crashes are called by their year or by whoever failed."""
    if changes := _changes_said(found):
        return {"changes": changes, "scenario": None}
    named = (name for said, name in _SPOKEN if re.search(rf"\b(?:{said})\b", found.text, re.I))
    name = next(named, None)
    return {"changes": None} | ({} if name is None else {"scenario": name})


def _changes_said(found: Recognised) -> str | None:
    """ "BTC falls 50 % and everything else 70 %" as "BTC -50, others -70"; None for one change."""
    pairs: list[str] = []
    falls = False
    begin = 0
    for percent in found.of("percent"):
        text = found.text[begin : percent.end]
        value = Decimal(percent.value)
        if percent.signed:
            falls = value < 0
        coins = [one for one in found.of("asset") if begin <= one.start < percent.end]
        who = str(coins[-1].value) if coins else "others" if _OTHERS.search(text) else None
        if who is None:
            return None
        pairs.append(f"{who} {'-' if falls else ''}{abs(value):f}")
        begin = percent.end
    return ", ".join(pairs) if len(pairs) > 1 else None


_OTHERS = re.compile(r"\b(?:everything|all|the) (?:else|others?|rest)\b|\bothers\b", re.I)
_MOVE = r"(?:falls?|drops?|loses?|rises?|gains?|is (?:up|down)|goes (?:up|down)|crash\w*)"
_CRASHES = r"(?:2018|covid|corona|march 2020|may 2021|luna|terra|ftx|2022)"
_CRASHED = (
    r"(?:crash|collapse|bear market|crisis|scenario|blow ?up|meltdown|happened again|replay|"
    r"repeated)"
)
_WOULD = r"(?:would|did|will|could|might)"
_HURT = r"(?:hit|hurt|affect|cost)"
_NO_CHANGE = r"(?!.*(?:%|\b(?:percent|pct|down|minus|falls?|drops?|declines?)\b))"
"""A stress test by a change that is named is the tool what_if."""
STRESS_REPLAY = Analysis(
    Tool(
        "stress_replay",
        "What crashes of the past or scenarios of your own would do to the portfolio now.",
        (_SCENARIO, _CHANGES),
        stress_replay,
        "a crash like {scenario} on your portfolio",
        advice=True,
        headline="value now",
    ),
    "Scenarios",
    "Stress replay",
    "What 2018, March 2020, May 2021, LUNA and FTX would do to what you hold today.",
    (
        r"\bstress[- ](?:replay|scenarios?|analysis)\b",
        rf"\bstress[- ]?test\w*\b{_NO_CHANGE}",
        rf"\b(?:replay|repeat|another|again|re-?run|relive)\b.{{0,30}}\b{_CRASHES}\b",
        rf"\b{_CRASHES}[\w' -]{{0,12}}\b{_CRASHED}\b",
        rf"\b(?:crash|collapse|meltdown|fall|bear market) (?:like|as) (?:in |the )?{_CRASHES}\b",
        rf"\bwhat (?:would|did|will) (?:an? |another )?{_CRASHES}\b.{{0,20}}\b(?:do|mean)\b",
        rf"\bif\b.{{0,30}}\b{_MOVE}\b.{{0,20}}%.{{0,12}}\b(?:and|while|but)\b.{{0,40}}%",
        rf"\b(?:how|what) (?:\w+ )?{_WOULD} (?:an? |another )?{_CRASHES}\b.{{0,20}}\b{_HURT}\b",
        rf"\b{_HURT} (?:me|my \w+) (?:like|as) (?:in |the )?{_CRASHES}\b",
        r"\bcrash scenarios?\b",
    ),
    _offers,
    _reads,
)
