"""What the exports of block explorers share: whose file it is, and transfers from or to there."""

from collections.abc import Callable, Iterable

from engine.core.csvfile import RefusedRow, Row
from engine.core.fields import read_time
from engine.core.records import Transaction
from engine.ledger.importers.base import Amount, Reading
from engine.ledger.importers.contracts import is_address, read_address
from engine.ledger.importers.movements import MOVED, movement
from engine.ledger.importers.rowwise import LeftOut, readable, row_by_row

_UNCLEAR = (
    "the file does not show which address is yours: not exactly one is in all its rows; "
    "export a longer period"
)

Make = Callable[[Row, str, str], Transaction]
"""The transaction of a row for an account and the user's address."""


def owner_of(ends: Iterable[Iterable[str]]) -> str | None:
    """The user's address, in lower case: the only one in every row, or None.

    ends: the addresses of each row one of which is the user's; what is no address is passed over.
    """
    common: set[str] | None = None
    for row in ends:
        found = {address.strip().lower() for address in row if is_address(address)}
        if found:
            common = found if common is None else common & found
    return next(iter(common)) if common and len(common) == 1 else None


def read_owned(
    rows: list[Row],
    ends: Callable[[Row], Iterable[str]],
    make: Make,
    account: str,
    reading: Reading,
) -> None:
    """Read all rows of a file, or refuse them all if it does not show whose it is."""
    owner = owner_of(ends(row) for row in rows)
    if owner is None:
        reading.refuse(rows, _UNCLEAR)
        return
    row_by_row(lambda row, account: [make(row, account, owner)])(rows, account, reading)


def read_transfers(
    rows: Iterable[Row | RefusedRow],
    items: Callable[[list[Row]], Callable[[Row], Amount]],
    account: str,
    reading: Reading,
) -> list[Row]:
    """Read rows that are transfers of tokens; gives the rows that could be split into fields.

    items: given all rows, what tells the token and the amount of each.
    """
    kept = list(readable(rows, reading))
    item = items(kept)

    def make(row: Row, account: str, owner: str) -> Transaction:
        get = row.fields
        sender, receiver = read_address(get["from"], "sender"), read_address(get["to"], "receiver")
        if sender == receiver:
            raise LeftOut("transfers of an address to itself")
        asset, amount = item(row)
        change = (asset, amount if receiver == owner else -amount)
        note = f"{get['tokenname'].strip()} {hash_of(row)}".strip()
        return movement(read_time(get["unixtimestamp"]), account, change, MOVED, note=note)

    read_owned(kept, lambda row: (row.fields["from"], row.fields["to"]), make, account, reading)
    return kept


def hash_of(row: Row) -> str:
    """The hash of the transaction on the chain, under either name of its column."""
    return (row.fields.get("transaction hash") or row.fields.get("txhash", "")).strip()
