"""Short questions that are settled before the router: figures, sentences, choices."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from engine.assistant.cancel import Cancel
from engine.assistant.decide import Decision, fixed_arguments
from engine.assistant.phrases import choice
from engine.assistant.tools.context import ToolContext
from engine.assistant.topics_settled import settle
from engine.assistant.turn import Assistant
from tests.engine.assistant.world import TRADES, trade, world

DEV = Path(__file__).parents[3] / "training" / "assistant"
ELSEWHERE = "another can be chosen under Portfolio → Tax."
EUROS = trade("2026-09-01", "deposit", ("EUR", "500"))


def settled(question: str, context: ToolContext | None = None) -> Decision:
    found = settle(question, context or world())
    assert isinstance(found, Decision)
    return found


def called(
    question: str, context: ToolContext | None = None
) -> tuple[str, dict[str, str | Decimal]]:
    decision = settled(question, context)
    assert decision.kind == "call"
    (option,) = decision.options
    return option.tool.name, fixed_arguments(option.slots)


@pytest.mark.parametrize(
    ("question", "name", "arguments"),
    [
        ("how much EUR do I have", "position", {"asset": "EUR"}),
        ("how many euros do I have on Kraken?", "position", {"asset": "EUR", "account": "Kraken"}),
        ("how much cash do I have", "position", {"asset": "EUR"}),
        ("my dollar balance", "position", {"asset": "USD"}),
        ("my biggest position", "portfolio_value", {}),
        ("what is my largest holding?", "portfolio_value", {}),
        (
            "how much BTC must I sell to get 20000 dollars",
            "sale_preview",
            {"asset": "BTC", "amount": Decimal("0.25")},  # at the last close, 80,000
        ),
    ],
)
def test_questions_with_one_answer(
    question: str, name: str, arguments: dict[str, str | Decimal]
) -> None:
    assert called(question, world((*TRADES, EUROS))) == (name, arguments)


def test_cash_in_two_currencies_is_a_choice() -> None:
    francs = trade("2026-09-02", "deposit", ("CHF", "20"))
    decision = settled("how much cash do I have", world((*TRADES, EUROS, francs)))
    assert decision.kind == "choose"
    assert [choice(o).label for o in decision.options] == [
        "Your position in CHF",
        "Your position in EUR",
    ]


@pytest.mark.parametrize(
    ("question", "labels"),
    [
        (
            "worst 3 days in 2025",
            ["The drawdowns of your portfolio (2025)", "The risk of your portfolio (2025)"],
        ),
        ("best day of BTC in 2025", ["The return (BTC, 2025)", "The risk of BTC (2025)"]),
        ("how much ETH did I stake", ["Your income (all)", "Your position in ETH"]),
    ],
)
def test_what_no_tool_answers_offers_what_comes_close(question: str, labels: list[str]) -> None:
    decision = settled(question)
    assert decision.kind == "choose"
    offered = [choice(option) for option in decision.options]
    assert [one.label for one in offered] == labels
    for one in offered:  # each can be run
        call = json.loads(one.key)
        outcome = Assistant(None, world, lambda event: None).run_call(
            1, 2, call, question, (), Cancel()
        )
        assert outcome.calls, outcome.text


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (
            "cost basis method",
            f"Costs are worked out first in, first out; {ELSEWHERE}",
        ),
        (
            "how stale are my prices?",
            "The prices in use, by coin: BTC, ETH of 2026-11-22. Today is 2026-11-22.",
        ),
        ("list my pending transfers", "No transfers wait to be confirmed."),
    ],
)
def test_questions_that_a_sentence_answers(question: str, answer: str) -> None:
    outcome = Assistant(None, world, lambda event: None).answer(1, 2, question, (), Cancel())
    assert (outcome.status, outcome.text, outcome.calls) == ("complete", answer, ())


def test_pending_transfers_are_named() -> None:
    out = trade("2026-09-01", "withdrawal", None, ("BTC", "0.1"))
    back = trade("2026-09-01", "deposit", ("BTC", "0.1"), account="Ledger")
    answer = settle("list my pending transfers", world((*TRADES, out, back)))
    assert answer == (
        "1 transfer waits for your word under Portfolio → Accounts:\n\n"
        "- 2026-09-01: BTC from Kraken to Ledger"
    )


def test_the_age_of_a_price_that_is_missing() -> None:
    answer = settle("how old are my prices", world(closes={"BTC": ("80000",)}))
    assert isinstance(answer, str)
    assert "ETH missing" in answer


@pytest.mark.parametrize(
    "question", ["how much must I sell to get 5000 dollars", "how many SOL must I sell to get 500"]
)
def test_a_sale_for_a_sum_says_what_it_lacks(question: str) -> None:
    assert isinstance(settle(question, world()), str)


@pytest.mark.parametrize(
    "question",
    [
        "how much money did I make",
        "what is my portfolio worth",
        "what is cost basis",
        "how much did I sell BTC for",
        "show my transfers",
        "best performer in the last 3 days",
    ],
)
def test_other_questions_are_left_alone(question: str) -> None:
    assert settle(question, world()) is None


def test_no_question_the_router_is_measured_with_is_settled() -> None:
    texts = [
        json.loads(line)["text"]
        for path in sorted(DEV.glob("dev*.jsonl"))
        for line in path.read_text("utf-8").splitlines()
    ]
    assert [text for text in texts if settle(text, world()) is not None] == []
