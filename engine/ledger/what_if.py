"""What the gain would be if coins were sold now."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from engine.core.errors import KnownError
from engine.core.money import format_amount
from engine.ledger.lotbook import Disposal, LotBook, Rule
from engine.ledger.methods import Method, rank
from engine.ledger.queues import Piece, Queues
from engine.ledger.terms import term

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class SalePreview:
    """An imagined sale, in the book's currency; fees are off the proceeds.

    proceeds: of all that is sold. cost, gain: of the coins whose cost is known. unknown: how many
    coins have no known cost. short, long: the gain by how long the coins were held.
    """

    disposals: tuple[Disposal, ...]
    proceeds: Decimal
    cost: Decimal
    gain: Decimal
    short: Decimal
    long: Decimal
    unknown: Decimal


def preview_sale(
    book: LotBook,
    asset: str,
    amount: Decimal,
    price: Decimal,
    when: datetime,
    *,
    method: Method = "fifo",
    account: str | None = None,
    fee: Decimal = _ZERO,
    long_days: int = 365,
) -> SalePreview:
    """Sell an amount at a price per coin out of the open lots of one account, or of all.

    fee: money paid for the sale. long_days: see `term`. The book is not changed. For the UK pool
    the cost is the pool's average; coins bought on the same day or in the 30 days after the sale
    would be matched first. Raises KnownError if the amount is not positive or more than is held.
    """
    if amount <= 0:
        raise KnownError("The amount to sell must be more than zero.")
    averaged = method in ("average", "uk_pool")
    queues = Queues(rank(method), averaged)
    for number, lot in enumerate(sorted(book.open, key=lambda lot: lot.time)):
        # Lots of all accounts together name none.
        if lot.asset == asset and (account is None or lot.account in (account, "")):
            cost = None if lot.unit_cost is None else lot.unit_cost * lot.amount
            queues.put("", asset, Piece(lot.time, number, lot.amount, cost, lot.unit_cost))
    pieces, short = queues.take("", asset, amount)
    if short:
        raise KnownError(
            f"The records hold {format_amount(amount - short)} {asset}, "
            f"less than the {format_amount(amount)} to sell."
        )
    proceeds = amount * price - fee
    rule: Rule = "lot"
    if averaged:
        rule = "pool" if method == "uk_pool" else "average"
    disposals = []
    for piece in pieces:
        if piece.cost is not None:
            share = proceeds * piece.amount / amount
            acquired = None if rule == "pool" else piece.time
            disposals.append(
                Disposal(
                    asset,
                    account or "",
                    when,
                    piece.amount,
                    share,
                    piece.cost,
                    share - piece.cost,
                    acquired,
                    rule,
                )
            )
    by_term = {"short": _ZERO, "long": _ZERO, "none": _ZERO}
    for one in disposals:
        by_term[term(one, long_days)] += one.gain
    return SalePreview(
        disposals=tuple(disposals),
        proceeds=proceeds,
        cost=sum((one.cost for one in disposals), _ZERO),
        gain=sum((one.gain for one in disposals), _ZERO),
        short=by_term["short"],
        long=by_term["long"],
        unknown=sum((piece.amount for piece in pieces if piece.cost is None), _ZERO),
    )
