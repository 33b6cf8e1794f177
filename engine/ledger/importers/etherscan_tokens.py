"""Etherscan's transfers of ERC-20 tokens; their gas stands in the file of transactions.

Anyone can send anyone a token of any name. So all of them come in as deposits without a value, and
one that poses as a known coin, or has no symbol, goes by the beginning of its contract.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

from engine.core.csvfile import RefusedRow, Row
from engine.core.fields import FieldError, read_number, read_positive
from engine.ledger.importers.base import Amount, Importer, Reading
from engine.ledger.importers.contracts import (
    by_contract,
    is_address,
    official_symbol,
    plain_symbol,
    read_address,
)
from engine.ledger.importers.explorer import read_transfers
from engine.ledger.importers.pairs import QUOTES
from engine.ledger.importers.rowwise import LeftOut
from engine.market.sources.ids import COINGECKO_IDS

_SHARED = frozenset({"unixtimestamp", "from", "to", "contractaddress", "tokenname", "tokensymbol"})
_AMOUNTS = ("tokenvalue", "value")
_WORTH = "usdvaluedayoftx"
_VALUED = QUOTES | COINGECKO_IDS.keys()
"""Symbols that will have a price, so that it pays to pass a token off as one of them."""
_SHOWN = 5


def _matches(columns: tuple[str, ...]) -> bool:
    return _SHARED.issubset(columns) and any(name in columns for name in _AMOUNTS)


def _read(rows: Iterable[Row | RefusedRow], account: str, reading: Reading) -> None:
    kept = read_transfers(rows, _tokens, account, reading)
    names = _names(kept)
    priced = _priced(kept)
    unknown = sorted(
        name for contract, name in names.items() if contract not in priced and name not in _VALUED
    )
    if unknown:
        which = "1 token has" if len(unknown) == 1 else f"{len(unknown):,} tokens have"
        shown = ", ".join(unknown[:_SHOWN] + ["…"] * (len(unknown) > _SHOWN))
        reading.warnings.append(
            f"{which} no known price ({shown}). Many such tokens are sent to strangers to defraud "
            "them; they are stored as deposits without a value."
        )


def _tokens(rows: list[Row]) -> Callable[[Row], Amount]:
    names = _names(rows)

    def token(row: Row) -> Amount:
        contract = read_address(row.fields["contractaddress"], "contract")
        column = next(name for name in _AMOUNTS if name in row.fields)
        if not row.fields[column].strip("0., "):
            raise LeftOut("transfers of nothing, which are made to mislead")
        return names[contract], read_positive(row.fields[column], "amount")

    return token


def _names(rows: Iterable[Row]) -> Mapping[str, str]:
    """What each token is called, by its contract; no two are called alike."""
    kept = [row for row in rows if is_address(row.fields["contractaddress"])]
    priced = _priced(kept)
    symbols = {_contract(row): _symbol(row, priced) for row in kept}
    claims: dict[str | None, set[str]] = defaultdict(set)
    for contract, symbol in symbols.items():
        claims[symbol].add(contract)
    names = {}
    for contract, symbol in symbols.items():
        rivals = claims[symbol] & priced if contract in priced else claims[symbol]
        names[contract] = symbol if symbol and len(rivals) == 1 else by_contract(contract)
    return names


def _symbol(row: Row, priced: set[str]) -> str | None:
    """The symbol a token can go by; a known coin's only if the explorer knows its price."""
    contract = _contract(row)
    if official := official_symbol(contract):
        return official
    symbol = plain_symbol(row.fields["tokenname"], row.fields["tokensymbol"], contract)
    poses = symbol in _VALUED and _WORTH in row.fields and contract not in priced
    return None if poses else symbol


def _priced(rows: Iterable[Row]) -> set[str]:
    """The contracts of tokens with a price on any day, and of the best known ones."""
    return {c for row in rows if official_symbol(c := _contract(row)) or _is_worth(row)}


def _contract(row: Row) -> str:
    return row.fields["contractaddress"].strip().lower()


def _is_worth(row: Row) -> bool:
    try:
        return read_number(row.fields.get(_WORTH, ""), "worth") > 0
    except FieldError:
        return False


ETHERSCAN_TOKENS = Importer(
    name="Etherscan ERC-20 transfers",
    account="Ethereum",
    columns="Transaction Hash,Blockno,UnixTimestamp,DateTime (UTC),From,To,TokenValue,"
    "USDValueDayOfTx,ContractAddress,TokenName,TokenSymbol",
    matches=_matches,
    read=_read,
)
