"""The closed set of tools: typed functions over the ledger, prices, alerts and the glossary."""

from engine.assistant.tools import alerts, gains, glossary, market, portfolio, risk, yields
from engine.assistant.tools import catalogue as c
from engine.assistant.tools.base import Tool

_ALL = (
    Tool(
        "portfolio_value",
        "Total value of the portfolio with holdings and weights, now or on a past day.",
        (c.ACCOUNT, c.DATE),
        portfolio.portfolio_value,
        "what your portfolio is worth",
    ),
    Tool(
        "position",
        "Amount, value, weight, average cost and unrealised gain of one coin held.",
        (c.ASSET, c.ACCOUNT),
        portfolio.position,
        "your position in {asset}",
    ),
    Tool(
        "profit_loss",
        "Realised and unrealised gain or loss (FIFO) in money.",
        (c.ANY_ASSET, c.KIND, c.PERIOD),
        gains.profit_loss,
        "your profit or loss",
    ),
    Tool(
        "best_worst",
        "The best and the worst position.",
        (c.PERIOD,),
        gains.best_worst,
        "your best and worst position",
    ),
    Tool(
        "period_return",
        "Return in percent over a period, of the portfolio or one coin.",
        (c.ANY_ASSET, c.PERIOD),
        gains.period_return,
        "the return",
        advice=True,
    ),
    Tool(
        "volatility",
        "Annualised volatility of the portfolio or one coin.",
        (c.ANY_ASSET, c.PERIOD),
        risk.volatility,
        "the volatility",
        advice=True,
    ),
    Tool(
        "max_drawdown",
        "Largest fall from a peak of the portfolio or one coin.",
        (c.ANY_ASSET, c.PERIOD),
        risk.max_drawdown,
        "the maximum drawdown",
        advice=True,
    ),
    Tool(
        "correlation",
        "Correlation of the daily returns of two coins.",
        (c.FIRST, c.SECOND, c.PERIOD),
        risk.correlation,
        "the correlation of {asset_a} and {asset_b}",
        advice=True,
    ),
    Tool(
        "what_if",
        "Effect on the portfolio if a coin's price, or all prices (asset ALL), change by N %.",
        (c.ASSET, c.CHANGE),
        risk.what_if,
        "what happens if {asset} changes by {change_percent} %",
        advice=True,
    ),
    Tool(
        "apr_to_apy",
        "Effective yearly yield (APY) of a nominal rate (APR).",
        (c.RATE, c.COMPOUNDING),
        yields.apr_to_apy,
        "the APY of {rate_percent} % APR",
    ),
    Tool(
        "compound_growth",
        "What an amount becomes at a yearly rate after some years.",
        (c.AMOUNT, c.RATE, c.YEARS, c.COMPOUNDING),
        yields.compound_growth,
        "compound growth at {rate_percent} %",
        advice=True,
    ),
    Tool(
        "impermanent_loss",
        "Impermanent loss of a 50/50 liquidity pool after a price change.",
        (c.PRICE_CHANGE, c.DEPOSIT),
        yields.impermanent_loss,
        "the impermanent loss at {price_change_percent} %",
        advice=True,
    ),
    Tool(
        "create_alert",
        "Draft an alert on a price level or a move in percent within 24 hours.",
        (c.ASSET, c.CONDITION, c.VALUE),
        alerts.create_alert,
        "an alert on {asset}",
    ),
    Tool("list_alerts", "List the alerts that are set.", (), alerts.list_alerts, "your alerts"),
    Tool(
        "explain_term",
        "Explain a crypto or finance term from the glossary.",
        (c.TERM,),
        glossary.explain_term,
        "what “{term}” means",
    ),
    Tool(
        "price",
        "Last stored price of a coin, or its price on a past day.",
        (c.ASSET, c.DATE),
        market.price,
        "the price of {asset}",
    ),
    Tool(
        "transactions",
        "List transactions: buys, sells, trades, deposits.",
        (c.ANY_ASSET, c.ACCOUNT, c.PERIOD),
        market.transactions,
        "your transactions",
    ),
)

TOOLS: dict[str, Tool] = {tool.name: tool for tool in _ALL}
