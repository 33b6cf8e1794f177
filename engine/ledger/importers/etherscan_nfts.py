"""Etherscan's transfers of NFTs: what was paid for one, and the gas, are in its other files."""

import re
from collections.abc import Callable, Iterable

from engine.core.csvfile import RefusedRow, Row
from engine.core.fields import FieldError, read_positive
from engine.ledger.importers.base import Amount, Importer, Reading
from engine.ledger.importers.contracts import by_contract, read_address
from engine.ledger.importers.explorer import read_transfers

_SHARED = frozenset({"unixtimestamp", "from", "to", "contractaddress", "tokenname", "tokensymbol"})
_NUMBERS = ("token id", "tokenid")
_NUMBER = re.compile(r"[0-9]{1,78}")
_NOT_IN_SYMBOLS = re.compile(r"^[^A-Z0-9]+|[^A-Z0-9._$+-]+")
_NAME_LENGTH = 20


def _matches(columns: tuple[str, ...]) -> bool:
    return _SHARED.issubset(columns) and any(name in columns for name in _NUMBERS)


def _read(rows: Iterable[Row | RefusedRow], account: str, reading: Reading) -> None:
    read_transfers(rows, _items, account, reading)


def _items(_: list[Row]) -> Callable[[Row], Amount]:
    return _item


def _item(row: Row) -> Amount:
    """Collection and number, such as PUNKS#7804, and how many of it."""
    get = row.fields
    number = next(get[name] for name in _NUMBERS if name in get).strip()
    if not _NUMBER.fullmatch(number):
        raise FieldError("the NFT has no number")
    contract = read_address(get["contractaddress"], "contract")
    names = (
        _NOT_IN_SYMBOLS.sub("", get[column].upper())[:_NAME_LENGTH]
        for column in ("tokensymbol", "tokenname")
    )
    collection = next(filter(None, names), by_contract(contract))
    quantity = get.get("quantity", "").strip() or "1"
    return f"{collection}#{number}", read_positive(quantity, "quantity")


ETHERSCAN_NFTS = Importer(
    name="Etherscan NFT transfers",
    account="Ethereum",
    columns="Transaction Hash,Blockno,UnixTimestamp,DateTime (UTC),From,To,ContractAddress,"
    "TokenName,TokenSymbol,Token ID,Type,Quantity",
    matches=_matches,
    read=_read,
)
