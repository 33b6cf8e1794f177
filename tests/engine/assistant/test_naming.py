"""Figures are put to the coins, conditions and titles they belong to."""

from decimal import Decimal

import pytest

from engine.assistant.naming import names_agree
from engine.assistant.tools.base import Figure, ToolResult
from tests.engine.assistant.world import ask

OWNED = ("BTC", "ETH", "OP")
VALUE = ask("portfolio_value")
WHAT_IF = ask("what_if", asset="BTC", change_percent="-30")
ALERT = ask("create_alert", asset="BTC", condition="below", value="50000")
TERM = ask("explain_term", term="airdrop")


@pytest.mark.parametrize(
    ("result", "text"),
    [
        (VALUE, "You have $70,000.00, most of it in BTC (57.14 %)."),
        (VALUE, "BTC is 57.14 % and ETH is 42.86 %."),
        (VALUE, "Bitcoin is worth $40,000.00. Ethereum is worth $30,000.00."),
        (VALUE, "It is worth $70,000.00."),
        (WHAT_IF, "BTC would fall by $12,000.00 to $28,000.00."),
        (ALERT, "Draft: BTC falls below $50,000.00."),
        (TERM, "An airdrop is a free distribution of tokens."),
    ],
)
def test_right_names(result: ToolResult, text: str) -> None:
    assert names_agree(text, "", result, OWNED)


@pytest.mark.parametrize(
    ("result", "text"),
    [
        (VALUE, "ETH is the largest with 57.14 %."),
        (VALUE, "BTC is 42.86 % and ETH is 57.14 %."),
        (VALUE, "You have $70,000.00 in BTC and SOL."),
        (WHAT_IF, "ETH would fall by $12,000.00."),
        (ALERT, "Draft: BTC rises above $50,000.00."),
        (TERM, "Staking locks coins up."),
    ],
)
def test_wrong_names(result: ToolResult, text: str) -> None:
    assert not names_agree(text, "", result, OWNED)


def test_coins_of_the_question_may_be_named() -> None:
    assert names_agree("SOL is not part of it.", "what about sol", VALUE, OWNED)
    assert not names_agree("SOL is not part of it.", "what about ada", VALUE, OWNED)


GAINS = ToolResult(
    "Profit and loss",
    (),
    (
        Figure("realised", Decimal("3206.24"), "+$3,206.24"),
        Figure("income", Decimal("977.99"), "+$977.99"),
        Figure("unrealised now", Decimal("26863"), "+$26,863.00"),
        Figure("total", Decimal("31047.23"), "+$31,047.23"),
    ),
)


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("Realised +$3,206.24, income +$977.99, unrealised +$26,863.00.", True),
        ("You made $3,206.24 realised and $977.99 of income.", True),
        ("Altogether $31,047.23, of which $26,863.00 is on paper.", True),
        ("You are up $31,047.23.", True),
        ("You realised a gain of +$977.99.", False),
        ("Your unrealised gain is +$3,206.24.", False),
        ("In total you are up $26,863.00.", False),
    ],
)
def test_a_figure_stands_beside_its_own_measure(text: str, fits: bool) -> None:
    assert names_agree(text, "", GAINS, OWNED) is fits
