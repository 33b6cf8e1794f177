"""What all importers share: the shape of an importer and how a transaction is put together."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple, Protocol

from engine.core.csvfile import RefusedRow, Row, clean_text
from engine.core.fields import FieldError
from engine.core.records import FIAT, Transaction, TransactionKind, is_nft

Amount = tuple[str, Decimal]
"""An asset and how much of it, above zero."""

NOTE_LENGTH = 200
ACCOUNT_LENGTH = 60
_CHECKED_ROWS = 1_000
_NOTHING = (None, Decimal(0))


class Placed(Protocol):
    """A row, or what was made of one: it knows where it stood in the file."""

    @property
    def line(self) -> int:
        """The line, from 1."""

    @property
    def text(self) -> str:
        """The text of the line."""


class Parsed(NamedTuple):
    """A transaction, and line and text of the row it came from (of several rows, the first)."""

    line: int
    text: str
    transaction: Transaction

    def refused(self, reason: str) -> RefusedRow:
        """Its row as one that was not taken."""
        return Row(self.line, self.text, {}).refused(reason)


@dataclass(slots=True)
class Reading:
    """What an importer has made of a file so far.

    check: called now and then; what it raises ends the reading. file_name: of the file, cleaned.
    """

    check: Callable[[], None] = lambda: None
    file_name: str = ""
    parsed: list[Parsed] = field(default_factory=list)
    refused: list[RefusedRow] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)

    def take(self, row: Placed, transaction: Transaction) -> None:
        """A row was understood."""
        self.parsed.append(Parsed(row.line, row.text, transaction))
        if len(self.parsed) % _CHECKED_ROWS == 0:
            self.check()

    def refuse(self, rows: Iterable[Row], reason: str) -> None:
        """Rows were not understood."""
        self.check()
        self.refused.extend(row.refused(reason) for row in rows)

    def leave_out(self, why: str, rows: int = 1) -> None:
        """Rows were understood and change nothing; why completes "left out: …"."""
        self.left_out[why] += rows


@dataclass(frozen=True, slots=True)
class Importer:
    """One source of transactions.

    matches: do these normalised column names belong to it. read: turn rows into transactions of
    the given account; it raises nothing for bad rows, it refuses them. columns: the header as
    documented. account: the name used when the user gives none. hashed_as: what stands in the
    hashes of its rows for the name, if that may change.
    """

    name: str
    account: str
    columns: str
    matches: Callable[[tuple[str, ...]], bool]
    read: Callable[[Iterable[Row | RefusedRow], str, Reading], None]
    hashed_as: str = ""


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
    income_kind: str = "",
    tag: str = "",
    row_hash: str = "",
) -> Transaction:
    """A transaction, in general without its row hash. Balances change by +received, -sent, -fee.

    value: currency and worth of the whole, where the source states it. row_hash: only where the
    source is Assay itself.
    """
    if fee is not None and fee[1] == 0:
        fee = None
    asset_in, amount_in = received or _NOTHING
    asset_out, amount_out = sent or _NOTHING
    fee_asset, fee_amount = fee or _NOTHING
    currency, worth = value or (None, None)
    # By position as far as it goes: names take a fifth of the time, and long files have a million.
    return Transaction(
        time,
        kind,
        account,
        asset_in,
        amount_in,
        asset_out,
        amount_out,
        fee_asset,
        fee_amount,
        worth,
        currency,
        clean_text(note, NOTE_LENGTH),
        row_hash,
        to_account=to_account,
        income_kind=income_kind,
        tag=tag,
    )


def exchange_kind(received: str, sent: str) -> TransactionKind:
    """nft_buy, nft_sell, buy (paid in fiat), sell (received fiat) or trade (anything else)."""
    if is_nft(received) or is_nft(sent):
        return "nft_buy" if is_nft(received) else "nft_sell"
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
    income_kind: str = "",
) -> Transaction:
    """The first kind for a change above zero (received), else the second (sent).

    income_kind: what it is if that is an income. Raises FieldError if the change is zero.
    """
    if change == 0:
        raise FieldError("the amount is zero")
    side = (asset, abs(change))
    if change > 0:
        income = income_kind if kinds[0] == "income" else ""
        return build(time, kinds[0], account, received=side, fee=fee, note=note, income_kind=income)
    return build(time, kinds[1], account, sent=side, fee=fee, note=note)
