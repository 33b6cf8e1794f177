"""The value of the portfolio day by day, and the money that came in and went out.

Only what can be measured counts: coins with a price, and fiat where the records explain it; NFTs
never do, so that one bought for ether is money going out. When a coin's price begins or ends, or
coins without a recorded purchase turn up, their value counts as a flow, so that it is never taken
for a return.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import accumulate

import numpy as np

from engine.core.records import FIAT, Transaction, is_nft
from engine.ledger.legs import Leg, cash_pockets, legs
from engine.ledger.pricing import Flags, Floats, Prices, filled_closes

_FLOWS = frozenset({"deposit", "withdrawal", "gift", "spend", "correction"})
"""One-sided kinds that bring money in or take it out; income, fees and losses are the return's."""


@dataclass(frozen=True, slots=True)
class History:
    """Values at the close of each day, and the net money that came in on it (out = negative).

    opening: the value at the close of the day before the first. stale: the days, that one among
    them, for which a coin that was held has no close, so that an earlier one stands in. unpriced:
    what was held on some of the days without any price to count it with.
    """

    days: list[date]
    values: Floats
    flows: Floats
    opening: float
    stale: frozenset[date] = frozenset()
    unpriced: tuple[str, ...] = ()


def value_history(
    transactions: Sequence[Transaction],
    prices: Prices,
    currency: str,
    start: date,
    end: date,
    *,
    account: str | None = None,
) -> History:
    """The history from start to end, both included, of one account or all.

    transactions: with the confirmed transfers joined (`link_transfers`).
    Raises ValueError if end is before start.
    """
    if end < start:
        raise ValueError("the history ends before it starts")
    # Index 0 is the day before the start, which gives the opening value.
    days = [start + timedelta(n) for n in range(-1, (end - start).days + 1)]
    measure = _Measure(transactions, prices, currency, days, account)
    values, flows = measure.values(), measure.flows()
    return History(
        days[1:], values[1:], flows[1:], float(values[0]), measure.stale(), measure.unpriced()
    )


def weight_history(
    transactions: Sequence[Transaction],
    prices: Prices,
    currency: str,
    start: date,
    end: date,
) -> tuple[list[date], dict[str, Floats]]:
    """The weight of every asset at each close from start to end, as a fraction of the whole.

    transactions: with the confirmed transfers joined (`link_transfers`).
    NaN on a day on which the asset, or the whole, has no price. Raises ValueError if end is before
    start.
    """
    if end < start:
        raise ValueError("the history ends before it starts")
    days = [start + timedelta(n) for n in range((end - start).days + 1)]
    return days, _Measure(transactions, prices, currency, days, None).weights()


class _Measure:
    def __init__(
        self,
        transactions: Sequence[Transaction],
        prices: Prices,
        currency: str,
        days: list[date],
        account: str | None,
    ) -> None:
        self._days = days
        self._prices = prices
        self._currency = currency
        self._account = account
        self._cash = cash_pockets(transactions).tracked
        self._transactions = [t for t in transactions if t.time.date() <= days[-1]]
        self._closes: dict[str, tuple[Floats, Flags]] = {}
        self._amounts: dict[str, Floats] = {}
        self._appeared: dict[str, Floats] = {}
        self._count()

    def values(self) -> Floats:
        """The value at each close."""
        total = np.zeros(len(self._days))
        for asset, amounts in self._amounts.items():
            total += amounts * np.nan_to_num(self._close(asset))
        return total

    def weights(self) -> dict[str, Floats]:
        """The share of each asset in the value at each close."""
        total = self.values()
        whole = np.where(total > 0, total, np.nan)
        return {
            asset: np.where(amounts > 0, amounts * self._close(asset), 0.0) / whole
            for asset, amounts in self._amounts.items()
        }

    def flows(self) -> Floats:
        """The net inflow of each day."""
        total = np.zeros(len(self._days))
        for t in self._transactions:
            index = (t.time.date() - self._days[0]).days
            if index > 0:
                total[index] += self._flow(t, index)
        for asset, amounts in self._amounts.items():
            close = self._close(asset)
            priced = np.isfinite(close)
            price = np.nan_to_num(close)
            held = amounts[:-1]
            total[1:] += np.where(priced[1:] & ~priced[:-1], held * price[1:], 0.0)
            total[1:] -= np.where(priced[:-1] & ~priced[1:], held * price[:-1], 0.0)
            total[1:] += np.diff(self._appeared[asset]) * price[1:]
        return total

    def stale(self) -> frozenset[date]:
        """The days without a close of their own; fiat rates rest at weekends and are let pass."""
        missing = np.zeros(len(self._days), np.bool_)
        for asset, amounts in self._amounts.items():
            if asset not in FIAT:
                missing |= (amounts > 0) & self._filled(asset)[1]
        return frozenset(day for day, is_stale in zip(self._days, missing, strict=True) if is_stale)

    def unpriced(self) -> tuple[str, ...]:
        """What was held at a close that has no price for it."""
        return tuple(
            asset
            for asset, amounts in sorted(self._amounts.items())
            if ((amounts > 0) & ~np.isfinite(self._close(asset))).any()
        )

    def _count(self) -> None:
        """Amounts held at each close; what is below zero must have come from somewhere.

        What all accounts together are short of counts in none of them, as in `valuation`.
        """
        own: dict[str, list[Decimal]] = {}
        every: dict[str, list[Decimal]] = {}
        for t in self._transactions:
            index = max((t.time.date() - self._days[0]).days, 0)
            for leg in legs(t):
                if not self._belongs(leg):
                    continue
                for changes in (own, every) if self._measured(leg) else (every,):
                    changes.setdefault(leg.asset, [Decimal(0)] * len(self._days))
                    changes[leg.asset][index] += leg.change
        for asset, changes_of in own.items():
            amounts = _running(changes_of)
            short = _running(every[asset]) < 0
            lost = np.where(short, np.maximum(amounts, 0.0), 0.0)
            self._amounts[asset] = np.maximum(amounts, 0.0) - lost
            self._appeared[asset] = np.maximum(-amounts, 0.0) - lost

    def _belongs(self, leg: Leg) -> bool:
        """Does this balance belong to the portfolio (whether or not it has a price)?"""
        if is_nft(leg.asset):
            return False
        return leg.asset not in FIAT or (leg.account, leg.asset) in self._cash

    def _measured(self, leg: Leg) -> bool:
        """Does it, and to the account that is asked for?"""
        return self._account in (None, leg.account) and self._belongs(leg)

    def _flow(self, t: Transaction, index: int) -> float:
        sides = [leg for leg in legs(t) if leg.side != "fee"]
        counted = [leg for leg in sides if self._measured(leg) and self._worth(leg, index)]
        if not counted:
            return 0.0
        flow = 0.0
        if t.kind in _FLOWS:
            flow = sum(self._worth(leg, index) for leg in counted)
        elif len(sides) == 2 and len(counted) == 1:
            # One side lies outside: money paid in, or a coin without a price.
            outside = sides[1] if counted[0] is sides[0] else sides[0]
            paid = -self._worth(outside, index) if outside.asset in FIAT else 0.0
            flow = paid or self._worth(counted[0], index)
        for leg in legs(t):
            if leg.side == "fee" and leg.asset in FIAT and not self._measured(leg):
                in_scope = self._account in (None, leg.account)
                flow -= self._worth(leg, index) if in_scope else 0.0
        return flow

    def _worth(self, leg: Leg, index: int) -> float:
        """The value of a change of balance, 0 without a price."""
        return float(leg.change) * float(np.nan_to_num(self._close(leg.asset)[index]))

    def _close(self, asset: str) -> Floats:
        return self._filled(asset)[0]

    def _filled(self, asset: str) -> tuple[Floats, Flags]:
        if asset not in self._closes:
            self._closes[asset] = filled_closes(self._prices, asset, self._currency, self._days)
        return self._closes[asset]


def _running(changes: Sequence[Decimal]) -> Floats:
    """The sums so far, each exact before it becomes a float."""
    return np.array([float(total) for total in accumulate(changes)], dtype=np.float64)
