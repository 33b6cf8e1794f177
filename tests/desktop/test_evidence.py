"""Which place on the cards a figure of an answer is said to come from."""

import pytest
from PySide6.QtGui import QTextCursor, QTextDocument

from desktop.chat.evidence import link_figures
from engine.core.cards import Column, FactsCard, TableCard

FACTS = FactsCard(
    "Facts",
    (
        ("assets", "5"),
        ("fee", "$5.00"),
        ("charge", "5.00 CHF"),
        ("share", "5 %"),
        ("held", "5 BTC"),
        ("since", "2024-01-05"),
        ("gain", "+$1,234.50"),
        ("staked", "0.25 ETH"),
    ),
    "",
    simulated=False,
)
TABLE = TableCard(
    "Table",
    (Column("Asset", "text"), Column("Amount", "amount")),
    (("SOL", "12.5"),),
    None,
    "",
    simulated=False,
)


def places(text: str) -> dict[str, str]:
    """The figures of a text that are marked, and the place named for each."""
    document = QTextDocument(text)
    link_figures(document, (FACTS, TABLE))
    found: dict[str, str] = {}
    for place in document.begin():
        fragment = place.fragment()
        tip = fragment.charFormat().toolTip()
        if tip:
            found[fragment.text()] = tip.removeprefix("<qt>").removesuffix("</qt>")
    return found


@pytest.mark.usefixtures("qapp")
@pytest.mark.parametrize(
    ("text", "figure", "place"),
    [
        ("You hold 5 assets.", "5", "Facts: assets"),
        ("The fee was $5.00.", "$5.00", "Facts: fee"),
        ("The fee was $5.", "$5", "Facts: fee"),
        ("The fee was 5 USD.", "5", "Facts: fee"),
        ("It cost 5.00 CHF.", "5.00", "Facts: charge"),
        ("That is 5% of it.", "5%", "Facts: share"),
        ("You hold 5.0 BTC.", "5.0", "Facts: held"),
        ("Since 2024-01-05.", "2024-01-05", "Facts: since"),
        ("You lost -$1234.50.", "-$1234.50", "Facts: gain"),
        # The unit is left out, the digits are those of the card.
        ("Gain: 1,234.50", "1,234.50", "Facts: gain"),
        ("Staked: 0.25", "0.25", "Facts: staked"),
        # The column of a table says what its amounts are of.
        ("You hold 12.5 SOL.", "12.5", "Table: SOL, Amount"),
    ],
)
def test_a_figure_is_found_by_its_value_and_unit(text: str, figure: str, place: str) -> None:
    assert places(text) == {figure: place}


@pytest.mark.usefixtures("qapp")
@pytest.mark.parametrize("text", ["€5.00", "1234.5 %", "$0.25", "$12.50", "0.25 %", "1234.50 EUR"])
def test_another_unit_is_another_figure(text: str) -> None:
    assert places(text) == {}


@pytest.mark.usefixtures("qapp")
def test_only_the_figure_is_marked() -> None:
    document = QTextDocument("5 BTC")
    assert link_figures(document, (FACTS,)) == 1
    cursor = QTextCursor(document)
    cursor.setPosition(1)
    assert cursor.charFormat().toolTip()
    cursor.setPosition(3)
    assert not cursor.charFormat().toolTip()
