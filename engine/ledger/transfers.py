"""Transfers between the user's own accounts: proposed by what looks alike, joined once confirmed.

Nothing is joined without the user's word, for joining decides what coins cost.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import chain, islice
from typing import Literal

from engine.core.money import format_amount, format_percent
from engine.core.records import FIAT, Transaction
from engine.ledger.gaps import Gap
from engine.ledger.legs import in_order
from engine.store.pairs import Pair, PairState

LONGEST_WAY = timedelta(days=3)
LARGEST_FEE = Decimal("0.02")
"""Of the amount sent; a network fee that the sender states may be larger."""
_CLOCK_SKEW = timedelta(hours=1)
_LOOKED_AT, _KEPT = 200, 10
"""Of a crowd of withdrawals within three days: how many of the nearest a deposit is compared with,
and how many that fit are kept, so that the work grows with the number of rows alone."""

Likeness = Literal["same amount", "stated fee", "network fee"]
"""Why two rows look like one transfer, the surest first."""
_RANKS: tuple[Likeness, ...] = ("same amount", "stated fee", "network fee")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A withdrawal and a deposit that may be one transfer."""

    withdrawal: Transaction
    deposit: Transaction
    likeness: Likeness

    @property
    def pair(self) -> Pair:
        """What a decision about it is stored under."""
        return self.withdrawal.row_hash, self.deposit.row_hash

    @property
    def lost(self) -> Decimal:
        """How many coins did not arrive."""
        return self.withdrawal.amount_out - self.deposit.amount_in

    @property
    def why(self) -> str:
        """The likeness in words: "the same amount, 1 h 30 min later"."""
        minutes = round((self.deposit.time - self.withdrawal.time).total_seconds()) // 60
        hours, rest = divmod(abs(minutes), 60)
        way = " ".join(
            f"{count:,} {unit}" for count, unit in ((hours, "h"), (rest, "min")) if count
        )
        when = f"{way} {'later' if minutes > 0 else 'earlier'}" if way else "at the same time"
        if self.likeness == "same amount":
            return f"the same amount, {when}"
        share = format_percent(self.lost / self.withdrawal.amount_out)
        coin = self.withdrawal.asset_out
        which = "the stated fee" if self.likeness == "stated fee" else share
        return f"{format_amount(self.lost)} {coin} less ({which}), {when}"


@dataclass(frozen=True, slots=True)
class Decision:
    """What the user has said of a withdrawal and a deposit.

    fits: the two can be one transfer. Confirmed ones that have been edited since may not; they are
    not joined, and count as a withdrawal and a deposit.
    """

    withdrawal: Transaction
    deposit: Transaction
    state: PairState
    fits: bool

    @property
    def pair(self) -> Pair:
        """What it is stored under."""
        return self.withdrawal.row_hash, self.deposit.row_hash

    @property
    def said(self) -> str:
        """The state in words."""
        if self.state == "confirmed" and not self.fits:
            return "confirmed, but no longer fits: not used"
        return self.state


def decisions(
    transactions: Iterable[Transaction], pairs: Mapping[Pair, PairState]
) -> list[Decision]:
    """The decisions about rows that are there, by time. transactions: as stored, not joined."""
    wanted = {row_hash for pair in pairs for row_hash in pair}
    rows = {t.row_hash: t for t in transactions if t.row_hash in wanted}
    found = [
        Decision(
            rows[withdrawal],
            rows[deposit],
            state,
            _joined(rows[withdrawal], rows[deposit]) is not None,
        )
        for (withdrawal, deposit), state in pairs.items()
        if withdrawal in rows and deposit in rows
    ]
    return sorted(found, key=lambda one: (one.withdrawal.time, one.pair))


def no_longer_fitting(decided: Iterable[Decision]) -> tuple[Gap, ...]:
    """A sentence for each confirmed transfer that is not used because its rows were edited."""
    return tuple(
        Gap(
            f"The confirmed transfer of {format_amount(one.withdrawal.amount_out)} "
            f"{one.withdrawal.asset_out or 'coins'} from {one.withdrawal.account} to "
            f"{one.deposit.account} on {one.withdrawal.time:%Y-%m-%d} no longer fits since it was "
            "edited, and counts as a withdrawal and a deposit.",
            *filter(None, (one.withdrawal.asset_out, one.deposit.asset_in)),
            first=one.withdrawal.time.date(),
        )
        for one in decided
        if one.state == "confirmed" and not one.fits
    )


def propose_pairs(
    transactions: Iterable[Transaction], decided: Collection[Pair]
) -> list[Candidate]:
    """Withdrawals and deposits that look like one transfer, by time; each row in one at most.

    transactions: with the confirmed transfers joined. decided: pairs not to propose again. They
    look alike if they are of one coin, the deposit comes within three days (clocks may differ by an
    hour) and its amount is the same or smaller by the fee stated or by at most 2 %. Fiat money, and
    deposits with a fee or a stated cost of their own, are never proposed.
    """
    sent: dict[str, list[Transaction]] = defaultdict(list)
    deposits = []
    for t in transactions:
        if t.kind == "withdrawal" and t.asset_out and t.asset_out not in FIAT:
            sent[t.asset_out].append(t)
        elif t.kind == "deposit" and t.asset_in and t.value is None and not t.fee_amount:
            deposits.append(t)
    times = {}
    for asset, rows in sent.items():
        rows.sort(key=lambda t: (t.time, t.row_hash))
        times[asset] = [t.time for t in rows]
    found: list[Candidate] = []
    for deposit in deposits:
        asset = deposit.asset_in or ""
        if asset in sent:
            near = _nearest(sent[asset], times[asset], deposit.time)
            fitting = (_candidate(withdrawal, deposit) for withdrawal in near)
            open_ones = (one for one in fitting if one and one.pair not in decided)
            found += islice(open_ones, _KEPT)
    return _each_once(found)


def unconfirmed(candidates: Sequence[Candidate]) -> tuple[Gap, ...]:
    """The sentence that says that candidates wait for the user's word."""
    if not candidates:
        return ()
    coins = {one.withdrawal.asset_out or "" for one in candidates}
    what = "A withdrawal and a deposit look like a transfer between your own accounts; confirm it"
    if len(candidates) > 1:
        what = (
            f"{len(candidates):,} withdrawals and deposits look like transfers between your own "
            "accounts; confirm them"
        )
    return (Gap(f"{what} under Portfolio → Accounts.", *coins),)


def link_transfers(
    transactions: Iterable[Transaction], confirmed: Collection[Pair]
) -> list[Transaction]:
    """The transactions in order, each confirmed pair made one transfer; balances stay the same.

    What did not arrive becomes part of the fee. Pairs whose rows are gone, or no longer fit
    because they were edited, are passed over; `no_longer_fitting` tells of the latter.
    """
    ordered = in_order(transactions)
    if not confirmed:
        return ordered
    wanted = {row_hash for pair in confirmed for row_hash in pair}
    places = {t.row_hash: index for index, t in enumerate(ordered) if t.row_hash in wanted}
    joined: dict[int, Transaction] = {}
    arrived: set[int] = set()
    for pair in sorted(confirmed):
        sender, receiver = (places.get(row_hash) for row_hash in pair)
        if sender is None or receiver is None or sender in joined or receiver in arrived:
            continue
        transfer = _joined(ordered[sender], ordered[receiver])
        if transfer is not None:
            joined[sender] = transfer
            arrived.add(receiver)
    return in_order(joined.get(index, t) for index, t in enumerate(ordered) if index not in arrived)


def _nearest(
    rows: Sequence[Transaction], times: Sequence[datetime], when: datetime
) -> Iterator[Transaction]:
    """The withdrawals a deposit could come from: the latest before it first, then later ones."""
    first = bisect_left(times, when - LONGEST_WAY)
    middle = bisect_right(times, when)
    last = bisect_right(times, when + _CLOCK_SKEW)
    return chain(
        reversed(rows[max(first, middle - _LOOKED_AT) : middle]),
        rows[middle : min(last, middle + _LOOKED_AT)],
    )


def _candidate(withdrawal: Transaction, deposit: Transaction) -> Candidate | None:
    lost = withdrawal.amount_out - deposit.amount_in
    stated = withdrawal.fee_amount if withdrawal.fee_asset == withdrawal.asset_out else None
    if lost == 0:
        return Candidate(withdrawal, deposit, "same amount")
    if lost == stated:
        return Candidate(withdrawal, deposit, "stated fee")
    if 0 < lost <= max(withdrawal.amount_out * LARGEST_FEE, stated or Decimal(0)):
        return Candidate(withdrawal, deposit, "network fee")
    return None


def _each_once(candidates: Iterable[Candidate]) -> list[Candidate]:
    """The surest and then the quickest first, each row in one pair at most."""
    taken: set[int] = set()
    chosen = []
    for one in sorted(candidates, key=_doubt):
        ends = {id(one.withdrawal), id(one.deposit)}
        if taken.isdisjoint(ends):
            taken |= ends
            chosen.append(one)
    return sorted(chosen, key=lambda one: (one.withdrawal.time, one.pair))


def _doubt(one: Candidate) -> tuple[int, timedelta, Decimal, Pair]:
    way = abs(one.deposit.time - one.withdrawal.time)
    return _RANKS.index(one.likeness), way, one.lost, one.pair


def _joined(withdrawal: Transaction, deposit: Transaction) -> Transaction | None:
    fits = (
        withdrawal.kind == "withdrawal"
        and deposit.kind == "deposit"
        and withdrawal.asset_out == deposit.asset_in
        and deposit.amount_in <= withdrawal.amount_out
        and not deposit.fee_amount
    )
    if not fits:
        return None
    transfer = replace(
        withdrawal,
        kind="transfer",
        asset_in=deposit.asset_in,
        amount_in=deposit.amount_in,
        to_account=deposit.account,
    )
    lost = withdrawal.amount_out - deposit.amount_in
    if lost and withdrawal.fee_asset in (None, withdrawal.asset_out):
        fee = withdrawal.fee_amount + lost
        return replace(
            transfer,
            amount_out=deposit.amount_in,
            fee_asset=withdrawal.asset_out,
            fee_amount=fee,
        )
    return transfer
