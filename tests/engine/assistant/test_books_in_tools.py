"""The tools compute by the user's cost basis, and from transfers only once they are confirmed."""

from dataclasses import replace
from datetime import date

from engine.ledger.methods import CostBasis
from tests.engine.assistant.world import TODAY, TRADES, ask, figure, table, trade, world


def test_the_gain_is_that_of_the_method_in_force_and_says_so() -> None:
    fifo = ask("profit_loss", asset="BTC", kind="realised")
    # 1.5 BTC for 119,700: 40,100 and half of 60,000; or 60,000 and half of 40,100.
    assert figure(fifo, "realised") == 119_700 - 40_100 - 30_000
    hifo = ask("profit_loss", replace(world(), basis=CostBasis("hifo")), asset="BTC",
               kind="realised")  # fmt: skip
    assert figure(hifo, "realised") == 119_700 - 60_000 - 20_050
    assert table(fifo).method.startswith("First in, first out; fees")
    assert table(hifo).method.startswith("Highest cost first; fees")


def test_holdings_cost_what_the_method_says() -> None:
    context = replace(world(), basis=CostBasis("average", universal=True))
    # 100,100 for 2 BTC; a half is left.
    assert figure(ask("position", context, asset="BTC"), "average cost") == 50_050
    method = table(ask("portfolio_value", context)).method
    assert "costs average cost over all accounts, fees included" in method


def test_a_past_day_has_the_lots_of_that_day() -> None:
    context = world()
    assert context.book_on(TODAY) is context.book
    early = context.book_on(date(2026, 3, 31))
    assert [(lot.asset, lot.amount) for lot in early.open] == [("ETH", 12), ("BTC", 1), ("BTC", 1)]
    assert not early.disposals


SENT = replace(trade("2026-09-01", "withdrawal", None, ("ETH", "2"), account="Coinbase"),
               row_hash="sent")  # fmt: skip
CAME = replace(trade("2026-09-02", "deposit", ("ETH", "1.999"), account="Ledger"), row_hash="came")
WAITING = (
    "A withdrawal and a deposit look like a transfer between your own accounts; "
    "confirm it under Portfolio → Accounts."
)


def test_a_transfer_counts_once_it_is_confirmed() -> None:
    waiting = world((*TRADES, SENT, CAME))
    assert [one.pair for one in waiting.proposed] == [("sent", "came")]
    assert WAITING in waiting.book.missing
    assert WAITING in waiting.valuation().missing
    assert WAITING in ask("position", waiting, asset="ETH").text
    assert WAITING in ask("profit_loss", waiting).text

    confirmed = replace(waiting, pairs={("sent", "came"): "confirmed"})
    assert not confirmed.proposed
    assert not confirmed.valuation().missing
    row = next(row for row in confirmed.valuation().rows if row.asset == "ETH")
    assert row.known_amount == row.amount

    rejected = replace(waiting, pairs={("sent", "came"): "rejected"})
    assert not rejected.proposed
    assert WAITING not in rejected.book.missing
    assert any("unknown cost" in gap for gap in rejected.book.missing)


def test_nfts_are_no_coins_of_the_portfolio() -> None:
    punk = trade("2026-09-01", "nft_buy", ("PUNKS#1", "1"), ("ETH", "0.5"), account="Coinbase")
    context = world((*TRADES, punk))
    assert "PUNKS#1" not in context.assets
    assert [row.asset for row in context.valuation().nfts] == ["PUNKS#1"]
    value = ask("portfolio_value", context)
    assert figure(value, "total") == 40_000 + 12 * 2_400
    assert [row[0] for row in table(value).rows] == ["BTC", "ETH"]
