"""The text beside the cards of an analysis: what was asked for, the method, the notes."""

import pytest

from engine.assistant.analyses import ANALYSES
from engine.assistant.grounding import ground, unsupported
from engine.assistant.summary import summary
from engine.assistant.tools import TOOLS
from tests.engine.assistant.shelf import run
from tests.engine.assistant.test_analyses import LONG
from tests.engine.assistant.world import ask, world


def said(name: str, question: str, **arguments: object) -> str:
    """The summary of an analysis of the hand-made portfolio, whose numbers are all figures."""
    result = run(name, **arguments)  # type: ignore[arg-type]
    text = summary(ANALYSES[name].tool, result, question)
    assert not unsupported(ground(text, result.figures))
    return text


def test_the_headline_the_method_and_no_list() -> None:
    text = said("sale_preview", "what would I gain if I sold everything", asset="ALL")
    assert text == (
        "**If you sold everything**: gain +$14,440.00; gain on coins held short +$14,440.00; gain "
        "on coins held long $0.00. First in, first out, each coin by itself at its last close."
    )


@pytest.mark.parametrize(
    ("question", "label"),
    [
        ("sharpe ratio of ETH", "Sharpe ratio"),
        ("the maximum drawdown and volatility", "maximum drawdown"),
        ("value at risk", "1-day VaR 95 %, historical"),
        ("how long was it under water", "longest time under water"),
    ],
)
def test_the_figure_of_the_question_is_there(question: str, label: str) -> None:
    result = run("risk_board", world(closes=LONG))
    text = summary(ANALYSES["risk_board"].tool, result, question)
    assert label in text
    assert "annualised volatility" in text
    assert "ulcer index" not in text


def test_notes_are_kept_whole() -> None:
    text = said("lots_held", "lots of DOGE", asset="DOGE")
    assert text.endswith("You hold no lots of DOGE; there are some of BTC, ETH.")


def test_without_a_card_of_facts_it_is_the_plain_answer() -> None:
    text = summary(TOOLS["portfolio_value"], ask("portfolio_value"), "what is it worth")
    assert "- Total: $70,000.00" in text
