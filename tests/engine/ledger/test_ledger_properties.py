"""Laws that hold for every ledger: no coin and no money appears or disappears."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.records import Transaction
from engine.ledger.legs import holdings
from engine.ledger.lots import fifo
from tests.engine.ledger.ledger_samples import make

PRICES = {"BTC": Decimal("30000"), "ETH": Decimal("2000.5"), "SOL": Decimal("0.07")}
COINS = sorted(PRICES)
ACCOUNTS = ("Coinbase", "Kraken", "Ledger")
START = datetime(2024, 1, 1, tzinfo=UTC)

COMING = tuple((kind, True) for kind in ("buy", "income", "deposit", "gift", "correction"))
LEAVING = tuple(
    (kind, False)
    for kind in (
        "sell", "trade", "transfer", "withdrawal", "fee", "spend", "gift", "loss", "correction",
        "lp_add",
    )
)  # fmt: skip
UNSOLD = ("withdrawal", "gift", "correction")
"""By which coins leave without a gain."""

amounts = st.decimals("0.00000001", "1000", places=8)


def flat(asset: str, day: date) -> Decimal | None:
    """Prices that never move, so that fees and trades are all that changes the total."""
    return PRICES.get(asset)


@st.composite
def ledgers(draw: st.DrawFn) -> list[Transaction]:
    """Histories in which an account never gives away more than it holds."""
    held: dict[tuple[str, str], Decimal] = {}
    made = []
    for step in range(draw(st.integers(1, 25))):
        account = draw(st.sampled_from(ACCOUNTS))
        coin = draw(st.sampled_from(COINS))
        when = (START + timedelta(hours=7 * step)).replace(tzinfo=None).isoformat()
        have = held.get((account, coin), Decimal(0))
        kind, comes_in = draw(st.sampled_from(COMING + (LEAVING if have else ())))
        amount = draw(amounts)
        if comes_in:
            money = ("USD", str(draw(amounts)))
            sent, value = (money, None) if kind == "buy" else (None, money)
            fee = draw(st.sampled_from([None, (coin, "0.00000001"), ("USD", "1.5")]))
            fee = fee if kind == "buy" else None
            made.append(
                make(when, kind, (coin, str(amount)), sent, fee, account=account, value=value)
            )
            lost = Decimal("0.00000001") if fee and fee[0] == coin else Decimal(0)
            held[account, coin] = have + amount - lost
            continue
        amount = min(amount, have)
        left = have - amount
        fee_amount = draw(st.sampled_from([Decimal(0), left, left / 2])).quantize(Decimal("1e-8"))
        fee_amount = min(fee_amount, left)
        held[account, coin] = left - fee_amount
        fee = (coin, str(fee_amount)) if fee_amount else None
        sent = (coin, str(amount))
        received = to = None
        if kind == "sell":
            received = ("USD", str(draw(amounts)))
        elif kind in ("trade", "lp_add"):
            other = draw(st.sampled_from([c for c in COINS if c != coin]))
            received = (other, str(draw(amounts)))
            held[account, other] = held.get((account, other), Decimal(0)) + Decimal(received[1])
        elif kind == "transfer":
            to = draw(st.sampled_from([a for a in ACCOUNTS if a != account]))
            received = sent
            held[to, coin] = held.get((to, coin), Decimal(0)) + amount
        made.append(make(when, kind, received, sent, fee, account=account, to=to))
    return made


@settings(max_examples=150)
@given(ledgers())
def test_no_coin_appears_or_disappears(ledger: list[Transaction]) -> None:
    book = fifo(ledger, flat, "USD")
    assert not book.missing
    for account in ACCOUNTS:
        lots: dict[str, Decimal] = {}
        for lot in book.open:
            if lot.account == account:
                lots[lot.asset] = lots.get(lot.asset, Decimal(0)) + lot.amount
        assert lots == holdings(ledger, account=account)
    for coin in COINS:
        acquired = sum(t.amount_in for t in ledger if t.asset_in == coin and t.kind != "transfer")
        # A fee in the coin bought never becomes a lot, unless it is all that was bought.
        netted = [t for t in ledger if t.fee_asset == t.asset_in == coin and t.kind == "buy"]
        bought_away = sum(t.fee_amount for t in netted if t.fee_amount < t.amount_in)
        withdrawn = sum(t.amount_out for t in ledger if t.asset_out == coin and t.kind in UNSOLD)
        disposed = sum(one.amount for one in book.disposals if one.asset == coin)
        left = sum(lot.amount for lot in book.open if lot.asset == coin)
        assert acquired - bought_away == withdrawn + disposed + left


@settings(max_examples=150)
@given(ledgers())
def test_gains_are_what_came_out_less_what_went_in(ledger: list[Transaction]) -> None:
    """Gains + cost of what is left = money received - money paid + value given in kind.

    Trades cancel out: what one coin is sold for is what the other costs.
    """
    unsold = [t for t in ledger if t.kind in UNSOLD and t.asset_out]
    if unsold:
        # Coins that leave unsold take their cost out of the books; that law is not about them.
        ledger = ledger[: ledger.index(unsold[0])]
    book = fifo(ledger, flat, "USD")
    gains = sum((one.gain for one in book.disposals), Decimal(0))
    cost_left = sum((lot.amount * (lot.unit_cost or 0) for lot in book.open), Decimal(0))
    paid = sum((t.amount_out for t in ledger if t.kind == "buy"), Decimal(0))
    paid += sum((t.fee_amount for t in ledger if t.fee_asset == "USD"), Decimal(0))
    given_in_kind = sum((t.value or Decimal(0) for t in ledger), Decimal(0))
    received = sum((t.amount_in for t in ledger if t.kind == "sell"), Decimal(0))
    received += sum(
        (t.amount_out * PRICES[t.asset_out or ""] for t in ledger if t.kind == "spend"), Decimal(0)
    )
    assert abs(gains - (received - paid - given_in_kind + cost_left)) < Decimal("1e-30")


@settings(max_examples=60)
@given(ledgers(), st.randoms(use_true_random=False))
def test_the_order_of_the_input_does_not_matter(ledger: list[Transaction], random: object) -> None:
    shuffled = list(ledger)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert fifo(shuffled, flat, "USD") == fifo(ledger, flat, "USD")
