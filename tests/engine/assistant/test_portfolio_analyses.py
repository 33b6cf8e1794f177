"""Growth, movers, rebalancing, the tax year and sums of transactions, worked out by hand."""

from dataclasses import replace
from decimal import Decimal

import pytest

from engine.core.cards import TableCard
from engine.core.errors import KnownError
from engine.ledger.methods import CostBasis
from tests.engine.assistant.shelf import Shelf, chart, run, table, with_shelf
from tests.engine.assistant.world import TRADES, facts, trade, world

BUYS = (
    trade("2026-11-18", "buy", ("BTC", "1"), ("USD", "80000")),
    replace(trade("2026-11-19", "buy", ("BTC", "1"), ("USD", "100000")), tag="dca"),
)


def test_growth_is_what_came_of_what_was_paid_in() -> None:
    """180,000 became 160,000. TWR: 200/180 on the second day, then × 0.8 × 1.25 × 0.8 = 8/9."""
    result = run("growth", world(BUYS))
    found = facts(result)
    assert found["paid in"] == "$180,000.00"
    assert found["value"] == "$160,000.00"
    assert found["gain"] == "-$20,000.00"
    assert found["time-weighted return (TWR)"] == "-11.11 %"
    assert "There is no XIRR for less than 30 days" in result.text
    value, paid = chart(result).series
    assert value.y == (80_000, 200_000, 160_000, 200_000, 160_000)
    assert paid.y == (80_000, 180_000, 180_000, 180_000, 180_000)
    assert table(result).rows[0][:4] == ("BTC", "$180,000.00", "$160,000.00", "-$20,000.00")


def test_growth_of_one_part() -> None:
    """The coin bought at 100,000 and worth 80,000."""
    assert facts(run("growth", world(BUYS), tag="dca"))["gain"] == "-$20,000.00"
    assert facts(run("growth", world(BUYS), asset="BTC"))["value"] == "$160,000.00"
    assert facts(run("growth", world(BUYS), account="Kraken"))["value"] == "$160,000.00"
    assert table(run("growth", world(BUYS), by="account"), "By account").rows[0][0] == "Kraken"
    with pytest.raises(KnownError, match="No transaction is about SOL"):
        run("growth", world(BUYS), asset="SOL")


def test_movers_of_the_last_day() -> None:
    """0.5 BTC lost 20,000 each, 12.5 ETH 600 each: 17,500 of 87,500."""
    result = run("movers")
    found = facts(result)
    assert (found["gain of all"], found["change"]) == ("-$17,500.00", "-20.00 %")
    assert found["fell most"] == "BTC"
    assert "rose most" not in found
    assert table(result).rows == (
        ("BTC", "-$10,000.00", "-20.00 %", "-11.43 %", "$40,000.00"),
        ("ETH", "-$7,500.00", "-20.00 %", "-8.57 %", "$30,000.00"),
    )


def test_movers_go_back_to_the_newest_close() -> None:
    result = run("movers", world(last=TRADES[-1].time.date().replace(month=11, day=20)))
    assert facts(result)["period"] == "2026-11-20 to 2026-11-20"
    assert "The newest closes are of 2026-11-20." in result.text


def test_rebalancing_to_halves() -> None:
    """5,000 of BTC at 80,000 are 0.0625, which cost 3,750; a fifth of the 1,250 gained is tax."""
    result = run(
        "rebalance",
        weights="BTC 50, ETH 50",
        fee_percent=Decimal(0),
        short_tax_percent=Decimal(20),
    )
    found = facts(result)
    assert found["sell BTC"] == "0.0625 BTC"
    assert found["buy ETH"] == "2.083 ETH"
    assert found["gain realised by the sales"] == "+$1,250.00"
    assert found["tax on the sales"] == "$250.00"
    assert table(result, "tax").rows[0] == (
        "BTC", "$5,000.00", "$3,750.00", "$1,250.00", "$1,250.00", "$0.00", "$250.00",
    )  # fmt: skip


def test_rebalancing_with_new_money_only() -> None:
    """10,000 make 80,000, of which ETH lacks 10,000 to its half."""
    result = run(
        "rebalance", weights="BTC 50, ETH 50", mode="buy only", cash=10_000, fee_percent=Decimal(0)
    )
    found = facts(result)
    assert not any(label.startswith("sell") for label in found)
    assert found["buy ETH"] == "4.166 ETH"


def test_weights_inside_their_bands_are_left_alone() -> None:
    assert facts(run("rebalance", weights="BTC 57, ETH 43"))["trades"] == "0"


def test_a_stored_target_and_cash_by_its_name() -> None:
    shelf = Shelf(stored={"target": {"core": {"weights": {"BTC": "50", "ETH": "50"}}}})
    stored = run("rebalance", with_shelf(shelf), fee_percent=Decimal(0))
    assert facts(stored)["sell BTC"] == "0.0625 BTC"
    for name in ("USD", "cash"):
        cash = run("rebalance", weights=f"BTC 40, ETH 40, {name} 20", fee_percent=Decimal(0))
        assert table(cash).rows[-1][3] == "20.00 %"


def test_rebalancing_needs_weights_that_make_sense() -> None:
    with pytest.raises(KnownError, match="Which weights"):
        run("rebalance")
    with pytest.raises(KnownError, match="no target called 'core'"):
        run("rebalance", target="core")
    with pytest.raises(KnownError, match="more than 100 %"):
        run("rebalance", weights="BTC 70, ETH 60")
    with pytest.raises(KnownError, match="With cash named, the weights must come to 100 %"):
        run("rebalance", weights="BTC 60, CASH 20")
    with pytest.raises(KnownError, match="no price for DOGE"):
        run("rebalance", weights="BTC 50, DOGE 50")


def test_a_tax_year_with_every_lot() -> None:
    """1.5 BTC brought 119,700 and cost 40,100 + half of 60,000."""
    result = run("tax_year", year="2026")
    found = facts(result)
    assert found["proceeds"] == "$119,700.00"
    assert found["cost"] == "$70,100.00"
    assert found["gains less losses"] == "+$49,600.00"
    assert found["gains held short"] == "+$49,600.00"
    assert found["income"] == "$1,500.00"
    assert len(table(result, "Disposals").rows) == 2
    assert table(result, "Disposals").total is not None
    assert "not final" in table(result).method


def test_long_tables_of_a_tax_year_are_cut_with_a_note() -> None:
    many = [trade(f"2026-11-{1 + n % 18:02}", "buy", ("BTC", "1"), ("USD", "9")) for n in range(60)]
    many = [replace(one, row_hash=str(number)) for number, one in enumerate(many)]
    result = run("tax_year", world(many), year="2026")
    assert len(table(result, "Lots still open").rows) == 50
    assert "50 of 60 rows are shown" in result.text


def test_months_without_income_are_zero() -> None:
    """0.5 ETH worth 1,500 in July; the year asked for begins with 23 November 2025."""
    months = chart(run("income", period="1y"), "By month").series[0]
    assert months.x == (
        "2025-11", "2025-12", *(f"2026-{month:02}" for month in range(1, 12)),
    )  # fmt: skip
    assert months.y == (*(0.0,) * 8, 1500.0, *(0.0,) * 4)
    of_july = chart(run("income", period="2026-07"), "By month").series[0]
    assert (of_july.x, of_july.y) == (("2026-07",), (1500.0,))


def test_lots_of_a_coin_that_is_not_held() -> None:
    result = run("lots_held", asset="DOGE")
    assert "You hold no lots of DOGE; there are some of BTC, ETH." in result.text
    assert result.plain
    assert not any(isinstance(card, TableCard) for card in result.cards)
    nothing = run("lots_held", world([trade("2026-01-01", "deposit", ("USD", "5"))]))
    assert "You hold no lots of any coin." in nothing.text


def test_everything_is_sold_coin_by_coin() -> None:
    """40,000 of BTC cost 30,000, 30,000 of ETH 25,560; all was bought this year."""
    result = run("sale_preview", asset="ALL")
    found = facts(result)
    assert (found["proceeds"], found["cost"], found["gain"]) == (
        "$70,000.00", "$55,560.00", "+$14,440.00",
    )  # fmt: skip
    assert found["gain on coins held short"] == "+$14,440.00"
    shown = table(result)
    assert shown.title == "Gain by coin"
    assert shown.rows == (
        ("BTC", "0.5", "2", "$30,000.00", "$40,000.00", "$10,000.00", "$10,000.00", "$0.00"),
        ("ETH", "12.5", "2", "$25,560.00", "$30,000.00", "$4,440.00", "$4,440.00", "$0.00"),
    )
    assert shown.total is not None
    assert shown.total[:6] == ("Total", "", "", "$55,560.00", "$70,000.00", "$14,440.00")
    assert shown.method.startswith("First in, first out, each coin by itself")


def test_a_part_of_everything_is_sold_first_in_first_out() -> None:
    """6.25 of the 12 ETH of 24,060 cost 12,531.25 and bring 15,000; 0.25 BTC 15,000 and 20,000."""
    found = facts(run("sale_preview", asset="ALL", share_percent=Decimal(50)))
    assert (found["proceeds"], found["cost"]) == ("$35,000.00", "$27,531.25")
    assert found["gain"] == "+$7,468.75"
    one = facts(run("sale_preview", asset="BTC", share_percent=Decimal(50)))
    assert (one["proceeds"], one["gain"]) == ("$20,000.00", "+$5,000.00")
    at_home = facts(run("sale_preview", asset="ALL", account="Coinbase"))
    assert at_home["gain"] == "+$4,440.00"


@pytest.mark.parametrize("asset", ["BTC", "ALL"])
def test_an_account_sells_out_of_the_one_stock_of_all(asset: str) -> None:
    """0.2 of the 0.5 BTC that are left of 1 at 60,000: 16,000 less 12,000."""
    books = replace(world(), basis=CostBasis(universal=True))
    result = run("sale_preview", books, asset=asset, account="Ledger")
    assert facts(result)["gain"] == "+$4,000.00"
    assert "hold all accounts as one stock" in result.text
    with pytest.raises(KnownError, match=r"Ledger holds 0.2 BTC, less than 0.25\."):
        run("sale_preview", books, asset="BTC", account="Ledger", amount=Decimal("0.25"))


def test_what_cannot_be_sold_in_thought_is_named() -> None:
    shib = trade("2026-05-01", "buy", ("SHIB", "1000000"), ("USD", "1000"))
    left = run("sale_preview", world((*TRADES, shib)), asset="ALL")
    assert facts(left)["gain"] == "+$14,440.00"
    assert "Left out: SHIB (no price)." in left.text
    unknown = trade("2026-05-02", "deposit", ("ETH", "1"), account="Coinbase")
    result = run("sale_preview", world((*TRADES, unknown)), asset="ALL")
    assert facts(result)["proceeds"] == "$72,400.00"
    assert "1 ETH have no known cost and are in no gain." in result.text
    for wrong, words in (
        ({"amount": Decimal(2)}, "those of one coin"),
        ({"share_percent": Decimal(0)}, "more than zero"),
    ):
        with pytest.raises(KnownError, match=words):
            run("sale_preview", asset="ALL", **wrong)
    with pytest.raises(KnownError, match="Nothing can be sold"):
        run("sale_preview", world(closes={}), asset="ALL")


def test_years_that_are_none() -> None:
    for year in ("2019", "2027", "next"):
        with pytest.raises(KnownError):
            run("tax_year", year=year)


def test_without_prices_nothing_is_zero() -> None:
    """The lots cost 30,000 and 25,560 whatever the prices are."""
    bare = world(closes={})
    result = run("lots_held", bare)
    found = facts(result)
    assert (found["cost"], found["unrealised gain"]) == ("$55,560.00", "not known")
    assert "No price of anything held is known, so there is no gain. Import a price" in result.text
    assert "No price of BTC is known" in run("lots_held", bare, asset="BTC").text
    for name, words in (("growth", "no growth to show"), ("movers", "to have moved")):
        with pytest.raises(KnownError, match=f"of anything held is known.*{words}") as told:
            run(name, bare)
        assert told.value.hint.startswith("Import a price history (CSV)")
    with pytest.raises(KnownError, match="No price of BTC is known"):
        run("growth", bare, asset="BTC")


def test_what_has_no_price_beside_what_has_one() -> None:
    """12.5 ETH at 2,400 cost 25,560."""
    half = world(closes={"ETH": ("2500", "3000", "3000", "3000", "2400")})
    lots = run("lots_held", half)
    assert facts(lots)["unrealised gain"] == "+$4,440.00"
    assert "Left out: BTC (no price)." in lots.text
    rows = {row[0]: row[1:4] for row in table(run("growth", half), "By coin").rows}
    assert rows["BTC"] == ("–", "–", "–")
    assert rows["ETH"][1] == "$30,000.00"
    moved = run("movers", half)
    assert [row[0] for row in table(moved).rows] == ["ETH"]
    assert "Left out: BTC (no price)." in moved.text


def test_a_rise_has_its_sign() -> None:
    """12.5 ETH went from 2,400 to 3,000."""
    rising = world(closes={"ETH": ("2400", "2400", "2400", "2400", "3000")})
    assert table(run("movers", rising)).rows[0][1] == "+$7,500.00"


def test_coins_sold_together_are_told_apart() -> None:
    result = run("sale_preview", asset="ETH, BTC")
    assert facts(result)["gain"] == "+$14,440.00"
    assert result.cards[0].title == "If you sold ETH and BTC"
    assert [(row[0], row[5]) for row in table(result).rows] == [
        ("BTC", "$10,000.00"), ("ETH", "$4,440.00"),
    ]  # fmt: skip
    for wrong, words in (
        ({"asset": "BTC, SOL"}, "You hold no SOL"),
        ({"asset": "BTC, ETH", "amount": Decimal(1)}, "those of one coin"),
    ):
        with pytest.raises(KnownError, match=words):
            run("sale_preview", **wrong)


def test_trades_are_figures_with_a_side() -> None:
    shown = table(run("rebalance", weights="BTC 50, ETH 50", fee_percent=Decimal(0)))
    names = [column.title for column in shown.columns]
    side, coins = names.index("Trade"), names.index("Coins")
    assert (shown.columns[side].kind, shown.columns[coins].kind) == ("text", "amount")
    assert {row[side:coins + 1] for row in shown.rows[:2]} == {
        ("sell", "0.0625"), ("buy", "2.083"),
    }  # fmt: skip


def test_losses_of_a_tax_year_are_money() -> None:
    shown = table(run("tax_year", year="2026"), "Gains by asset")
    kinds = {column.title: column.kind for column in shown.columns}
    assert kinds == {
        "Asset": "text", "Amount": "amount", "Proceeds": "money", "Cost": "money", "Gain": "money",
    }  # fmt: skip


def test_what_was_bought_and_at_what_price() -> None:
    found = facts(run("transaction_sums", kind="bought", asset="ETH"))
    assert found["ETH in"] == "12 ETH"
    assert found["USD out"] == "$24,000.00"
    assert found["average price"] == "$2,000.00"


def test_what_was_sold_and_the_last_ones() -> None:
    sold = facts(run("transaction_sums", kind="sold"))
    assert (sold["BTC out"], sold["USD in"]) == ("1.5 BTC", "$120,000.00")
    last = run("transaction_sums", last=Decimal(2))
    assert [row[1] for row in table(last).rows] == ["transfer", "income"]
    moved = facts(run("transaction_sums", kind="transferred"))
    assert moved["BTC moved"] == "0.2 BTC"


def test_nothing_of_a_kind_is_no_error() -> None:
    assert facts(run("transaction_sums", kind="withdrawn"))["count"] == "0"
