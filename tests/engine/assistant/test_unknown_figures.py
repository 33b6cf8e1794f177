"""What cannot be computed is said, never shown as zero and never left out without a word."""

import pytest

from engine.assistant.tools.base import ToolResult
from engine.assistant.tools.context import ToolContext
from engine.core.cards import TableCard
from engine.core.errors import KnownError
from tests.engine.assistant.test_tool_figures import check
from tests.engine.assistant.world import TRADES, ask, facts, table, trade, world

SHIB = trade("2026-05-01", "buy", ("SHIB", "1000000"), ("USD", "1000"))
UNPRICED = world((*TRADES, SHIB))


def notes(result: ToolResult) -> str:
    """The notes of a result, each of whose numbers must be a figure."""
    check(result)
    return "\n".join(line for line in result.text.splitlines() if line.startswith("note: "))


def test_the_gain_of_a_coin_without_a_price_is_not_zero() -> None:
    result = ask("profit_loss", UNPRICED, asset="SHIB")
    assert result.plain
    assert not result.headline
    assert facts(result) == {
        "realised": "$0.00",  # nothing was sold
        "note": "SHIB has no price in USD; it is not in the total.",
    }
    assert table(result).rows == (("SHIB", "–", "–", "–"),)
    assert table(result).total == ("Total", "$0.00", "–", "$0.00")
    unrealised = ask("profit_loss", UNPRICED, asset="SHIB", kind="unrealised")
    assert set(facts(unrealised)) == {"note"}


def test_the_gain_of_a_sale_without_a_purchase_is_not_zero() -> None:
    sold = trade("2026-06-01", "sell", ("USD", "90"), ("DOT", "7"))
    context = world((*TRADES, sold))
    result = ask("profit_loss", context, asset="DOT", kind="realised")
    assert result.plain
    assert set(facts(result)) == {"note"}
    assert "7 DOT left Kraken" in notes(result)
    assert table(result).total == ("Total", "–", "–", "$0.00")
    # In a month without a sale there was none.
    assert facts(ask("profit_loss", context, asset="DOT", kind="realised", period="2026-07"))[
        "realised"
    ] == ("$0.00")
    assert ("DOT", "–", "–", "–") in table(ask("profit_loss", context)).rows


def test_income_does_not_make_an_unknown_sale_a_gain_of_zero() -> None:
    earned = trade("2026-06-02", "income", ("DOT", "1"), worth="12")
    sold = trade("2026-06-01", "sell", ("USD", "90"), ("DOT", "7"))
    result = ask("profit_loss", world((*TRADES, sold, earned)), asset="DOT")
    assert facts(result)["income"] == "+$12.00"
    assert "realised" not in facts(result)
    assert "total" not in facts(result)


def test_the_gain_of_the_portfolio_names_what_is_left_out() -> None:
    result = ask("profit_loss", UNPRICED)
    assert facts(result)["total"] == "+$65,540.00"  # as without SHIB
    assert not result.plain
    assert "Left out: SHIB (no price, or not known what it cost)." in notes(result)
    assert ("SHIB", "–", "–", "–") in table(result).rows
    nothing = ask("profit_loss", world(closes={}), kind="unrealised")
    assert nothing.plain
    assert "unrealised now" not in facts(nothing)
    assert "Left out: BTC, ETH" in notes(nothing)


def test_the_notes_on_a_coin_are_its_own() -> None:
    context = world(
        (
            *TRADES,
            trade("2026-10-02", "withdrawal", None, ("AAVE", "2")),
            trade("2026-10-02", "withdrawal", None, ("ADA", "1250")),
            trade("2026-10-03", "deposit", ("ZRX", "9")),
        )
    )
    said = notes(ask("profit_loss", context, asset="ZRX"))
    assert "9 ZRX came into Kraken" in said
    assert "ZRX has no price" in said
    assert "ADA" not in said
    assert "AAVE" not in said
    assert not notes(ask("profit_loss", context, asset="ETH"))
    assert not ask("profit_loss", context, asset="ETH").plain


def test_cash_is_no_gap_in_a_gain() -> None:
    bank = (
        trade("2026-01-01", "deposit", ("EUR", "10"), account="Bank"),
        trade("2026-01-02", "withdrawal", None, ("EUR", "500"), account="Bank"),
    )
    assert not notes(ask("profit_loss", world((*TRADES, *bank))))


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("best_worst", {}),
        ("best_worst", {"period": "4d"}),
        ("period_return", {"period": "4d"}),
        ("volatility", {"period": "4d"}),
        ("max_drawdown", {"period": "4d"}),
        ("what_if", {"asset": "ALL", "change_percent": "-30"}),
        ("what_if", {"asset": "BTC", "change_percent": "-30"}),
    ],
)
def test_figures_of_the_portfolio_say_what_they_leave_out(
    tool: str, arguments: dict[str, str]
) -> None:
    assert "Left out: SHIB (" in notes(ask(tool, UNPRICED, **arguments))
    assert "Left out" not in notes(ask(tool, **arguments))


def test_many_coins_left_out_are_counted() -> None:
    coins = [trade("2026-05-01", "buy", (f"X{letter}", "1"), ("USD", "1")) for letter in "ABCDEFGH"]
    result = ask("what_if", world((*TRADES, *coins)), asset="ALL", change_percent="5")
    assert "Left out: XA, XB, XC, XD, XE, XF and 2 more (no price)." in notes(result)


@pytest.mark.parametrize("tool", ["period_return", "volatility", "max_drawdown"])
def test_a_portfolio_without_prices_has_no_return(tool: str) -> None:
    with pytest.raises(KnownError, match="no return can be computed"):
        ask(tool, world((SHIB,)))


PART = world(
    (
        trade("2026-01-01", "deposit", ("BTC", "9")),
        trade("2026-01-02", "buy", ("BTC", "1"), ("USD", "50000")),
    )
)


def test_a_position_says_of_how_much_its_cost_is() -> None:
    result = ask("position", PART, asset="BTC")
    found = facts(result)
    assert (found["amount"], found["average cost"]) == ("10 BTC", "$50,000.00")
    assert found["unrealised return"] == "+60.00 %"  # 80,000 / 50,000 − 1
    assert "are about 1 of the 10 BTC" in notes(result)
    assert "9 BTC came into Kraken" in notes(result)
    assert result.plain


def test_a_position_that_is_wholly_known_has_no_notes() -> None:
    result = ask("position", asset="BTC")
    assert not notes(result)
    assert not result.plain


def test_a_position_without_a_price_says_so() -> None:
    assert "SHIB has no price in USD" in notes(ask("position", UNPRICED, asset="SHIB"))


def below_zero() -> ToolContext:
    return world((*TRADES, trade("2026-11-01", "withdrawal", None, ("BTC", "1"))))


def test_a_holding_below_zero_is_not_called_none() -> None:
    result = ask("position", below_zero(), asset="BTC")
    assert result.plain
    assert facts(result)["amount"] == "-0.5 BTC"
    missing = "The records hold -0.5 BTC: earlier purchases are missing, so it is in no total."
    assert missing in notes(result)
    assert "You hold no" not in result.text
    with pytest.raises(KnownError, match=r"records hold -0\.5 BTC"):
        ask("what_if", below_zero(), asset="BTC", change_percent="-30")
    gain = ask("profit_loss", below_zero(), asset="BTC")
    assert gain.plain
    assert facts(gain)["realised"] == "+$49,600.00"
    assert "total" not in facts(gain)


def test_what_if_tells_no_price_from_not_held() -> None:
    with pytest.raises(KnownError, match=r"hold SHIB, but there is no fresh price"):
        ask("what_if", world((SHIB,)), asset="SHIB", change_percent="-30")
    with pytest.raises(KnownError, match="You hold no DOGE"):
        ask("what_if", UNPRICED, asset="DOGE", change_percent="-30")


def test_tables_keep_their_columns() -> None:
    for arguments in ({}, {"asset": "SHIB"}):
        card = ask("profit_loss", UNPRICED, **arguments).cards[0]
        assert isinstance(card, TableCard)
        assert [column.title for column in card.columns] == [
            "Asset", "Realised", "Unrealised now", "Income",
        ]  # fmt: skip


def test_prices_of_some_days_are_enough_for_a_history() -> None:
    bought = (trade("2026-11-10", "buy", ("BTC", "1"), ("USD", "40000")),)
    history = world(bought, closes={"BTC": ("80000", "100000")}).history_of("30d")
    assert list(history.values[-3:]) == [0, 80_000, 100_000]
    with pytest.raises(KnownError, match="Nothing that was held in this period has a price"):
        world(bought, closes={}).history_of("30d")
