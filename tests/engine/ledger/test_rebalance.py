"""Rebalancing by hand, and its laws on random portfolios."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.errors import KnownError
from engine.ledger.lots import cost_basis
from engine.ledger.methods import CostBasis
from engine.ledger.rebalance import rebalance
from engine.ledger.rebalance_plan import Plan, Position
from engine.ledger.sale_tax import TaxRates, method_at, sale_taxes
from engine.ledger.targets import Target, target_from_body, target_to_body
from tests.engine.ledger.ledger_samples import make

D = Decimal
NO_BAND = {"absolute": None, "relative": None}


def position(asset: str, amount: str, price: str) -> Position:
    return Position(asset, D(amount), D(price))


def weights(**percents: int) -> dict[str, Decimal]:
    return {asset: D(percent) / 100 for asset, percent in percents.items()}


def traded(plan: Plan) -> dict[str, tuple[str, Decimal]]:
    return {asset: (trade.side, trade.amount) for asset, trade in plan.trades}


HALVES = Target(weights(BTC=50, ETH=50), **NO_BAND)


def test_selling_what_has_risen() -> None:
    plan = rebalance([position("BTC", "3", "100"), position("ETH", "10", "10")], HALVES, "USD")
    # 300 and 100 become 200 and 200.
    assert traded(plan) == {"BTC": ("sell", 1), "ETH": ("buy", 10)}
    assert (plan.total, plan.cash_after, plan.fees) == (400, 0, 0)
    assert [line.weight_after for line in plan.lines] == [D("0.5"), D("0.5")]
    assert [asset for asset, _ in plan.trades] == ["BTC", "ETH"]


def test_inside_the_bands_nothing_moves() -> None:
    bands = Target(weights(BTC=60, ETH=40))
    # 5/25: BTC may lie between 55 and 65 %, ETH between 35 and 45 %.
    assert bands.band(D("0.6")) == (D("0.55"), D("0.65"))
    assert bands.band(D("0.08")) == (D("0.06"), D("0.1"))
    near = [position("BTC", "64", "1"), position("ETH", "36", "1")]
    plan = rebalance(near, bands, "USD")
    assert plan.trades == ()
    assert plan.notes == ("There is nothing to trade.",)
    far = [position("BTC", "66", "1"), position("ETH", "34", "1")]
    assert traded(rebalance(far, bands, "USD")) == {"BTC": ("sell", 6), "ETH": ("buy", 6)}


def test_cash_goes_first_and_buy_only_never_sells() -> None:
    held = [position("BTC", "3", "100"), position("ETH", "10", "10")]
    # 100 of new money: of 500, ETH should have 250 but only 100 is there to buy it with.
    plan = rebalance(held, HALVES, "USD", cash=D(100), sell=False)
    assert traded(plan) == {"ETH": ("buy", 10)}
    btc, eth = plan.lines
    assert (btc.weight_after, eth.weight_after) == (D("0.6"), D("0.4"))
    assert (btc.why, eth.why) == ("only a sale could lower it", "it needs more cash")
    both = rebalance(held, HALVES, "USD", cash=D(100))
    assert traded(both) == {"BTC": ("sell", D("0.5")), "ETH": ("buy", 15)}
    enough = rebalance(held, HALVES, "USD", cash=D(200), sell=False)
    assert traded(enough) == {"ETH": ("buy", 20)}
    assert [line.why for line in enough.lines] == ["", ""]


def test_fees_come_out_of_the_cash() -> None:
    held = [position("BTC", "1", "1000"), position("ETH", "0", "1")]
    plan = rebalance(held, HALVES, "USD", fee_rate=D("0.01"))
    # x sold, x - 0.01 x = y + 0.01 y bought and 1000 - x = y: x = 1010 / 2 / 1.01 ... by parts:
    # y = 0.99 x / 1.01 and 1000 - x = y, so x = 1000 * 1.01 / 2 = 505 and y = 495.
    sides = dict(plan.trades)
    assert float(sides["BTC"].value) == pytest.approx(505, abs=0.1)
    assert float(sides["ETH"].value) == pytest.approx(495, abs=0.1)
    assert plan.fees == (sides["BTC"].value + sides["ETH"].value) / 100
    assert plan.total_after == sum(line.after for line in plan.lines) + plan.cash_after
    assert 0 <= plan.cash_after < D("0.2")


def test_a_part_may_stay_cash() -> None:
    third = Target(weights(BTC=70), **NO_BAND)
    assert third.cash == D("0.3")
    raised = rebalance([position("BTC", "10", "10")], third, "USD")
    assert traded(raised) == {"BTC": ("sell", 3)}
    assert raised.cash_after == 30
    kept = rebalance([position("BTC", "1", "10")], third, "USD", cash=D(90), sell=False)
    assert traded(kept) == {"BTC": ("buy", 6)}
    assert kept.cash_after == 30


def test_small_trades_are_left_out_and_said() -> None:
    held = [position("BTC", "52", "1"), position("ETH", "48", "1")]
    plan = rebalance(held, HALVES, "USD", minimum=D(10))
    assert plan.trades == ()
    assert [line.why for line in plan.lines] == [
        "its trade would be under the minimum",
        "other trades under the minimum were left out",
    ]
    assert "Left out as worth less than $10.00: BTC." in plan.notes


def test_strangers_are_sold_to_the_last_crumb() -> None:
    held = [position("BTC", "1", "90"), position("DOGE", "123.45678901", "0.081")]
    plan = rebalance(held, Target(weights(BTC=100)), "USD")
    assert traded(plan)["DOGE"] == ("sell", D("123.45678901"))
    assert plan.notes == ("Held without a target weight, so counted as 0 %: DOGE.",)


def test_amounts_are_sensible() -> None:
    held = [position("BTC", "0.123456789", "97123.45"), position("SHIB", "1", "0.00001234")]
    plan = rebalance(held, Target(weights(BTC=50, SHIB=50), **NO_BAND), "USD")
    # Half of it is 5,995.28. A ten-thousandth of 11,990 is 1.2: steps of 0.00001 BTC, 10,000 SHIB.
    assert traded(plan) == {"BTC": ("sell", D("0.06173")), "SHIB": ("buy", D("485840000"))}


names = st.sampled_from(["BTC", "ETH", "SOL", "ADA", "XRP"])
amounts = st.decimals("0", "1000", places=4)
prices = st.decimals("0.0001", "50000", places=4)


@st.composite
def portfolios(draw: st.DrawFn) -> tuple[list[Position], Target]:
    assets = draw(st.lists(names, min_size=1, max_size=5, unique=True))
    held = [Position(asset, draw(amounts), draw(prices)) for asset in assets]
    parts = [draw(st.integers(0, 10)) for _ in assets]
    spare = draw(st.integers(0, 5)) + (0 if any(parts) else 1)
    parts[0] += 0 if any(parts) else 1
    whole = sum(parts) + spare
    bands = draw(st.sampled_from([(None, None), ("0.05", "0.25"), ("0.1", None), (None, "0.5")]))
    absolute, relative = (None if band is None else D(band) for band in bands)
    shares = {asset: D(part) / whole for asset, part in zip(assets, parts, strict=True)}
    return held, Target(shares, absolute, relative)


@given(
    portfolios(),
    st.decimals("0", "5000", places=2),
    st.booleans(),
    st.sampled_from(["0", "0.001", "0.02"]),
    st.sampled_from(["0", "25"]),
)
def test_the_laws(
    portfolio: tuple[list[Position], Target], cash: Decimal, sell: bool, fee: str, minimum: str
) -> None:
    held, target = portfolio
    if sum((one.value for one in held), cash) < 1:
        return
    plan = rebalance(held, target, "USD", cash=cash, sell=sell, minimum=D(minimum), fee_rate=D(fee))
    amounts = {one.asset: one.amount for one in held}
    spent = sum(trade.value for _, trade in plan.trades if trade.side == "buy")
    raised = sum(trade.value for _, trade in plan.trades if trade.side == "sell")
    # No more than there is is sold or spent, and nothing but the fees is lost.
    assert all(trade.amount <= amounts[a] for a, trade in plan.trades if trade.side == "sell")
    assert plan.cash_after == cash + raised - spent - plan.fees
    assert plan.cash_after >= 0
    assert plan.fees == (spent + raised) * D(fee)
    assert plan.total_after == sum(line.after for line in plan.lines) + plan.cash_after
    assert all(trade.value >= D(minimum) and trade.amount > 0 for _, trade in plan.trades)
    if not sell:
        assert raised == 0
    for line in plan.lines:
        inside = line.low - D("0.0002") <= line.weight_after <= line.high + D("0.0002")
        assert inside == (line.why == "")
        if line.why.startswith("only a sale"):
            assert not sell
        # Nothing is pushed over its target that was not over it already.
        assert line.weight_after <= max(line.target, line.weight) + D("0.03")
    if sell and minimum == "0" and sum(one.value for one in held) > 100:
        assert all(line.why == "" for line in plan.lines)


def test_what_makes_no_sense() -> None:
    btc = position("BTC", "1", "10")
    for target, words in (
        ({"BTC": D("1.1")}, "more than 100 %"),
        ({"BTC": D("-0.1")}, "negative"),
        ({"BTC": D(0)}, "no target weight"),
    ):
        with pytest.raises(KnownError, match=words):
            Target(target)
    with pytest.raises(KnownError, match="no price for SOL"):
        rebalance([btc], Target(weights(SOL=50)), "USD")
    with pytest.raises(KnownError, match="nothing to rebalance"):
        rebalance([position("BTC", "0", "10")], Target(weights(BTC=100)), "USD")
    with pytest.raises(KnownError, match="cannot be negative"):
        rebalance([btc], Target(weights(BTC=100)), "USD", cash=D(-1))
    with pytest.raises(KnownError, match="from 0 to 10 %"):
        rebalance([btc], Target(weights(BTC=100)), "USD", fee_rate=D("0.5"))
    with pytest.raises(KnownError, match="band"):
        Target(weights(BTC=100), absolute=D(2))


def test_targets_survive_storage() -> None:
    for target in (
        HALVES,
        Target(weights(BTC=33, ETH=20)),
        Target(weights(BTC=5), D("0.015"), None),
    ):
        assert target_from_body(target_to_body(target)) == target
    assert target_from_body({"weights": {"btc": "60"}}) == Target(weights(BTC=60))
    for body in ({"weights": 5}, {"weights": {"BTC": "much"}}, {"weights": {"?": "5"}}):
        with pytest.raises(KnownError, match="target"):
            target_from_body(body)


NOW = datetime(2024, 6, 1, tzinfo=UTC)
LEDGER = [
    make("2022-01-01", "buy", ("BTC", "1"), ("USD", "40")),
    make("2024-05-01", "buy", ("BTC", "2"), ("USD", "180")),
]


def no_price(asset: str, day: date) -> Decimal | None:
    return None


@pytest.mark.parametrize(
    ("method", "gain", "tax"),
    # 1.5 sold at 100 with a fee of 1.5: 99 a coin. FIFO: 1 long at 40, 0.5 short at 90.
    [
        ("fifo", 59 + D("4.5"), 59 * D("0.15") + D("4.5") * D("0.3")),
        ("lifo", D("13.5"), D("13.5") * D("0.3")),
    ],
)
def test_the_tax_of_the_sales(method: str, gain: Decimal, tax: Decimal) -> None:
    basis = CostBasis(method)  # type: ignore[arg-type]
    book = cost_basis(LEDGER, no_price, "USD", basis)
    held = [position("BTC", "3", "100"), position("ETH", "0", "10")]
    plan = rebalance(held, HALVES, "USD", fee_rate=D("0.01"))
    amount = dict(plan.trades)["BTC"].amount
    assert amount == D("1.515")
    (sale,) = sale_taxes(plan, book, basis, NOW, TaxRates(short=D("0.3"), long=D("0.15")))
    assert sale.preview is not None
    per_coin = sale.preview.proceeds / amount
    assert per_coin == 99
    extra = amount - D("1.5")
    assert sale.preview.gain == gain + extra * 9
    assert sale.tax == tax + extra * 9 * D("0.3")
    assert sale_taxes(plan, book, basis, NOW)[0].tax is None


def test_lots_that_are_not_known() -> None:
    basis = CostBasis()
    book = cost_basis(LEDGER[:1], no_price, "USD", basis)
    held = [position("BTC", "3", "100"), position("EUR", "10", "1"), position("ETH", "0", "1")]
    plan = rebalance(held, Target(weights(ETH=100)), "USD")
    (sale,) = sale_taxes(plan, book, basis, NOW)
    assert (sale.asset, sale.preview, sale.tax) == ("BTC", None, None)
    assert "less than the 3 to sell" in sale.note
    # A loss costs no tax, and rates are fractions.
    dear = cost_basis(
        [make("2024-01-01", "buy", ("BTC", "3"), ("USD", "900"))], no_price, "USD", basis
    )
    (loss,) = sale_taxes(plan, dear, basis, NOW, TaxRates(D("0.3"), D("0.3")))
    assert (loss.tax, loss.note) == (0, "")
    with pytest.raises(KnownError, match="tax rate"):
        TaxRates(D(30), D(0))


def test_the_method_in_force() -> None:
    basis = CostBasis("fifo", switches=((2023, "hifo"), (2025, "lifo")))
    found = [
        method_at(basis, datetime(year, 1, 1, tzinfo=UTC)) for year in (2022, 2023, 2024, 2026)
    ]
    assert found == ["fifo", "hifo", "hifo", "lifo"]
