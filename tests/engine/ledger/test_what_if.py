"""What a sale would bring; figures worked out by hand."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from engine.core.errors import KnownError
from engine.ledger.lots import LotBook, cost_basis, fifo
from engine.ledger.methods import CostBasis, Method
from engine.ledger.what_if import preview_sale
from tests.engine.ledger.ledger_samples import make

NOW = datetime(2024, 6, 1, tzinfo=UTC)


def no_price(asset: str, day: date) -> Decimal | None:
    return None


TRANSACTIONS = (
    make("2023-01-01", "buy", ("BTC", "1"), ("USD", "200")),
    make("2023-09-01", "buy", ("BTC", "1"), ("USD", "300"), account="Ledger"),
    make("2024-05-01", "buy", ("BTC", "1"), ("USD", "100")),
)


@pytest.fixture
def book() -> LotBook:
    return fifo(TRANSACTIONS, no_price, "USD")


@pytest.mark.parametrize(
    ("method", "cost", "short", "long"),
    [
        # 1.5 coins fetch 750 - 15 = 735, 490 a coin.
        ("fifo", 200 + 150, 245 - 150, 490 - 200),
        ("lifo", 100 + 150, 490 - 100 + 245 - 150, 0),
        ("hifo", 300 + 100, 490 - 300, 245 - 100),
        ("lofo", 100 + 100, 490 - 100, 245 - 100),
        ("average", 300, 245 - 100, 490 - 200),
    ],
)
def test_each_method(book: LotBook, method: Method, cost: int, short: int, long: int) -> None:
    sale = preview_sale(
        book, "BTC", Decimal("1.5"), Decimal(500), NOW, method=method, fee=Decimal(15)
    )
    assert (sale.proceeds, sale.cost, sale.gain) == (735, cost, 735 - cost)
    assert (sale.short, sale.long, sale.unknown) == (short, long, 0)


def test_one_account_only(book: LotBook) -> None:
    sale = preview_sale(book, "BTC", Decimal(1), Decimal(500), NOW, account="Ledger")
    assert (sale.cost, sale.gain) == (300, 200)
    with pytest.raises(KnownError, match="hold 1 BTC, less than the 2 to sell"):
        preview_sale(book, "BTC", Decimal(2), Decimal(500), NOW, account="Ledger")


def test_the_pool_sells_at_its_average() -> None:
    basis = CostBasis("uk_pool", universal=True)
    pooled = cost_basis(TRANSACTIONS, no_price, "USD", basis)
    sale = preview_sale(pooled, "BTC", Decimal(2), Decimal(500), NOW, method="uk_pool")
    assert (sale.cost, sale.gain, sale.short, sale.long) == (400, 600, 0, 0)
    assert [(one.rule, one.acquired) for one in sale.disposals] == [("pool", None)]


def test_what_is_unknown_is_told() -> None:
    book = fifo([make("2023-01-01", "deposit", ("BTC", "1")), *TRANSACTIONS], no_price, "USD")
    sale = preview_sale(book, "BTC", Decimal(2), Decimal(500), NOW)
    assert sale.unknown == 1
    assert (sale.proceeds, sale.cost, sale.gain) == (1000, 200, 300)


@pytest.mark.parametrize("amount", ["0", "-1"])
def test_nothing_to_sell(book: LotBook, amount: str) -> None:
    with pytest.raises(KnownError, match="more than zero"):
        preview_sale(book, "BTC", Decimal(amount), Decimal(500), NOW)


@pytest.mark.parametrize("method", ["fifo", "lifo", "hifo", "lofo", "average"])
def test_the_preview_is_what_the_sale_then_gives(method: Method) -> None:
    basis = CostBasis(method, universal=True)
    before = cost_basis(TRANSACTIONS, no_price, "USD", basis)
    sale = make("2024-06-01", "sell", ("USD", "750"), ("BTC", "1.5"))
    after = cost_basis([*TRANSACTIONS, sale], no_price, "USD", basis)
    preview = preview_sale(before, "BTC", Decimal("1.5"), Decimal(500), NOW, method=method)
    assert [(one.amount, one.cost, one.gain) for one in preview.disposals] == [
        (one.amount, one.cost, one.gain) for one in after.disposals
    ]
