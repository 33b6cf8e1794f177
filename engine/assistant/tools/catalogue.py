"""The parameters of the tools; the functions that take them are beside this file."""

from engine.assistant.tools.base import Param

ASSET = Param("asset", "asset", True, "symbol of the coin, such as BTC")
ANY_ASSET = Param("asset", "asset", False, "symbol of the coin; left out for the whole portfolio")
ACCOUNT = Param("account", "account", False, "name of one of the user's accounts")
PERIOD = Param(
    "period",
    "period",
    False,
    "such as 30d, 6m, 1y, ytd, all, 2024, 2024-03, 2024-01-05..2024-02-10",
)
DATE = Param("date", "date", False, "a past day, YYYY-MM-DD")
KIND = Param("kind", "enum", False, "left out for both", ("realised", "unrealised"))
CHANGE = Param("change_percent", "percent", True, "price change in percent, negative for a fall")
RATE = Param("rate_percent", "percent", True, "rate per year in percent")
COMPOUNDING = Param(
    "compounding",
    "enum",
    False,
    "how often interest is added",
    ("daily", "weekly", "monthly", "quarterly", "yearly", "hourly", "continuous"),
)
AMOUNT = Param("amount", "amount", True, "amount of money")
DEPOSIT = Param("amount", "amount", False, "value of the deposit")
YEARS = Param("years", "years", True, "number of years")
PRICE_CHANGE = Param(
    "price_change_percent", "percent", True, "price change of one coin against the other, percent"
)
CONDITION = Param(
    "condition",
    "enum",
    True,
    "above or below a price, or a move in percent within 24 hours",
    ("above", "below", "up_percent", "down_percent"),
)
VALUE = Param("value", "amount", True, "the price, or the percentage without sign")
TERM = Param("term", "term", True, "the term to explain")
FIRST = Param("asset_a", "asset", True, "symbol of the first coin")
SECOND = Param("asset_b", "asset", True, "symbol of the second coin")
