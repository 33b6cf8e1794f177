"""Parameters that several analyses share."""

from decimal import Decimal

from engine.assistant.tools.base import Param

ASSET = Param(
    "asset", "asset", False, "symbol; left out for the whole portfolio", label="Asset or portfolio"
)
ASSETS = Param(
    "assets", "assets", False, "symbols with commas; left out for all coins held", label="Assets"
)
PERIOD = Param(
    "period", "period", False, "such as 30d, 6m, 1y, ytd, all, 2024", label="Period", default="1y"
)
RISK_FREE = Param(
    "risk_free_percent", "percent", False, "risk-free rate per year in percent",
    label="Risk-free rate, % a year", default=Decimal(0), least=Decimal(-5), most=Decimal(20),
)  # fmt: skip
CONFIDENCE = Param(
    "confidence_percent", "percent", False, "confidence of value at risk in percent",
    label="Confidence, %", default=Decimal(95), least=Decimal(80), most=Decimal(99),
)  # fmt: skip
