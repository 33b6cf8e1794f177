"""CoinTracking's trades: the amounts include the fee where it is paid in one of their coins.

A fee in a third coin changes no balance here, as it comes as a row "Other Fee" of its own (see
CoinTracking's article on entering fees). Dates are 20.09.2019 or 9/20/2019, as the user chose.
"""

from collections.abc import Iterable
from decimal import Decimal

from engine.core.csvfile import RefusedRow, Row
from engine.core.fields import FieldError, read_positive, read_symbol
from engine.core.records import Transaction
from engine.ledger.importers.base import Amount, Importer, Reading, build, exchange
from engine.ledger.importers.dates import DateOrder, order_of, read_date
from engine.ledger.importers.movements import (
    AIRDROPPED,
    CHARGED,
    GAINED_OR_LOST,
    GIFT,
    INTEREST,
    MINED,
    MOVED,
    REWARDED,
    SPENT,
    STAKED,
    movement,
)
from engine.ledger.importers.rowwise import (
    named_account,
    readable,
    row_by_row,
    unknown,
)
from engine.ledger.importers.trades import read_fee

_REQUIRED = frozenset(
    {"type", "buy", "cur.", "sell", "cur. 2", "fee", "cur. 3", "exchange", "comment", "date"}
)
_IN = {
    "airdrop": AIRDROPPED,
    "airdrop(nontaxable)": AIRDROPPED,
    "deposit": MOVED,
    "derivatives/futuresprofit": GAINED_OR_LOST,
    "dividendsincome": REWARDED,
    "gift/tip": GIFT,
    "income": REWARDED,
    "income(nontaxable)": REWARDED,
    "interestincome": INTEREST,
    "lendingincome": INTEREST,
    "marginprofit": GAINED_OR_LOST,
    "masternode": STAKED,
    "mining": MINED,
    "mining(commercial)": MINED,
    "minting": STAKED,
    "otherincome": REWARDED,
    "reward/bonus": REWARDED,
    "staking": STAKED,
}
_OUT = {
    "borrowingfee": CHARGED,
    "derivatives/futuresloss": GAINED_OR_LOST,
    "donation": GIFT,
    "gift": GIFT,
    "marginfee": CHARGED,
    "marginloss": GAINED_OR_LOST,
    "otherfee": CHARGED,
    "settlementfee": CHARGED,
    "spend": SPENT,
    "withdrawal": MOVED,
}
_LOST = frozenset({"lost", "stolen"})
_NO_ACCOUNT = "no exchange"


def _read(rows: Iterable[Row | RefusedRow], account: str, reading: Reading) -> None:
    kept = list(readable(rows, reading))
    order = order_of(row.fields["date"] for row in kept)
    row_by_row(lambda row, account: [_transaction(row, account, order)])(kept, account, reading)


def _transaction(row: Row, account: str, order: DateOrder | None) -> Transaction:
    get = row.fields
    time = read_date(get["date"], order)
    if get["exchange"].strip().lower() != _NO_ACCOUNT:
        account = named_account(get["exchange"], account)
    # Newer files write the types with other blanks and hyphens.
    kind = "".join(get["type"].lower().replace("-", "").split())
    note = get["comment"]
    bought, sold = _side(row, "buy", "cur."), _side(row, "sell", "cur. 2")
    fee = _fee(row, [side[0] for side in (bought, sold) if side])
    if kind == "trade":
        if not bought or not sold:
            raise FieldError("a trade needs what was bought and what was sold")
        bought, sold = _before(bought, fee), _after(sold, fee)
        return exchange(time, account, bought, sold, fee=fee, note=note)
    if kind in _IN:
        came_in = _before(_only(bought, sold), fee)
        return movement(time, account, came_in, _IN[kind], fee=fee, note=note)
    if kind not in _OUT and kind not in _LOST:
        raise unknown("type", get["type"])
    asset, amount = _after(_only(sold, bought), fee)
    if kind in _LOST:
        return build(time, "loss", account, sent=(asset, amount), fee=fee, note=note)
    return movement(time, account, (asset, -amount), _OUT[kind], fee=fee, note=note)


def _side(row: Row, amount: str, currency: str) -> Amount | None:
    if not row.fields[amount].strip("0.- "):
        return None
    asset = read_symbol(row.fields[currency], "currency")
    return asset, read_positive(row.fields[amount], f"{amount} amount")


def _only(wanted: Amount | None, other: Amount | None) -> Amount:
    if wanted is None or other is not None:
        raise FieldError("its amounts do not fit its type")
    return wanted


def _fee(row: Row, assets: list[str]) -> Amount | None:
    """The fee that one of the amounts includes."""
    amount = read_fee(row.fields["fee"].strip().strip("-"))
    if not amount:
        return None
    asset = read_symbol(row.fields["cur. 3"], "fee currency")
    return (asset, amount) if asset in assets else None


def _before(side: Amount, fee: Amount | None) -> Amount:
    """What came in before the fee was taken from it."""
    asset, amount = side
    return asset, amount + (fee[1] if fee and fee[0] == asset else Decimal(0))


def _after(side: Amount, fee: Amount | None) -> Amount:
    """What went out without the fee in it. Raises FieldError if nothing is left."""
    asset, amount = side
    rest = amount - (fee[1] if fee and fee[0] == asset else Decimal(0))
    if rest <= 0:
        raise FieldError("the fee is more than the amount")
    return asset, rest


COINTRACKING = Importer(
    name="CoinTracking",
    account="CoinTracking",
    columns="Type,Buy,Cur.,Sell,Cur.,Fee,Cur.,Exchange,Group,Comment,Date",
    matches=_REQUIRED.issubset,
    read=_read,
)
