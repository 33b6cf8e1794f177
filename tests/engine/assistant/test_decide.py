"""What to do with a question, under a router whose opinion is known."""

import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, cast

import pytest

from engine.assistant.decide import Decision, Scores, decide, fixed_arguments
from engine.assistant.follow import is_follow_up
from engine.assistant.prompting import Exchange
from engine.assistant.recognise import Recognised
from engine.assistant.router import NO_TOOL, Router, default_router
from engine.assistant.tools import TOOLS
from tests.engine.assistant.opinions import logs, opinion
from tests.engine.assistant.world import world


def told(
    text: str,
    router: Router,
    history: Sequence[Exchange] = (),
    model: Scores | None = None,
) -> Decision:
    return decide(text, history, world(), router, lambda names: model)


def called(tool: str, **arguments: Any) -> Exchange:
    return Exchange("earlier", {"name": tool, "arguments": arguments}, "an answer")


def only(decision: Decision) -> tuple[str, dict[str, str | Decimal]]:
    """The call decided on."""
    assert decision.kind == "call"
    (option,) = decision.options
    return option.tool.name, fixed_arguments(option.slots)


def test_a_sure_router_is_followed() -> None:
    decision = told("how wild is btc", opinion(volatility=0.95))
    assert only(decision) == ("volatility", {"asset": "BTC"})
    assert decision.options[0].probability > 0.9


@pytest.mark.parametrize(
    ("tool", "text", "missing"),
    [
        ("create_alert", "please set one of those alerts for me", "asset"),
        ("what_if", "and if bitcoin were to drop one day", "change_percent"),
        ("correlation", "how closely does btc follow other things", "asset_b"),
    ],
)
def test_a_missing_argument_is_asked_for(tool: str, text: str, missing: str) -> None:
    decision = told(text, opinion(**{tool: 0.99}))
    assert decision.kind == "ask"
    (option,) = decision.options
    assert option.tool.name == tool
    assert option.slots.missing[0] == missing


def test_the_unsure_offer_a_choice_of_calls_that_are_possible() -> None:
    router = opinion(volatility=0.25, max_drawdown=0.24, correlation=0.23, position=0.22)
    decision = told("tell me more of how btc has been lately", router)
    assert decision.kind == "choose"
    assert [o.tool.name for o in decision.options][:2] == ["volatility", "max_drawdown"]
    assert 2 <= len(decision.options) <= 3
    assert all(not option.slots.missing for option in decision.options)
    assert "correlation" not in [o.tool.name for o in decision.options]  # lacks a second coin


def test_talk_is_answered_with_talk() -> None:
    for kind in NO_TOOL:
        decision = told("and so it goes in the town of my youth", opinion(**{kind: 0.97}))
        assert (decision.kind, decision.reply) == ("reply", kind)


def test_a_tool_that_would_ignore_what_was_said_loses() -> None:
    router = opinion(portfolio_value=0.45, what_if=0.42)
    assert only(told("my portfolio if btc falls 30%", router))[0] == "what_if"
    router = opinion(position=0.45, correlation=0.42)
    assert only(told("btc with eth", router))[0] == "correlation"


def test_the_model_has_a_say() -> None:
    router = opinion(volatility=0.5, max_drawdown=0.4)
    model = {**logs(max_drawdown=0.98), "": math.log(0.01)}
    assert only(told("how bad has btc been", router, model=model))[0] == "max_drawdown"
    silent = {**logs(), "": math.log(0.999)}
    chat = told("how bad has it all been", opinion(chat=0.5, volatility=0.45), model=silent)
    assert chat.reply == "chat"


def test_the_model_cannot_name_a_tool_there_is_not() -> None:
    asked: list[Sequence[str]] = []

    def model(names: Sequence[str]) -> Scores:
        asked.append(names)
        return {**logs(price=0.9), "transfer_all": 0.0, "": math.log(0.05)}

    decision = decide("btc", [], world(), opinion(price=0.9), model)
    assert asked == [tuple(TOOLS)]
    assert decision.options[0].tool.name in TOOLS


@pytest.mark.parametrize(
    "text",
    ["and eth?", "what about the last year", "same for sol", "only kraken", "over 30 days",
     "is it risky", "how correlated are they with it"],
)  # fmt: skip
def test_follow_ups(text: str) -> None:
    assert is_follow_up(text)


@pytest.mark.parametrize(
    "text",
    ["how volatile was bitcoin over the last year", "please list all my transactions on kraken",
     "what happens to my portfolio if bitcoin falls by half"],
)  # fmt: skip
def test_fresh_questions(text: str) -> None:
    assert not is_follow_up(text)


def test_a_follow_up_inherits() -> None:
    history = [called("volatility", asset="BTC", period="30d")]
    decision = told("and eth?", opinion(volatility=0.9), history)
    assert only(decision) == ("volatility", {"asset": "ETH", "period": "30d"})


def test_a_follow_up_may_widen_to_the_whole_portfolio() -> None:
    history = [called("volatility", asset="BTC", period="30d")]
    decision = told("and the whole portfolio?", opinion(volatility=0.9), history)
    assert only(decision) == ("volatility", {"period": "30d"})


def test_a_fresh_question_inherits_nothing() -> None:
    history = [called("period_return", asset="BTC", period="30d")]
    text = "what has the performance of all my holdings been like since last january"
    _, arguments = only(told(text, opinion(period_return=0.95), history))
    assert "asset" not in arguments


def test_the_values_asked_for_complete_the_question() -> None:
    history = [Exchange("what if bitcoin drops", None, "By how many percent?")]
    decision = told("30 percent", opinion(what_if=0.9), history)
    assert only(decision) == ("what_if", {"asset": "BTC", "change_percent": Decimal(-30)})


@pytest.mark.parametrize(
    ("before", "text", "tool", "changed"),
    [
        (called("position", asset="BTC"), "what was it worth on 1 march 2026", "price",
         {"asset": "BTC", "date": "2026-03-01"}),
        (called("portfolio_value"), "what was it worth on 1 march 2026", "portfolio_value",
         {"date": "2026-03-01"}),
        (called("correlation", asset_a="BTC", asset_b="ETH", period="1y"), "and versus cardano?",
         "correlation", {"asset_a": "BTC", "asset_b": "ADA", "period": "1y"}),
        (called("compound_growth", amount=Decimal(900), rate_percent=Decimal(7), years=Decimal(8)),
         "what if the rate were only four percent", "compound_growth",
         {"amount": 900, "rate_percent": 4, "years": 8}),
        (called("impermanent_loss", price_change_percent=Decimal(100)),
         "and i put in 4k, what's that in money", "impermanent_loss",
         {"price_change_percent": 100, "amount": 4000}),
        (called("what_if", asset="BTC", change_percent=Decimal(-20)), "double that pain", "what_if",
         {"asset": "BTC", "change_percent": -40}),
        (called("portfolio_value"), "and in euros?", "portfolio_value", {}),
        (called("explain_term", term="apr"), "and APY?", "explain_term", {"term": "apy"}),
    ],
)  # fmt: skip
def test_a_text_leans_on_the_call_before(
    before: Exchange, text: str, tool: str, changed: dict[str, object]
) -> None:
    unsure = opinion(portfolio_value=0.3, volatility=0.3, what_if=0.3)
    assert only(told(text, unsure, [before])) == (tool, changed)


@pytest.mark.parametrize(
    "text",
    [
        "at what price will ETH trade at the end of 2027?",
        "wats teh pirce of eth gona b nxt mnth",
        "price of btc in 2030",
        "eth price tomorrow",
    ],
)
def test_prices_to_come_are_not_told(text: str) -> None:
    decision = told(text, opinion(price=0.95))
    assert (decision.kind, decision.reply) == ("reply", "refuse")


def test_prices_of_the_past_are_told() -> None:
    text = "i was going to sell, what was btc at on 1 march 2026"
    assert only(told(text, opinion(price=0.95)))[1] == {"asset": "BTC", "date": "2026-03-01"}


def test_a_call_of_a_tool_that_is_gone_does_no_harm() -> None:
    history = [called("tax_report", year="2024")]
    assert only(told("and eth?", opinion(price=0.95), history)) == ("price", {"asset": "ETH"})


# The router that is shipped, on questions nobody could get wrong.
@pytest.mark.parametrize(
    ("text", "tool", "arguments"),
    [
        ("what is my portfolio worth", "portfolio_value", {}),
        ("how much btc do i have", "position", {"asset": "BTC"}),
        ("what is my total profit", "profit_loss", {}),
        ("what are my best and worst positions", "best_worst", {}),
        ("portfolio return over the last 30 days", "period_return", {"period": "30d"}),
        ("how volatile is eth", "volatility", {"asset": "ETH"}),
        ("max drawdown of bitcoin in 2025", "max_drawdown", {"asset": "BTC", "period": "2025"}),
        ("correlation of btc and eth", "correlation", {"asset_a": "BTC", "asset_b": "ETH"}),
        ("what if bitcoin drops 30%", "what_if", {"asset": "BTC", "change_percent": Decimal(-30)}),
        ("convert 10% apr to apy", "apr_to_apy", {"rate_percent": Decimal(10)}),
        ("impermanent loss if the price doubles", "impermanent_loss",
         {"price_change_percent": Decimal(100)}),
        ("alert me when btc goes above 100k", "create_alert",
         {"asset": "BTC", "condition": "above", "value": Decimal(100_000)}),
        ("which alerts do i have", "list_alerts", {}),
        ("what is staking", "explain_term", {"term": "staking"}),
        ("price of ethereum", "price", {"asset": "ETH"}),
        ("show my recent transactions", "transactions", {}),
    ],
)  # fmt: skip
def test_plain_questions(text: str, tool: str, arguments: dict[str, str | Decimal]) -> None:
    assert only(told(text, default_router())) == (tool, arguments)


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("hello", "chat"),
        ("what can you do", "chat"),
        ("should i buy bitcoin now", "refuse"),
        ("will eth moon next week", "refuse"),
        ("write me a poem about the sea", "off_topic"),
        ("what is the weather like today", "off_topic"),
    ],
)
def test_plain_talk(text: str, reply: str) -> None:
    decision = told(text, default_router())
    assert (decision.kind, decision.reply) == ("reply", reply)


@pytest.mark.parametrize(
    ("text", "tool"),
    [
        ("set an alert", "create_alert"),
        ("alert me about bitcoin", "create_alert"),
        ("what if bitcoin drops", "what_if"),
        ("correlation of btc", "correlation"),
        ("convert apr to apy", "apr_to_apy"),
    ],
)
def test_plain_questions_that_lack_a_value(text: str, tool: str) -> None:
    decision = told(text, default_router())
    assert decision.kind == "ask"
    assert decision.options[0].tool.name == tool


def test_a_fresh_question_after_a_question_back() -> None:
    history = [Exchange("set an alert", None, "Which coin do you mean?")]
    decision = told("what is my portfolio worth", default_router(), history)
    assert only(decision) == ("portfolio_value", {})


def test_incomplete_questions_in_a_row_cost_no_more_than_one() -> None:
    asked = []
    inner = opinion(create_alert=0.5, compound_growth=0.4)

    class Counting:
        def log_probabilities(self, found: Recognised, before: str | None) -> dict[str, float]:
            asked.append(before)
            return inner.log_probabilities(found, before)

    texts = ("set an alert", "compound interest calculator", "convert apr to apy") * 4
    history = [Exchange(text, None, "?") for text in texts]
    told("set an alert", cast(Router, Counting()), history)
    assert len(asked) < 20


@pytest.mark.parametrize(
    ("text", "period"),
    [("show BTC price in Q2 2025", "2025-Q2"), ("bitcoin price in march 2026", "2026-03")],
)
def test_a_price_over_a_period_is_that_of_its_closes(text: str, period: str) -> None:
    decision = told(text, opinion(price=0.95))
    (option,) = decision.options
    assert (decision.kind, option.tool.name) == ("call", "price_extremes")
    assert fixed_arguments(option.slots) == {"asset": "BTC", "period": period}
