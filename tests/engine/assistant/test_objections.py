"""What a question names that does not exist is said, not left out."""

import pytest

from engine.assistant.objections import object_to
from engine.assistant.tools import TOOLS
from engine.core.errors import KnownError
from tests.engine.assistant.world import world


@pytest.mark.parametrize(
    ("question", "tool", "arguments", "sentence"),
    [
        ("how much btc is on Binance", "position", {"asset": "BTC"}, "no account Binance"),
        ("what is in cold storage", "portfolio_value", {}, "no account cold storage"),
        ("price of eth on 31 feb 2026", "price", {"asset": "ETH"}, "no day 31 feb"),
        ("price of btc on 2026-02-30", "price", {"asset": "BTC"}, "no day 2026-02-30"),
        ("how much XYZ123 do I own", "position", {"asset": "DOGE"}, "no coin XYZ123"),
        ("alert me when BTC is above 100k in euros", "create_alert",
         {"asset": "BTC", "condition": "above"}, "prices in USD, and this level is in EUR"),
        ("ping me if eth is below €2,000", "create_alert",
         {"asset": "ETH", "condition": "below"}, "this level is in EUR"),
        ("alert me when bitcoin is 5 points off a 40 % target", "create_alert",
         {"asset": "BTC", "condition": "up_percent"}, "on prices and moves within a day only"),
        ("alert when BTC falls 20% from its high", "create_alert",
         {"asset": "BTC", "condition": "down_percent"}, "on prices and moves within a day only"),
        ("warn me when my BTC weight is above 70%", "create_alert",
         {"asset": "BTC", "condition": "up_percent"}, "on prices and moves within a day only"),
        ("tell me if ETH rises above 5000 or BTC above 100000", "create_alert",
         {"asset": "ETH", "condition": "above"}, "one alert at a time"),
        ("tell me when the drawdown of eth is over 20%", "create_alert",
         {"asset": "ETH", "condition": "down_percent"}, "on prices and moves within a day only"),
    ],
)  # fmt: skip
def test_objections(question: str, tool: str, arguments: dict[str, str], sentence: str) -> None:
    with pytest.raises(KnownError, match=sentence):
        object_to(question, TOOLS[tool], arguments, world())


@pytest.mark.parametrize(
    ("question", "tool", "arguments"),
    [
        ("how much btc is on kraken", "position", {"asset": "BTC", "account": "Kraken"}),
        ("how much binance coin do i have", "position", {"asset": "BNB"}),
        ("price of eth on 29 feb 2024", "price", {"asset": "ETH", "date": "2024-02-29"}),
        ("how much ETH do I own", "position", {"asset": "ETH"}),
        ("how MUCH do I own", "portfolio_value", {}),
        ("alert when btc is above $100k", "create_alert", {"asset": "BTC", "condition": "above"}),
        ("alert in euros when btc falls 5%", "create_alert",
         {"asset": "BTC", "condition": "down_percent"}),
        ("wake me when ethereum reaches 4500, I missed it over the summer", "create_alert",
         {"asset": "ETH", "condition": "above"}),
        ("apr 30 to apy", "apr_to_apy", {}),
    ],
)  # fmt: skip
def test_no_objection(question: str, tool: str, arguments: dict[str, str]) -> None:
    object_to(question, TOOLS[tool], arguments, world())
