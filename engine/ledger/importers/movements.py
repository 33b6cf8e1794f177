"""What a row that changes the balance of one coin means."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from engine.core.fields import FieldError
from engine.core.records import FIAT, Transaction, TransactionKind
from engine.ledger.importers.base import Amount, build


@dataclass(frozen=True, slots=True)
class Meaning:
    """The kind of a change that came in, and of one that went out; None where that cannot be."""

    name: str
    received: TransactionKind | None
    sent: TransactionKind | None
    income_kind: str = ""


MOVED = Meaning("a deposit or withdrawal", "deposit", "withdrawal")
"""To or from the account; a row in the other direction takes one back."""
GIFT = Meaning("a gift", "gift", "gift")
SPENT = Meaning("a payment", None, "spend")
CHARGED = Meaning("a fee", None, "fee")
CORRECTED = Meaning("a correction", "correction", "correction")
GAINED_OR_LOST = Meaning("a gain or loss", "income", "fee", "other")
"""The result of a futures position."""
STAKED = Meaning("a staking reward", "income", None, "staking")
MINED = Meaning("a mining reward", "income", None, "mining")
INTEREST = Meaning("an interest payment", "income", None, "interest")
AIRDROPPED = Meaning("an airdrop", "income", None, "airdrop")
REWARDED = Meaning("a reward", "income", None, "other")


def movement(
    time: datetime,
    account: str,
    change: tuple[str, Decimal],
    meaning: Meaning,
    *,
    fee: Amount | None = None,
    value: Amount | None = None,
    note: str = "",
) -> Transaction:
    """One coin came in or went out.

    change: the asset and by how much its balance rose, or fell if below zero; without the fee.
    value: what it was worth; of no use for deposits, whose value would be taken for their cost.
    Raises FieldError if the amount is zero or its sign contradicts the meaning.
    """
    asset, amount = change
    if amount == 0:
        raise FieldError("the amount is zero")
    kind = meaning.received if amount > 0 else meaning.sent
    if kind is None:
        sign = "above zero" if amount > 0 else "negative"
        raise FieldError(f"the amount of {meaning.name} is {sign}")
    if meaning is MOVED or asset in FIAT or (value and value[0] not in FIAT):
        value = None
    side = (asset, abs(amount))
    return build(
        time,
        kind,
        account,
        received=side if amount > 0 else None,
        sent=side if amount < 0 else None,
        fee=fee,
        value=value,
        note=note,
        income_kind=meaning.income_kind if kind == "income" else "",
    )
