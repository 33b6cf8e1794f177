"""What was paid in and what came of it: net flows, value, gain, and both kinds of return.

Money that comes in and goes out is that of `history.value_history`. TWR: time-weighted return of
the period, not a yearly rate. XIRR: the yearly rate at which all that was paid in would have grown
to what was taken out and what is left; money counts from the day it comes in, the opening value
from the day before the first.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import numpy as np

from engine.core.errors import KnownError
from engine.core.records import Transaction
from engine.ledger.history import History, value_history
from engine.ledger.legs import legs
from engine.ledger.performance import wealth
from engine.ledger.pricing import Floats, Prices, fresh_price
from engine.ledger.slices import by_asset

LEAST_DAYS = 30
"""A yearly rate of a shorter time says nothing."""
_YEAR = 365
_CLOSE_TO_NOTHING = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Growth:
    """One line of contributions against growth, in the reporting currency.

    name: the account, asset or tag, "" of everything. opening: the value before the first day.
    paid_in, paid_out: what came in and what went out, both >= 0. gain = value + paid_out - opening
    - paid_in. twr, xirr: fractions, None where there is none, with the reason among the notes.
    invested: opening and net flows so far, at each close; it lies beside history.values.
    """

    name: str
    history: History
    opening: Decimal
    paid_in: Decimal
    paid_out: Decimal
    value: Decimal
    twr: float | None
    xirr: float | None
    notes: tuple[str, ...]

    @property
    def net(self) -> Decimal:
        """What was paid in less what was taken out."""
        return self.paid_in - self.paid_out

    @property
    def gain(self) -> Decimal:
        """What the value grew by beyond what was paid in."""
        return self.value - self.opening - self.net

    @property
    def unknown(self) -> bool:
        """Whether nothing of it ever had a price, so that its zeros say nothing."""
        return bool(self.history.unpriced) and not _measured(self.history)

    @property
    def invested(self) -> Floats:
        """Opening value and net flows up to each close."""
        return np.asarray(self.history.opening + np.cumsum(self.history.flows), dtype=np.float64)


def growth(
    transactions: Sequence[Transaction],
    prices: Prices,
    currency: str,
    start: date,
    end: date,
    *,
    name: str = "",
    account: str | None = None,
) -> Growth:
    """The growth from start to end, both included, of one account or all.

    transactions: with the confirmed transfers joined. ValueError if end is before start.
    """
    history = value_history(transactions, prices, currency, start, end, account=account)
    notes = []
    if history.unpriced:
        notes.append(f"Not counted for lack of a price: {', '.join(history.unpriced)}.")
    xirr = None
    try:
        xirr = money_weighted_return(history)
    except KnownError as error:
        notes.append(error.sentence)
    if xirr is not None and len(history.days) < _YEAR:
        notes.append(
            f"The XIRR is a yearly rate worked out from {len(history.days):,} days, so it is a "
            "rough figure."
        )
    return Growth(
        name=name,
        history=history,
        opening=_money(history.opening),
        paid_in=_money(np.maximum(history.flows, 0.0).sum()),
        paid_out=_money(np.maximum(-history.flows, 0.0).sum()),
        value=_money(history.values[-1]),
        twr=_time_weighted(history),
        xirr=xirr,
        notes=tuple(notes),
    )


def growth_by_account(
    transactions: Sequence[Transaction], prices: Prices, currency: str, start: date, end: date
) -> tuple[Growth, ...]:
    """One line per account, the most valuable first; transfers between them are flows."""
    accounts = sorted({leg.account for t in transactions for leg in legs(t)})
    return _sorted(
        growth(transactions, prices, currency, start, end, name=account, account=account)
        for account in accounts
    )


def growth_by_asset(
    transactions: Sequence[Transaction], prices: Prices, currency: str, start: date, end: date
) -> tuple[Growth, ...]:
    """One line per asset but NFTs; the gains add up to the portfolio's. See `slices`."""
    ledgers = by_asset(transactions, fresh_price(prices, currency), currency)
    return _each(ledgers, prices, currency, start, end)


def growth_by_tag(
    transactions: Sequence[Transaction], prices: Prices, currency: str, start: date, end: date
) -> tuple[Growth, ...]:
    """One line per tag, of the transactions that carry it alone."""
    ledgers: dict[str, list[Transaction]] = {}
    for t in transactions:
        if t.tag:
            ledgers.setdefault(t.tag, []).append(t)
    return _each(ledgers, prices, currency, start, end)


def money_weighted_return(history: History) -> float:
    """XIRR, a yearly fraction: sum of flow / (1 + r)^(days / 365) = 0.

    Raises KnownError if less than 30 days are invested, or no rate solves it.
    """
    import pyxirr  # noqa: PLC0415  (slow to load)

    flows = [(history.days[0] - timedelta(1), -history.opening)]
    flows += [(day, -flow) for day, flow in zip(history.days, history.flows.tolist(), strict=True)]
    flows.append((history.days[-1], float(history.values[-1])))
    moved = [(day, flow) for day, flow in flows if abs(flow) > _CLOSE_TO_NOTHING]
    if not moved and history.unpriced:
        raise KnownError(
            "Nothing that was held in this period has a price, so there is no XIRR.",
            "Import its price history.",
        )
    if not moved:
        raise KnownError("Nothing was invested in this period.", "Choose another one.")
    if (history.days[-1] - moved[0][0]).days < LEAST_DAYS:
        raise KnownError(
            f"There is no XIRR for less than {LEAST_DAYS} days.", "Choose a longer period."
        )
    rate = None
    if min(flow for _, flow in moved) < 0 < max(flow for _, flow in moved):
        rate = pyxirr.xirr([day for day, _ in moved], [flow for _, flow in moved])
    if rate is None:
        raise KnownError(
            "No yearly rate explains what was paid in and what came out, so there is no XIRR.",
            "Look at the time-weighted return instead.",
        )
    return rate


def _each(
    ledgers: Mapping[str, Sequence[Transaction]],
    prices: Prices,
    currency: str,
    start: date,
    end: date,
) -> tuple[Growth, ...]:
    return _sorted(
        growth(rows, prices, currency, start, end, name=name) for name, rows in ledgers.items()
    )


def _sorted(found: Iterable[Growth]) -> tuple[Growth, ...]:
    return tuple(sorted(found, key=lambda one: (-one.value, one.name)))


def _measured(history: History) -> bool:
    """Whether anything was worth something at some time."""
    return bool(history.opening or history.values.any() or history.flows.any())


def _time_weighted(history: History) -> float | None:
    """None if nothing was ever invested."""
    if history.opening <= 0 and not (history.flows > 0).any():
        return None
    return float(wealth(history)[-1]) - 1.0


def _money(value: float) -> Decimal:
    """Eight decimals, more than daily closes know."""
    return round(Decimal(value), 8)
