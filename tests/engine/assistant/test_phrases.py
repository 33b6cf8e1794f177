"""What the assistant itself says: questions, choices, plain answers, the risk notice."""

from decimal import Decimal

import pytest

from engine.assistant import phrases
from engine.assistant.calls import parse_call
from engine.assistant.candidates import Slots
from engine.assistant.decide import Option
from engine.assistant.grounding import ground, unsupported
from engine.assistant.notice import NOTICE, risk_notice
from engine.assistant.tools import TOOLS
from tests.engine.assistant.world import alarm, ask, world


def option(tool: str, *missing: str, **values: str | Decimal) -> Option:
    return Option(TOOLS[tool], Slots({n: (v,) for n, v in values.items()}, missing), 0.3)


def test_there_is_a_question_for_every_required_argument() -> None:
    for tool in TOOLS.values():
        for param in tool.parameters:
            if param.required:
                assert phrases.ask_for(option(tool.name, param.name)).endswith("?")


@pytest.mark.parametrize(
    ("chosen", "label"),
    [
        (option("price", asset="BTC"), "The price of BTC"),
        (option("price", asset="BTC", date="2026-01-05"), "The price of BTC (2026-01-05)"),
        (option("volatility"), "The volatility"),
        (option("volatility", asset="ETH", period="30d"), "The volatility (ETH, 30d)"),
        (option("transactions", period="2024-01-05..2024-02-10"),
         "Your transactions (2024-01-05 to 2024-02-10)"),
        (option("what_if", asset="ALL", change_percent=Decimal("-30.0")),
         "What happens if everything changes by -30 %"),
        (option("what_if", asset="BTC", change_percent=Decimal(30)),
         "What happens if BTC changes by +30 %"),
        (option("create_alert", asset="BTC", condition="down_percent", value=Decimal(5)),
         "An alert when BTC falls within 24 hours by 5 %"),
        (option("create_alert", asset="ETH", condition="above", value=Decimal(5000)),
         "An alert when ETH rises above 5000"),
        (option("explain_term", term="staking"), "What “staking” means"),
        (option("portfolio_value", account="{a} %s"), "What your portfolio is worth ({a} %s)"),
    ],
)  # fmt: skip
def test_a_choice_is_labelled_and_carries_its_call(chosen: Option, label: str) -> None:
    choice = phrases.choice(chosen)
    assert choice.label == label
    tool, arguments = parse_call(choice.key, TOOLS)
    assert tool is chosen.tool
    assert arguments == {n: v[0] for n, v in chosen.slots.values.items()}


def test_every_tool_can_be_chosen() -> None:
    for tool in TOOLS.values():
        label = phrases.choice(option(tool.name)).label
        assert label[0].isupper()
        assert "{" not in label


def test_plain_answers_show_every_line_of_the_result() -> None:
    results = {
        "portfolio_value": ask("portfolio_value"),
        "what_if": ask("what_if", asset="BTC", change_percent="-30"),
        "list_alerts": ask("list_alerts", world(alerts=[alarm("BTC", "above", Decimal(5))])),
        "transactions": ask("transactions"),
    }
    for name, result in results.items():
        text = phrases.plain_answer(TOOLS[name], result)
        title, *lines = result.text.splitlines()
        assert text.startswith(f"**{title}**\n")
        assert all(line[1:] in text for line in lines)
        assert not unsupported(ground(text, result.figures))


def test_a_plain_explanation_cites_its_source() -> None:
    text = phrases.plain_answer(TOOLS["explain_term"], ask("explain_term", term="airdrop"))
    assert text.endswith("\n\n— Assay glossary, “Airdrop”")
    nothing = phrases.plain_answer(TOOLS["explain_term"], ask("explain_term", term="zzyzx"))
    assert nothing == "There is no entry for “zzyzx” in Assay's glossary."


@pytest.mark.parametrize(
    "question",
    [
        "should I buy bitcoin",
        "is now a good time to get in",
        "do you recommend eth",
        "sell or keep?",
        "SHOULD I HODL",
        "how should i rebalance",
        "is it worth buying",
        "time to take profits?",
    ],
)
def test_advice_gets_a_notice(question: str) -> None:
    assert risk_notice(question, "I cannot say.", None) == NOTICE
    assert risk_notice(question, "BTC is at $80,000.00.", TOOLS["price"]) == NOTICE


def test_tools_that_can_be_read_as_advice_get_a_notice() -> None:
    for name in ("what_if", "volatility", "max_drawdown", "correlation", "period_return",
                 "compound_growth", "impermanent_loss"):  # fmt: skip
        assert risk_notice("and eth?", "…", TOOLS[name]) == NOTICE


@pytest.mark.parametrize("tool", ["portfolio_value", "price", "explain_term", "list_alerts"])
def test_facts_get_none(tool: str) -> None:
    assert risk_notice("what is my portfolio worth", "It is worth $1.", TOOLS[tool]) == ""


def test_advice_in_the_models_own_words_gets_a_notice() -> None:
    assert risk_notice("hello", "You could sell some of it.", None) == NOTICE
    assert risk_notice("hello", "Hello, I am Assay.", None) == ""
    # A glossary entry that mentions selling is no advice.
    assert risk_notice("what is an order", "An order to sell is …", TOOLS["explain_term"]) == ""
