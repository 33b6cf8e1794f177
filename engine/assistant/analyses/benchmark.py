"""The portfolio or one coin beside a benchmark: did the choosing pay?"""

from datetime import timedelta
from decimal import Decimal

from engine.analytics.benchmarks_compare import CASH, Comparison, Returns, compare, mix_returns
from engine.analytics.returns import daily_returns
from engine.assistant.analyses.base import (
    Analysis,
    Offers,
    Read,
    held_coins,
    number_of,
    text_of,
)
from engine.assistant.analyses.charts import by_day, line_chart
from engine.assistant.analyses.parameters import ASSET, PERIOD, RISK_FREE
from engine.assistant.analyses.weights_text import pairs_said, read_pairs
from engine.assistant.recognise import Recognised
from engine.assistant.tools.base import Arguments, Param, Tool, ToolResult
from engine.assistant.tools.context import ToolContext
from engine.assistant.tools.figures import NO_PRICE_THEN, Sheet, two_decimals
from engine.assistant.tools.line import Line, conventions, line_of
from engine.core.errors import KnownError
from engine.core.words import capitalised

SIXTY_FORTY = "60/40 BTC/cash"
EQUAL = "equal weight"
_BENCHMARK = Param(
    "against", "asset", False,
    f"a symbol, a mix such as 'BTC 60, ETH 40', {SIXTY_FORTY!r} or {EQUAL!r} of the coins held",
    label="Benchmark", default="BTC",
)  # fmt: skip


def benchmark(context: ToolContext, arguments: Arguments) -> ToolResult:
    """Time-weighted returns beside those of a benchmark, on the days both have."""
    against = _spelt(text_of(arguments, _BENCHMARK))
    line = line_of(context, {**arguments, "period": text_of(arguments, PERIOD)})
    risk_free = float(number_of(arguments, RISK_FREE) / 100)
    own = (line.seen, line.returns)
    found = compare(against, own, _returns(context, against, line), risk_free)
    sheet = Sheet(f"{capitalised(line.name)} against {against}", context.currency)
    sheet.span(found.days[0], found.days[-1])
    sheet.percent("return", found.own_return, sign=True)
    sheet.percent(f"return of {against}", found.benchmark_return, sign=True)
    sheet.percent("excess return", found.excess, sign=True)
    _figures(sheet, found)
    sheet.number("daily returns", found.n, str(found.n))
    if found.left_out:
        sheet.note(f"{found.left_out} days without a price of both are not compared.")
    sheet.left_out(line.unpriced, NO_PRICE_THEN)
    how = (
        f"{_what(against)} The portfolio's returns are time-weighted. Beta: Sharpe (1964), alpha: "
        f"Jensen (1968); capture: geometric mean returns on days it rose, or fell. "
        f"{conventions(line, risk_free)}"
    )
    days = [found.days[0] - timedelta(1), *found.days]
    curves = [
        by_day(line.name, days, found.own * 100),
        by_day(against, days, found.benchmark * 100),
    ]
    chart = line_chart(f"{sheet.title}, 100 at the start", curves, "", how, context.simulated)
    return sheet.result(sheet.card(how, context.simulated), chart)


def _spelt(against: str) -> str:
    """One of the two mixes with a name as it is written here; anything else as it is."""
    said = against.strip().casefold()
    if said == "60/40":
        return SIXTY_FORTY
    return next((one for one in (SIXTY_FORTY, EQUAL) if said == one.casefold()), against)


def _figures(sheet: Sheet, found: Comparison) -> None:
    for label, figure in (("beta", found.beta), ("information ratio", found.information_ratio)):
        if figure is not None:
            sheet.number(label, round(figure.value, 6), two_decimals(figure.value))
    for label, figure in (("alpha a year", found.alpha), ("tracking error", found.tracking_error)):
        if figure is not None:
            sheet.percent(label, figure.value, sign=label.startswith("alpha"))
    for label, capture in (("up", found.up_capture), ("down", found.down_capture)):
        if capture is not None:
            sheet.percent(f"{label} capture", capture.value)
    for note in found.notes:
        sheet.note(note)


def _returns(context: ToolContext, against: str, line: Line) -> Returns:
    def closes(asset: str) -> Returns:
        context.first_price_day(asset)
        return context.prices.closes(asset, context.currency, line.days[0], line.days[-1])

    if against == SIXTY_FORTY:
        return mix_returns({"BTC": closes("BTC")}, {"BTC": 0.6, CASH: 0.4})
    if against == EQUAL:
        coins = held_coins(context)
        if not coins:
            raise KnownError("No coin with a price is held.", "Choose another benchmark.")
        return mix_returns(
            {coin: closes(coin) for coin in coins}, dict.fromkeys(coins, 1 / len(coins))
        )
    if mix := _mix(against):
        return mix_returns({coin: closes(coin) for coin in mix}, mix)
    return daily_returns(*closes(against))


def _mix(against: str) -> dict[str, float]:
    """The weights of a mix such as "BTC 60, ETH 40"; empty if a single symbol is meant."""
    if " " not in against.strip():
        return {}
    percents = {coin: Decimal(number) for coin, number in read_pairs(against).items()}
    if min(percents.values()) <= 0 or sum(percents.values()) != 100:
        raise KnownError("The parts of a mix must be above zero and add up to 100 %.",
                         "Write BTC 60, ETH 40.")  # fmt: skip
    return {coin: float(percent / 100) for coin, percent in percents.items()}


def _what(against: str) -> str:
    mixed = "rebalanced at the start of each month, without fees."
    if against == SIXTY_FORTY:
        return f"60 % BTC and 40 % cash, {mixed}"
    if against == EQUAL:
        return f"The coins held now in equal parts, {mixed}"
    if " " in against:
        return f"{against} (parts in %), {mixed}"
    return f"Closes of {against}."


def _offers(context: ToolContext) -> Offers:
    priced = context.library.priced()
    first = [asset for asset in ("BTC", "ETH") if asset in priced or not priced]
    return {"against": tuple(dict.fromkeys((*first, SIXTY_FORTY, EQUAL, *priced)))}


def _reads(found: Recognised) -> Read:
    """ "ETH against BTC" names what is compared first, "am I beating BTC" only the benchmark."""
    text = found.text.lower().replace("-", " ")
    coins = [str(asset) for asset in found.values("asset")]
    said = pairs_said(found)
    if len(coins) > 1 and said:
        return {"against": said, "asset": None, RISK_FREE.name: None}
    mix = SIXTY_FORTY if "60/40" in text else EQUAL if EQUAL in text else None
    if mix == SIXTY_FORTY and len(coins) == 2:
        mix, coins = f"{coins[0]} 60, {coins[1]} 40", []
    if mix is not None:
        return {"against": mix, "asset": coins[0] if coins and mix == EQUAL else None}
    return {
        "asset": coins[0] if len(coins) > 1 else None,
        "against": coins[-1] if coins else None,
    }


_BEAT = r"(?:beat(?:en|ing)?|outperform(?:s|ed|ing)?|underperform(?:s|ed|ing)?)"
_AGAINST = r"(?:against|versus|vs\.?|compared (?:to|with))"
_COIN = r"(?:just |simply |only )?(?:holding |hodling |buying )?(?:btc|bitcoin|eth|ether(?:eum)?)"
BENCHMARK = Analysis(
    Tool(
        "benchmark",
        "The portfolio or a coin against BTC, ETH, a 60/40 mix, equal weight or any series.",
        (ASSET, _BENCHMARK, PERIOD, RISK_FREE),
        benchmark,
        "the portfolio against {against}",
        advice=True,
        headline="excess return",
    ),
    "Risk",
    "Benchmark",
    "Whether the portfolio or a coin did better than something simpler, and at what risk.",
    (
        r"\bbenchmarks?\b",
        r"\b(?:tracking error|information ratio|(?:up|down)(?:side)?[- ]capture|capture ratio)\b",
        rf"\b{_BEAT}\b.{{0,20}}\b(?:{_COIN}|the market|60/40)\b",
        rf"\b(?:i|my portfolio|my holdings)\b.{{0,25}}\b{_AGAINST} (?:{_COIN}|60/40|an? equal)",
        r"\b60/40\b",
        r"\bcompare\b.{0,40}\b(?:portfolio|holdings)\b.{0,12}\b(?:with|to|against)\b.{0,40}%",
        r"\bbeta\b.{0,25}\b(?:to|of|against|versus|vs)\b",
    ),
    _offers,
    _reads,
)
