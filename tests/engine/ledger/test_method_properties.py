"""Laws that hold under every cost-basis method."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.records import Transaction
from engine.ledger.legs import holdings
from engine.ledger.lots import LotBook, cost_basis
from engine.ledger.methods import CostBasis, Method
from engine.ledger.what_if import preview_sale
from tests.engine.ledger.test_ledger_properties import (
    ACCOUNTS,
    COINS,
    PRICES,
    UNSOLD,
    flat,
    ledgers,
)

LOT_METHODS: tuple[Method, ...] = ("fifo", "lifo", "hifo", "lofo")
TINY = Decimal("1e-30")
bases = st.one_of(
    st.builds(
        CostBasis,
        st.sampled_from((*LOT_METHODS, "average")),
        st.booleans(),
        # A tax year that starts amid the ledgers, which begin on 1 January 2024.
        st.sampled_from([(), *(((2024, m),) for m in (*LOT_METHODS, "average"))]),
        st.just((1, 3)),
        st.booleans(),
    ),
    st.just(CostBasis("uk_pool", universal=True)),
)


def worked_out(ledger: list[Transaction], basis: CostBasis) -> LotBook:
    return cost_basis(ledger, flat, "USD", basis)


def held(book: LotBook, account: str | None) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for lot in book.open:
        if account in (None, lot.account):
            found[lot.asset] = found.get(lot.asset, Decimal(0)) + lot.amount
    return found


@settings(max_examples=150)
@given(ledgers(), bases)
def test_lots_are_what_is_held_and_no_coin_is_lost(
    ledger: list[Transaction], basis: CostBasis
) -> None:
    book = worked_out(ledger, basis)
    assert not book.missing
    if basis.universal:
        assert held(book, None) == holdings(ledger)
    else:
        for account in ACCOUNTS:
            assert held(book, account) == holdings(ledger, account=account)
    by_fifo = worked_out(ledger, CostBasis())
    for coin in COINS:
        amounts = [
            sum((one.amount for one in each.disposals if one.asset == coin), Decimal(0))
            for each in (book, by_fifo)
        ]
        if basis.method == "uk_pool":  # a gift is a sale there
            amounts[1] += sum(
                t.amount_out for t in ledger if t.kind == "gift" and t.asset_out == coin
            )
        assert amounts[0] == amounts[1]


@settings(max_examples=150)
@given(ledgers(), bases)
def test_no_money_is_lost(ledger: list[Transaction], basis: CostBasis) -> None:
    """Gains less the cost of what is left are the same under every method."""
    ledger = [t for t in ledger if t.kind not in UNSOLD or t.asset_in]
    totals = []
    for each in (basis, CostBasis()):
        book = worked_out(ledger, each)
        gains = sum((one.gain for one in book.disposals), Decimal(0))
        left = sum((lot.amount * (lot.unit_cost or 0) for lot in book.open), Decimal(0))
        totals.append(gains - left)
        assert all(one.gain == one.proceeds - one.cost for one in book.disposals)
    assert abs(totals[0] - totals[1]) < TINY


@settings(max_examples=60)
@given(ledgers(), bases, st.randoms(use_true_random=False))
def test_the_order_of_the_input_does_not_matter(
    ledger: list[Transaction], basis: CostBasis, random: object
) -> None:
    shuffled = list(ledger)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert worked_out(shuffled, basis) == worked_out(ledger, basis)


@settings(max_examples=60)
@given(ledgers(), st.sampled_from(LOT_METHODS), st.sampled_from(LOT_METHODS), st.booleans())
def test_switching_and_switching_back_restores(
    ledger: list[Transaction], method: Method, other: Method, universal: bool
) -> None:
    """A tax year under another method in which nothing is given away leaves no trace."""
    change = datetime(2024, 1, 3, tzinfo=UTC)
    later = [replace(t, time=t.time.replace(year=2026)) if t.time >= change else t for t in ledger]
    plain = CostBasis(method, universal)
    switched = CostBasis(method, universal, ((2024, other), (2025, method)), (1, 3))
    assert worked_out(later, switched) == worked_out(later, plain)
    before = worked_out(ledger, plain)
    worked_out(ledger, CostBasis(other, universal))
    assert worked_out(ledger, plain) == before


@settings(max_examples=60)
@given(ledgers(), st.data())
def test_the_dearest_coins_gain_least_and_the_cheapest_most(
    ledger: list[Transaction], data: st.DataObject
) -> None:
    book = worked_out(ledger, CostBasis())
    owned = held(book, None)
    if not owned:
        return
    coin = data.draw(st.sampled_from(sorted(owned)))
    share = data.draw(st.decimals("0.01", "1", places=2))
    when = datetime(2025, 1, 1, tzinfo=UTC)
    gains = {
        method: preview_sale(
            book, coin, owned[coin] * share, PRICES[coin], when, method=method
        ).gain
        for method in (*LOT_METHODS, "average")
    }
    for gain in gains.values():
        assert gains["hifo"] - TINY <= gain <= gains["lofo"] + TINY


@pytest.mark.parametrize("method", [*LOT_METHODS, "average", "uk_pool"])
def test_nothing_comes_to_nothing(method: Method) -> None:
    assert worked_out([], CostBasis(method, universal=True)) == LotBook((), (), (), ())
