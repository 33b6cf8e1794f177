"""What all importers share: the shape of an importer and how a transaction is put together."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from engine.core.csvfile import RefusedRow, Row, clean_text
from engine.core.fields import FieldError
from engine.core.records import FIAT, Transaction, TransactionKind

Amount = tuple[str, Decimal]
"""An asset and how much of it, above zero."""

NOTE_LENGTH = 200
ACCOUNT_LENGTH = 60


@dataclass(frozen=True, slots=True)
class Parsed:
    """A transaction, and line and text of the row it came from (of several rows, the first)."""

    line: int
    text: str
    transaction: Transaction

    def refused(self, reason: str) -> RefusedRow:
        """Its row as one that was not taken."""
        return Row(self.line, self.text, {}).refused(reason)


@dataclass(slots=True)
class Reading:
    """What an importer has made of a file so far."""

    parsed: list[Parsed] = field(default_factory=list)
    refused: list[RefusedRow] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)

    def take(self, row: Row, transaction: Transaction) -> None:
        """A row was understood."""
        self.parsed.append(Parsed(row.line, row.text, transaction))

    def refuse(self, rows: Iterable[Row], reason: str) -> None:
        """Rows were not understood."""
        self.refused.extend(row.refused(reason) for row in rows)

    def leave_out(self, why: str, rows: int = 1) -> None:
        """Rows were understood and change nothing; why completes "left out: …"."""
        self.left_out[why] += rows


@dataclass(frozen=True, slots=True)
class Importer:
    """One source of transactions.

    matches: do these normalised column names belong to it. read: turn rows into transactions of
    the given account; it raises nothing for bad rows, it refuses them. columns: the header as
    documented. account: the name used when the user gives none.
    """

    name: str
    account: str
    columns: str
    matches: Callable[[tuple[str, ...]], bool]
    read: Callable[[Iterable[Row | RefusedRow], str, Reading], None]


def build(
    time: datetime,
    kind: TransactionKind,
    account: str,
    *,
    received: Amount | None = None,
    sent: Amount | None = None,
    fee: Amount | None = None,
    value: Amount | None = None,
    note: str = "",
    to_account: str | None = None,
) -> Transaction:
    """A transaction without its row hash. Balances change by +received, -sent and -fee.

    value: currency and worth of the whole, where the source states it.
    """
    if fee is not None and fee[1] == 0:
        fee = None
    return Transaction(
        time=time,
        kind=kind,
        account=account,
        asset_in=received[0] if received else None,
        amount_in=received[1] if received else Decimal(0),
        asset_out=sent[0] if sent else None,
        amount_out=sent[1] if sent else Decimal(0),
        fee_asset=fee[0] if fee else None,
        fee_amount=fee[1] if fee else Decimal(0),
        value=value[1] if value else None,
        value_currency=value[0] if value else None,
        note=clean_text(note, NOTE_LENGTH),
        row_hash="",
        to_account=to_account,
    )


def exchange_kind(received: str, sent: str) -> TransactionKind:
    """buy (paid in fiat), sell (received fiat) or trade (anything else)."""
    if received not in FIAT and sent in FIAT:
        return "buy"
    if received in FIAT and sent not in FIAT:
        return "sell"
    return "trade"


def exchange(
    time: datetime,
    account: str,
    received: Amount,
    sent: Amount,
    *,
    fee: Amount | None = None,
    value: Amount | None = None,
    note: str = "",
) -> Transaction:
    """A buy, sell or trade. Raises FieldError if both sides are the same asset."""
    if received[0] == sent[0]:
        raise FieldError(f"it exchanges {received[0]} for itself")
    kind = exchange_kind(received[0], sent[0])
    return build(time, kind, account, received=received, sent=sent, fee=fee, value=value, note=note)


def one_sided(
    time: datetime,
    account: str,
    asset: str,
    change: Decimal,
    kinds: tuple[TransactionKind, TransactionKind],
    *,
    fee: Amount | None = None,
    note: str = "",
) -> Transaction:
    """The first kind for a change above zero (received), else the second (sent).

    Raises FieldError if the change is zero.
    """
    if change == 0:
        raise FieldError("the amount is zero")
    side = (asset, abs(change))
    if change > 0:
        return build(time, kinds[0], account, received=side, fee=fee, note=note)
    return build(time, kinds[1], account, sent=side, fee=fee, note=note)
