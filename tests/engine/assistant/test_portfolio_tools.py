"""What is owned and gained, against the arithmetic in world.py."""

from dataclasses import replace
from datetime import date

import pytest

from engine.assistant.phrases import plain_answer
from engine.assistant.tools import TOOLS
from engine.core.cards import ChartCard, QuoteCard
from engine.core.errors import KnownError
from tests.engine.assistant.world import (
    TRADES,
    ask,
    facts,
    figure,
    table,
    trade,
    world,
)


def test_value_and_weights() -> None:
    result = ask("portfolio_value")
    assert facts(result) == {
        "date": "2026-11-22",
        "total": "$70,000.00",
        "assets": "2",
        "BTC": "$40,000.00, 57.14 %",  # 40 / 70
        "ETH": "$30,000.00, 42.86 %",  # 30 / 70
    }
    assert table(result).rows == (
        ("BTC", "0.5", "$80,000.00", "$40,000.00", "57.14 %", "$10,000.00"),  # 40,000 − 30,000
        ("ETH", "12.5", "$2,400.00", "$30,000.00", "42.86 %", "$4,440.00"),  # 30,000 − 25,560
    )
    assert table(result).total == ("Total", "", "", "$70,000.00", "100.00 %", "$14,440.00")
    donut = next(card for card in result.cards if isinstance(card, ChartCard))
    assert donut.series[0].x == ("BTC", "ETH")
    assert donut.series[0].y == pytest.approx((400 / 7, 300 / 7))


def test_value_of_one_account() -> None:
    # 0.3 of the 0.5 BTC stayed on Kraken: 24,000 of its 24,000.
    assert facts(ask("portfolio_value", account="Kraken"))["BTC"] == "$24,000.00, 100.00 %"
    assert facts(ask("portfolio_value", account="Ledger"))["total"] == "$16,000.00"
    assert facts(ask("portfolio_value", account="Coinbase"))["total"] == "$30,000.00"


def test_value_of_a_past_day() -> None:
    # 0.5 × 80,000 + 12.5 × 3,000
    result = ask("portfolio_value", date="2026-11-20")
    assert facts(result)["total"] == "$77,500.00"
    assert facts(result)["date"] == "2026-11-20"


def test_an_asset_without_a_price_is_named_and_left_out() -> None:
    context = world((*TRADES, trade("2026-10-01", "buy", ("SOL", "2"), ("USD", "300"))))
    result = ask("portfolio_value", context)
    assert facts(result)["total"] == "$70,000.00"
    assert "SOL has no price in USD" in facts(result)["note"]
    assert ("SOL", "2", "–", "–", "–", "–") in table(result).rows


def test_nothing_left_is_a_value_of_zero() -> None:
    bought = trade("2026-01-10", "buy", ("BTC", "1"), ("USD", "40000"))
    sold = trade("2026-06-10", "sell", ("USD", "50000"), ("BTC", "1"))
    result = ask("portfolio_value", world((bought, sold)))
    assert facts(result)["total"] == "$0.00"
    assert facts(result)["assets"] == "0"


def test_position() -> None:
    assert facts(ask("position", asset="ETH")) == {
        "amount": "12.5 ETH",
        "value": "$30,000.00",
        "weight": "42.86 %",
        "price": "$2,400.00",
        "price of": "2026-11-22",
        "average cost": "$2,044.80",  # 25,560 / 12.5
        "unrealised": "+$4,440.00",
        "unrealised return": "+17.37 %",  # 4,440 / 25,560
    }


def test_position_on_one_account() -> None:
    found = facts(ask("position", asset="BTC", account="Ledger"))
    # The transfer took its cost along.
    assert (found["amount"], found["average cost"]) == ("0.2 BTC", "$60,000.00")


def test_position_of_a_coin_not_held() -> None:
    found = facts(ask("position", asset="DOGE"))
    assert found["amount"] == "0 DOGE"
    assert found["note"] == "You hold no DOGE."
    found = facts(ask("position", asset="ETH", account="Ledger"))
    assert found["note"] == "You hold no ETH on Ledger."


def test_profit_first_in_first_out_with_fees() -> None:
    result = ask("profit_loss")
    assert facts(result) == {
        # 119,700 − (40,100 + 60,000 / 2)
        "realised": "+$49,600.00",
        "income": "+$1,500.00",
        "unrealised now": "+$14,440.00",
        "total": "+$65,540.00",
    }
    assert table(result).rows == (
        ("BTC", "$49,600.00", "$10,000.00", "$0.00"),
        ("ETH", "$0.00", "$4,440.00", "$1,500.00"),
    )
    assert table(result).total == ("Total", "$49,600.00", "$14,440.00", "$1,500.00")


def test_profit_of_one_asset_kind_and_period() -> None:
    assert facts(ask("profit_loss", asset="ETH"))["total"] == "+$5,940.00"  # 0 + 1,500 + 4,440
    realised = facts(ask("profit_loss", kind="realised", period="2026-Q2"))
    assert realised == {"period": "2026-04-01 to 2026-06-30", "realised": "+$49,600.00"}
    later = facts(ask("profit_loss", kind="realised", period="2026-Q3"))
    assert (later["realised"], later["income"]) == ("$0.00", "+$1,500.00")
    assert facts(ask("profit_loss", kind="unrealised")) == {"unrealised now": "+$14,440.00"}


def test_a_period_shows_what_was_realised_in_it_and_nothing_else() -> None:
    result = ask("profit_loss", period="2026")
    assert facts(result) == {
        "period": "2026-01-01 to 2026-11-22",
        "realised": "+$49,600.00",
        "income": "+$1,500.00",
    }
    assert result.plain
    shown = table(result)
    assert shown.title == "Profit and loss, 2026"
    assert [column.title for column in shown.columns] == ["Asset", "Realised", "Income"]
    assert shown.total == ("Total", "$49,600.00", "$1,500.00")
    assert plain_answer(TOOLS["profit_loss"], result) == (
        "**Profit and loss, 2026**, 2026-01-01 to 2026-11-22: "
        "realised +$49,600.00; income +$1,500.00."
    )


def test_a_period_before_the_records_is_named() -> None:
    result = ask("profit_loss", period="2019")
    assert plain_answer(TOOLS["profit_loss"], result) == (
        "**Profit and loss, 2019**, 2019-01-01 to 2019-12-31: realised $0.00.\n\n"
        "Your records begin on 2026-01-10, after this period."
    )


def test_unrealised_gains_of_a_period_are_said_to_be_those_of_today() -> None:
    result = ask("profit_loss", period="2026", kind="unrealised")
    assert facts(result)["unrealised now"] == "+$14,440.00"
    assert "Unrealised gains are those of today, not of the period." in result.text


def test_a_loss_has_a_minus() -> None:
    dear = trade("2026-01-10", "buy", ("BTC", "1"), ("USD", "100000"))
    assert facts(ask("profit_loss", world((dear,))))["total"] == "-$20,000.00"


def test_best_and_worst_on_cost() -> None:
    assert facts(ask("best_worst")) == {
        "date": "2026-11-22",
        "best": "BTC",
        "return of best": "+33.33 %",  # 10,000 / 30,000
        "worst": "ETH",
        "return of worst": "+17.37 %",
    }


def test_best_and_worst_over_a_period() -> None:
    found = facts(ask("best_worst", period="4d"))  # from the close of 2026-11-18
    assert (found["best"], found["return of best"]) == ("BTC", "0.00 %")
    assert (found["worst"], found["return of worst"]) == ("ETH", "-4.00 %")  # 2,400 / 2,500


def test_best_and_worst_leave_out_what_has_no_price() -> None:
    cash = trade("2026-01-01", "deposit", ("USD", "500"), account="Bank")
    unpriced = trade("2026-10-01", "buy", ("SOL", "2"), ("USD", "300"))
    result = ask("best_worst", world((*TRADES, cash, unpriced)), period="4d")
    chart = next(card for card in result.cards if isinstance(card, ChartCard))
    assert chart.series[0].x == ("BTC", "ETH")


def test_return_of_a_price() -> None:
    # The close before three days is that of the 19th: 80,000 / 100,000 − 1.
    found = facts(ask("period_return", asset="BTC", period="3d"))
    assert found == {
        "period": "2026-11-19 to 2026-11-22",
        "return": "-20.00 %",
        "price at start": "$100,000.00",
        "price at end": "$80,000.00",
    }


def test_return_of_the_portfolio() -> None:
    # (0.5 × 80,000 + 12.5 × 2,400) / (0.5 × 80,000 + 12.5 × 2,500) − 1 = 70,000 / 71,250 − 1
    result = ask("period_return", period="4d")
    assert facts(result)["return"] == "-1.75 %"
    assert float(figure(result, "return")) == pytest.approx(100 * (70_000 / 71_250 - 1))


def test_money_coming_in_is_no_return() -> None:
    # One coin at 100 becomes two at 110: the price rose by 10 %, twice, whatever was bought.
    closes = {"BTC": ("100", "110", "121")}
    trades = (
        trade("2026-11-20", "buy", ("BTC", "1"), ("USD", "100")),
        trade("2026-11-21", "buy", ("BTC", "1"), ("USD", "100")),
    )
    found = facts(ask("period_return", world(trades, closes), period="2d"))
    assert found["return"] == "+21.00 %"


def test_the_portfolio_had_no_return_before_it_began() -> None:
    with pytest.raises(KnownError, match="only begins on 2026-01-10"):
        ask("period_return", period="2025")


def test_transactions() -> None:
    result = ask("transactions")
    assert facts(result)["count"] == "6"
    lines = result.text.splitlines()
    assert lines[6] == "2026-08-01 transfer 0.2 BTC (Kraken → Ledger)"
    assert lines[8] == "2026-06-10 sell $120,000.00 for 1.5 BTC (Kraken)"
    assert table(result).rows[2] == (
        "2026-06-10", "sell", "Kraken", "120,000 USD", "1.5 BTC", "300 USD",
    )  # fmt: skip


def test_transactions_of_an_asset_account_and_period() -> None:
    assert facts(ask("transactions", asset="ETH"))["count"] == "2"
    assert facts(ask("transactions", account="Ledger"))["count"] == "1"
    assert facts(ask("transactions", period="2026-Q1"))["count"] == "3"
    found = ask("transactions", asset="BTC", account="Kraken", period="2026-02")
    assert found.text.splitlines()[-1] == "2026-02-10 buy 1 BTC for $60,000.00 (Kraken)"
    assert facts(ask("transactions", asset="DOGE"))["count"] == "0"


def test_only_the_newest_fifty_are_listed() -> None:
    many = [
        trade(date.fromordinal(739_000 + n).isoformat(), "buy", ("BTC", "1"), ("USD", "1"))
        for n in range(60)
    ]
    result = ask("transactions", world(many))
    assert facts(result)["count"] == "60"
    assert len(table(result).rows) == 50
    assert table(result).rows[0][0] == date.fromordinal(739_059).isoformat()
    assert "newest 50" in table(result).method


@pytest.mark.parametrize(
    "tool", ["portfolio_value", "profit_loss", "best_worst", "transactions", "period_return"]
)
def test_without_a_portfolio(tool: str) -> None:
    with pytest.raises(KnownError, match="no portfolio yet"):
        ask(tool, world(()))


@pytest.mark.parametrize("tool", ["portfolio_value", "price"])
def test_the_future_is_not_known(tool: str) -> None:
    arguments = {"asset": "BTC"} if tool == "price" else {}
    with pytest.raises(KnownError, match="in the future"):
        ask(tool, date="2026-11-23", **arguments)
    with pytest.raises(KnownError, match="not a day"):
        ask(tool, date="soon", **arguments)


def test_without_prices() -> None:
    context = world(closes={})
    result = ask("portfolio_value", context)
    assert result.plain
    assert "$" not in result.text
    assert "Import a price history" in result.text
    with pytest.raises(KnownError, match="no USD prices for BTC"):
        ask("period_return", context, asset="BTC")
    with pytest.raises(KnownError, match="both a cost and a price"):
        ask("best_worst", context)


def test_prices_too_old_are_not_the_value_now() -> None:
    context = world(last=date(2026, 11, 1))
    assert ask("portfolio_value", context).plain
    assert facts(ask("portfolio_value", context, date="2026-11-01"))["total"] == "$70,000.00"


def test_the_simulated_portfolio_is_marked() -> None:
    simulated = replace(world(), simulated=True)
    for tool, arguments in (
        ("portfolio_value", {}),
        ("position", {"asset": "BTC"}),
        ("profit_loss", {}),
        ("volatility", {"asset": "BTC"}),
        ("what_if", {"asset": "ALL", "change_percent": "-10"}),
    ):
        for card in ask(tool, simulated, **arguments).cards:
            assert not isinstance(card, QuoteCard)
            assert card.simulated
        assert not any(getattr(card, "simulated", True) for card in ask(tool, **arguments).cards)
