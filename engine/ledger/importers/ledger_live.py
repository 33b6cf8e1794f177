"""Ledger Live's operations: what an account sent or received, fees included in what was sent.

A token's fee is a row of its own, of the coin of its chain. Countervalues are of the day, not of
the operation, and are not used.
"""

from engine.core.csvfile import Row
from engine.core.fields import FieldError, read_number, read_positive, read_symbol, read_time
from engine.core.records import Transaction
from engine.ledger.importers.base import Importer, build
from engine.ledger.importers.movements import CHARGED, MOVED, STAKED, movement
from engine.ledger.importers.rowwise import LeftOut, named_account, row_by_row, unknown
from engine.ledger.importers.trades import read_fee

_REQUIRED = frozenset(
    {"operation date", "currency ticker", "operation type", "operation amount", "operation fees"}
    | {"operation hash", "account name"}
)
_REWARDS = frozenset({"REWARD", "REWARD_PAYOUT"})
_FEES = frozenset({"FEES", "REVEAL"})
_STAYS = frozenset(
    {
        "ACTIVATE",
        "APPROVE",
        "BOND",
        "CHILL",
        "DELEGATE",
        "FREEZE",
        "NOMINATE",
        "OPT_IN",
        "OPT_OUT",
        "REDELEGATE",
        "REVOKE",
        "SET_CONTROLLER",
        "STAKE",
        "UNBOND",
        "UNDELEGATE",
        "UNFREEZE",
        "UNSTAKE",
        "VOTE",
        "WITHDRAW_UNBONDED",
        "WITHDRAW_UNSTAKED",
    }
)
"""What leaves the coins with their owner, and costs the fee at most."""


def _transactions(row: Row, account: str) -> list[Transaction]:
    get = row.fields
    kind = get["operation type"].strip().upper()
    status = get.get("status", "Confirmed").strip().lower()
    if status not in ("confirmed", "failed"):
        raise unknown("status", get["status"])
    time = read_time(get["operation date"])
    account = named_account(get["account name"], account)
    asset = read_symbol(get["currency ticker"], "currency")
    fee = read_fee(get["operation fees"])
    note = f"{kind.lower()} {get['operation hash'].strip()}"
    if kind in ("NFT_IN", "NFT_OUT"):
        raise FieldError("it does not say which NFT moved")
    if status == "failed" or kind in _STAYS:
        if kind == "IN" or not fee:
            raise LeftOut("operations that failed or changed no balance")
        return [movement(time, account, (asset, -fee), CHARGED, note=note)]
    amount = read_number(get["operation amount"], "amount")
    if kind == "IN":
        # Its fee is what the sender paid.
        return [movement(time, account, (asset, amount), MOVED, note=note)]
    if kind in _REWARDS:
        return [movement(time, account, (asset, amount), STAKED, note=note)]
    if kind in _FEES:
        return [movement(time, account, (asset, -amount), CHARGED, note=note)]
    if kind == "SLASH":
        lost = (asset, read_positive(get["operation amount"], "amount"))
        return [build(time, "loss", account, sent=lost, note=note)]
    if kind != "OUT":
        raise unknown("operation type", get["operation type"])
    if amount == fee:
        return [movement(time, account, (asset, -fee), CHARGED, note=note)]
    if amount < fee:
        raise FieldError("the fee is more than the amount")
    sent = (asset, fee - amount)
    return [movement(time, account, sent, MOVED, fee=(asset, fee), note=note)]


LEDGER_LIVE = Importer(
    name="Ledger Live",
    account="Ledger Live",
    columns="Operation Date,Status,Currency Ticker,Operation Type,Operation Amount,Operation Fees,"
    "Operation Hash,Account Name,Account xpub,Countervalue Ticker,"
    "Countervalue at Operation Date,Countervalue at CSV Export",
    matches=_REQUIRED.issubset,
    read=row_by_row(_transactions),
)
