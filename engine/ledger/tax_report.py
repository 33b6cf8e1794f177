"""All that a tax year holds: every disposal with its lot, income, fees, what is left and missing.

A tax year has the number of the calendar year in which it starts. Money is in the currency of the
report.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from engine.core.records import Transaction
from engine.ledger.gaps import Gap
from engine.ledger.lotbook import Disposal, Income, Lot, LotBook
from engine.ledger.lots import Price, cost_basis
from engine.ledger.methods import CostBasis
from engine.ledger.pool import WINDOW
from engine.ledger.pricing import Prices, fresh_price
from engine.ledger.terms import Term, days_held, tax_year, term

_ZERO = Decimal(0)
_CENT = Decimal("0.01")
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Sale:
    """A disposal with the full days its coins were held; None for a UK pool."""

    disposal: Disposal
    days: int | None
    term: Term


@dataclass(frozen=True, slots=True)
class AssetGain:
    """The sales of one asset."""

    asset: str
    amount: Decimal
    proceeds: Decimal
    cost: Decimal
    gain: Decimal


@dataclass(frozen=True, slots=True)
class IncomeSum:
    """The income of one kind (one of INCOME_KINDS) in one asset."""

    kind: str
    asset: str
    amount: Decimal
    value: Decimal


@dataclass(frozen=True, slots=True)
class FeeSum:
    """The fees paid in one asset; value: None if a day has no price.

    They are in the costs and proceeds of the sales already, or were lost with their coins.
    """

    asset: str
    amount: Decimal
    value: Decimal | None


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over the sales: gains >= 0, losses <= 0; short, long, undated: net gains by term."""

    proceeds: Decimal
    cost: Decimal
    gains: Decimal
    losses: Decimal
    short: Decimal
    long: Decimal
    undated: Decimal
    income: Decimal

    @property
    def gain(self) -> Decimal:
        """Gains less losses."""
        return self.gains + self.losses

    def in_cents(self) -> "Totals":
        """The same for display: each a whole number of cents, and parts that still add up.

        The gain is the proceeds less the cost as they are shown; what rounding leaves over goes to
        the largest of its parts.
        """
        proceeds, cost = _cents(self.proceeds), _cents(self.cost)
        gains, losses = _parts(proceeds - cost, (self.gains, self.losses))
        short, long, undated = _parts(proceeds - cost, (self.short, self.long, self.undated))
        return Totals(proceeds, cost, gains, losses, short, long, undated, _cents(self.income))


@dataclass(frozen=True, slots=True)
class TaxReport:
    """A tax year; open lots are those at its end. method: how it was worked out, in sentences."""

    year: int
    start: date
    end: date
    currency: str
    sales: tuple[Sale, ...]
    by_asset: tuple[AssetGain, ...]
    incomes: tuple[Income, ...]
    income_sums: tuple[IncomeSum, ...]
    fees: tuple[FeeSum, ...]
    totals: Totals
    open_lots: tuple[Lot, ...]
    missing: tuple[Gap, ...]
    method: tuple[str, ...]
    simulated: bool = False

    @property
    def label(self) -> str:
        """The year as people write it: 2024, or 2024/25 if it ends in the next."""
        if self.end.year == self.start.year:
            return str(self.year)
        return f"{self.year}/{self.end.year % 100:02}"


def tax_years(transactions: Iterable[Transaction], basis: CostBasis) -> tuple[int, ...]:
    """The tax years from the first transaction's to the last one's, the newest first."""
    years = {tax_year(t.time, basis.year_start) for t in transactions}
    return tuple(range(max(years), min(years) - 1, -1)) if years else ()


def tax_report(
    transactions: Sequence[Transaction],
    prices: Prices,
    currency: str,
    year: int,
    basis: CostBasis,
    today: date,
    *,
    simulated: bool = False,
) -> TaxReport:
    """The report of one tax year.

    transactions: with the confirmed transfers joined. today: to say that a year is not over.
    """
    start = datetime(year, *basis.year_start, tzinfo=UTC)
    end = datetime(year + 1, *basis.year_start, tzinfo=UTC)
    price = fresh_price(prices, currency)
    past = [t for t in transactions if t.time < end]
    closing = book = cost_basis(past, price, currency, basis)
    if basis.method == "uk_pool":
        # Coins bought back within 30 days after the year's end belong to its sales.
        later = [t for t in transactions if t.time < end + WINDOW]
        book = cost_basis(later, price, currency, basis)
    sales = _sales(book, start, end, basis)
    incomes = [one for one in book.income if start <= one.time < end]
    incomes.sort(key=lambda one: (one.time, one.asset, one.account, one.amount))
    return TaxReport(
        year=year,
        start=start.date(),
        end=(end - _DAY).date(),
        currency=currency,
        sales=sales,
        by_asset=_by_asset(sales),
        incomes=tuple(incomes),
        income_sums=_income_sums(incomes),
        fees=_fees((t for t in past if t.time >= start), price, currency),
        totals=_totals(sales, incomes),
        open_lots=tuple(sorted(closing.open, key=lambda lot: (lot.asset, lot.time, lot.account))),
        # By the book of the sales: what is bought back after the year's end is not missing.
        missing=tuple(gap for gap in book.missing if gap.first is None or gap.first < end.date()),
        method=tuple(_method(past, currency, basis, (end - _DAY).date(), today)),
        simulated=simulated,
    )


def _cents(value: Decimal) -> Decimal:
    return value.quantize(_CENT, ROUND_HALF_UP)


def _parts(whole: Decimal, parts: Sequence[Decimal]) -> list[Decimal]:
    """The parts in cents, so that they add up to the whole."""
    found = [_cents(part) for part in parts]
    largest = max(range(len(parts)), key=lambda place: abs(parts[place]))
    found[largest] += whole - sum(found, _ZERO)
    return found


def _sales(book: LotBook, start: datetime, end: datetime, basis: CostBasis) -> tuple[Sale, ...]:
    # The United Kingdom knows no holding periods.
    termless = basis.method == "uk_pool"
    found = [
        Sale(one, days_held(one), "none" if termless else term(one, basis.long_days))
        for one in book.disposals
        if start <= one.time < end
    ]
    return tuple(sorted(found, key=_place))


def _place(sale: Sale) -> tuple[datetime, str, str, bool, datetime, Decimal]:
    one = sale.disposal
    undated = one.acquired is None
    return one.time, one.asset, one.account, undated, one.acquired or one.time, one.amount


def _by_asset(sales: Iterable[Sale]) -> tuple[AssetGain, ...]:
    sums: dict[str, list[Decimal]] = defaultdict(lambda: [_ZERO] * 4)
    for sale in sales:
        one = sale.disposal
        row = sums[one.asset]
        for index, value in enumerate((one.amount, one.proceeds, one.cost, one.gain)):
            row[index] += value
    return tuple(AssetGain(asset, *row) for asset, row in sorted(sums.items()))


def _income_sums(incomes: Iterable[Income]) -> tuple[IncomeSum, ...]:
    sums: dict[tuple[str, str], list[Decimal]] = defaultdict(lambda: [_ZERO] * 2)
    for one in incomes:
        row = sums[one.kind, one.asset]
        row[0] += one.amount
        row[1] += one.value
    return tuple(IncomeSum(kind, asset, *row) for (kind, asset), row in sorted(sums.items()))


def _fees(transactions: Iterable[Transaction], price: Price, currency: str) -> tuple[FeeSum, ...]:
    amounts: dict[str, Decimal] = defaultdict(lambda: _ZERO)
    values: dict[str, Decimal | None] = defaultdict(lambda: _ZERO)
    for t in transactions:
        paid = [(t.fee_asset, t.fee_amount)]
        if t.kind == "fee":
            paid.append((t.asset_out, t.amount_out))
        for asset, amount in paid:
            if not asset or not amount:
                continue
            amounts[asset] += amount
            unit = Decimal(1) if asset == currency else price(asset, t.time.date())
            so_far = values[asset]
            known = unit is not None and so_far is not None
            values[asset] = so_far + unit * amount if known else None  # type: ignore[operator]
    return tuple(FeeSum(asset, amount, values[asset]) for asset, amount in sorted(amounts.items()))


def _totals(sales: Sequence[Sale], incomes: Iterable[Income]) -> Totals:
    by_term: dict[Term, Decimal] = {"short": _ZERO, "long": _ZERO, "none": _ZERO}
    for sale in sales:
        by_term[sale.term] += sale.disposal.gain
    return Totals(
        proceeds=sum((sale.disposal.proceeds for sale in sales), _ZERO),
        cost=sum((sale.disposal.cost for sale in sales), _ZERO),
        gains=sum((max(sale.disposal.gain, _ZERO) for sale in sales), _ZERO),
        losses=sum((min(sale.disposal.gain, _ZERO) for sale in sales), _ZERO),
        short=by_term["short"],
        long=by_term["long"],
        undated=by_term["none"],
        income=sum((one.value for one in incomes), _ZERO),
    )


def _method(
    past: Sequence[Transaction], currency: str, basis: CostBasis, last: date, today: date
) -> list[str]:
    where = "all accounts together" if basis.universal else "each account by itself"
    sentences = [
        f"Cost basis: {basis.described()}; lots of {where}.",
        _terms(basis),
        "Fees are part of the cost of what is bought and come off the proceeds of what is sold.",
        f"Values are as stated, else by the day's close in {currency}, or one up to 7 days older.",
        f"From {len(past):,} transactions up to {last}; data {_fingerprint(past)}.",
    ]
    if basis.method == "uk_pool":
        sentences.append(
            "Coins bought within 30 days after a sale are matched with it, also those bought after "
            "the end of the year; the pools are shown as they stood at its end, without them."
        )
    if last >= today:
        sentences.append(f"The year ends on {last}, so this report is not final.")
    sentences.append("This is a computation from your records, not tax advice.")
    return sentences


def _terms(basis: CostBasis) -> str:
    if basis.method == "uk_pool":
        return "Gains are not divided by holding period. Days are those of UTC."
    return f"Held long: {basis.long_days:,} full days or more. Days are those of UTC."


def _fingerprint(transactions: Iterable[Transaction]) -> str:
    """The same transactions in any order give the same eight characters."""
    rows = sorted(
        "|".join(
            str(part)
            for part in (
                t.time.isoformat(),
                t.kind,
                t.account,
                t.to_account,
                t.asset_in,
                t.amount_in.normalize(),
                t.asset_out,
                t.amount_out.normalize(),
                t.fee_asset,
                t.fee_amount.normalize(),
                None if t.value is None else t.value.normalize(),
                t.value_currency,
                t.income_kind,
            )
        )
        for t in transactions
    )
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()[:8]
