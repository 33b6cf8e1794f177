"""The United Kingdom's share pool for cryptoassets, all accounts together.

A day's disposals are matched with the coins acquired on the same day, then with those acquired
within the 30 days after it, the earliest disposal and acquisition first, then with the section 104
pool at its average cost (TCGA 1992 s.104-106A; HMRC manual CRYPTO22200). A day's disposals of an
asset count as one, and so do its acquisitions. Days are those of UTC.
"""

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from engine.core.records import Transaction
from engine.ledger.gaps import Gaps
from engine.ledger.lotbook import Disposal, Lot, Rule

WINDOW = timedelta(days=30)
_ZERO = Decimal(0)


@dataclass(slots=True)
class _Pot:
    """Coins without dates of their own: some of known cost, some of unknown."""

    known: Decimal = _ZERO
    cost: Decimal = _ZERO
    unknown: Decimal = _ZERO
    since: datetime | None = None

    @property
    def amount(self) -> Decimal:
        return self.known + self.unknown

    def add(self, other: "_Pot") -> None:
        if self.amount == 0:
            self.since = other.since
        self.known += other.known
        self.cost += other.cost
        self.unknown += other.unknown

    def take(self, amount: Decimal) -> "_Pot":
        """Take up to an amount out, of known and unknown cost alike, at the average cost."""
        if amount >= self.amount:
            part = _Pot(self.known, self.cost, self.unknown, self.since)
        else:
            known = self.known * amount / self.amount if self.unknown else amount
            cost = self.cost * known / self.known if known else _ZERO
            part = _Pot(known, cost, amount - known, self.since)
        self.known -= part.known
        self.cost -= part.cost
        self.unknown -= part.unknown
        return part


@dataclass(slots=True)
class _Day:
    """What came and went on one day; `open` of the coins disposed of are not matched yet."""

    bought: _Pot = field(default_factory=_Pot)
    sold: Decimal = _ZERO
    valued: Decimal = _ZERO
    proceeds: Decimal = _ZERO
    open: Decimal = _ZERO
    withdrawn: Decimal = _ZERO
    time: datetime | None = None
    accounts: set[str] = field(default_factory=set)
    matches: list[tuple[_Pot, Rule]] = field(default_factory=list)

    def match(self, source: _Pot, rule: Rule) -> None:
        """Cover as much as possible of what is open from a source."""
        if self.open and source.amount:
            part = source.take(self.open)
            self.open -= part.amount
            self.matches.append((part, rule))

    def disposals(self, asset: str) -> list[Disposal]:
        """One row for each match; what has no known cost or proceeds gives none."""
        rows = []
        for part, rule in self.matches:
            whole = self.valued == self.sold
            amount = part.known if whole else part.known * self.valued / self.sold
            if not amount or self.time is None:
                continue
            cost = part.cost if whole else part.cost * self.valued / self.sold
            proceeds = self.proceeds * amount / self.valued
            acquired = None if rule == "pool" else part.since
            account = next(iter(self.accounts)) if len(self.accounts) == 1 else ""
            gain = proceeds - cost
            rows.append(
                Disposal(asset, account, self.time, amount, proceeds, cost, gain, acquired, rule)
            )
        return rows


class SharePool:
    """Gathers what comes and goes, and matches it when all is known."""

    def __init__(self, gaps: Gaps) -> None:
        self._gaps = gaps
        self._assets: dict[str, dict[date, _Day]] = {}

    def acquire(
        self,
        t: Transaction,
        asset: str,
        amount: Decimal,
        cost: Decimal | None,
        price: Decimal | None,
    ) -> None:
        """Add to what was acquired on the day."""
        if amount > 0:
            known = (amount, cost, _ZERO) if cost is not None else (_ZERO, _ZERO, amount)
            self._day(t, asset).bought.add(_Pot(*known, t.time))

    def dispose(
        self, t: Transaction, asset: str, amount: Decimal, proceeds: Decimal | None
    ) -> None:
        """Add to what was disposed of on the day."""
        day = self._day(t, asset)
        day.sold += amount
        day.open += amount
        day.time = day.time or t.time
        day.accounts.add(t.account)
        if proceeds is not None:
            day.valued += amount
            day.proceeds += proceeds

    def withdraw(self, t: Transaction, asset: str, amount: Decimal) -> None:
        """Coins leave the pool at its average cost, after the day's disposals."""
        day = self._day(t, asset)
        day.withdrawn += amount
        day.accounts.add(t.account)

    def move(self, t: Transaction, asset: str, amount: Decimal) -> None:
        """Nothing: the accounts are one."""

    def result(self) -> tuple[tuple[Lot, ...], tuple[Disposal, ...]]:
        """Match everything; the pools left are lots without an account."""
        lots: list[Lot] = []
        disposals: list[Disposal] = []
        for asset, days in sorted(self._assets.items()):
            pool = self._match(asset, dict(sorted(days.items())))
            for day in days.values():
                disposals += day.disposals(asset)
            if pool.known and pool.since:
                lots.append(Lot(asset, "", pool.since, pool.known, pool.cost / pool.known))
            if pool.unknown and pool.since:
                lots.append(Lot(asset, "", pool.since, pool.unknown, None))
        return tuple(lots), tuple(sorted(disposals, key=lambda one: one.time))

    def _match(self, asset: str, days: dict[date, _Day]) -> _Pot:
        for day in days.values():
            day.match(day.bought, "same day")
        dates = list(days)
        for when, day in days.items():
            for later in dates[bisect_right(dates, when) : bisect_right(dates, when + WINDOW)]:
                day.match(days[later].bought, "30 days")
        pool = _Pot()
        for when, day in days.items():
            if day.bought.amount:
                pool.add(day.bought)
            day.match(pool, "pool")
            gone = pool.take(day.withdrawn).amount
            short = day.open + day.withdrawn - gone
            if short:
                name = " and ".join(sorted(day.accounts))
                self._gaps.short(name, asset, short, when)
        return pool

    def _day(self, t: Transaction, asset: str) -> _Day:
        return self._assets.setdefault(asset, {}).setdefault(t.time.date(), _Day())
