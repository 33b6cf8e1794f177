"""What the sales of a rebalancing plan would cost in tax, by the cost-basis method in force."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from engine.core.errors import KnownError
from engine.core.records import FIAT
from engine.ledger.lotbook import LotBook
from engine.ledger.methods import CostBasis, Method
from engine.ledger.rebalance_plan import Plan
from engine.ledger.what_if import SalePreview, preview_sale

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class TaxRates:
    """Fractions of a gain held short and long; a gain without a holding period counts as short."""

    short: Decimal
    long: Decimal

    def __post_init__(self) -> None:
        if not (0 <= self.short <= 1 and 0 <= self.long <= 1):
            raise KnownError("A tax rate must be from 0 to 100 %.", "Give another one.")


@dataclass(frozen=True, slots=True)
class SaleTax:
    """One sale: its preview, None if its lots are not known, and the tax on its gain.

    tax: None without rates or a preview; a loss costs nothing. Losses are not set against other
    gains, and coins of unknown cost are not taxed: `note` says so.
    """

    asset: str
    preview: SalePreview | None
    tax: Decimal | None
    note: str


def sale_taxes(
    plan: Plan, book: LotBook, basis: CostBasis, when: datetime, rates: TaxRates | None = None
) -> tuple[SaleTax, ...]:
    """The gain and the tax of each sale of a plan, out of the open lots of all accounts."""
    method = method_at(basis, when)
    found = []
    for asset, trade in plan.trades:
        if trade.side == "buy" or asset in FIAT:
            continue
        try:
            preview = preview_sale(
                book,
                asset,
                trade.amount,
                trade.price,
                when,
                method=method,
                fee=trade.fee,
                long_days=basis.long_days,
            )
        except KnownError as error:
            found.append(SaleTax(asset, None, None, error.sentence))
            continue
        tax = None if rates is None else _tax(preview, rates)
        note = "Part of the coins has no known cost." if preview.unknown else ""
        found.append(SaleTax(asset, preview, tax, note))
    return tuple(found)


def method_at(basis: CostBasis, when: datetime) -> Method:
    """The method in force at a moment."""
    method = basis.method
    for since, later in basis.changes():
        if since <= when:
            method = later
    return method


def _tax(preview: SalePreview, rates: TaxRates) -> Decimal:
    undated = preview.gain - preview.short - preview.long
    short, long = preview.short + undated, preview.long
    return max(short, _ZERO) * rates.short + max(long, _ZERO) * rates.long
