"""Kraken's ledgers export: every change of a balance is a row, the rows of a trade share a refid.

Seven header variants exist; they add subclass, wallet, amountusd or an empty column to the ten
columns used here. A row changes its balance by amount - fee.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from engine.core.csvfile import RefusedRow, Row, clean_text
from engine.core.fields import FieldError, read_number, read_symbol, read_time
from engine.core.records import FIAT, TransactionKind
from engine.ledger.importers.balances import BalanceRow, unexplained
from engine.ledger.importers.base import Importer, Reading, build, one_sided
from engine.ledger.importers.statement import take_exchange

_REQUIRED = frozenset(
    {"txid", "refid", "time", "type", "subtype", "aclass", "asset", "amount", "fee", "balance"}
)
PREFIXED = frozenset(
    {"ETC", "ETH", "ICN", "LTC", "MLN", "NMC", "REP", "XBT", "XDG", "XLM", "XMR", "XRP", "ZEC"}
)
_RENAMED = {"XBT": "BTC", "XDG": "DOGE", "ETH2": "ETH"}
_SUFFIX = re.compile(r"(?:(?:03|04|07|14|21|28)\.S|\.(?:S|M|F|P|B|HOLD))$")
_TRADES = frozenset({"trade", "spend", "receive", "settled", "conversion"})
_INCOME = {
    "adjustment": "other",
    "airdrop": "airdrop",
    "credit": "other",
    "dividend": "other",
    "earn": "staking",
    "invite bonus": "other",
    "margin": "other",
    "staking": "staking",
    "transfer": "airdrop",
}
"""The types that can be an income; a transfer from nowhere brings the coins of a fork."""
_MARGIN = frozenset({"margin", "rollover"})
_STAKING_MOVES = frozenset({"spottostaking", "stakingfromspot", "stakingtospot", "spotfromstaking"})
_FUTURES = "Kraken Futures"
_FEE_CREDITS = "KFEE"


@dataclass(frozen=True, slots=True)
class _Entry:
    """One row, read."""

    row: Row
    time: datetime
    type: str
    subtype: str
    asset: str
    amount: Decimal
    fee: Decimal

    @property
    def change(self) -> Decimal:
        return self.amount - self.fee


def _matches(columns: tuple[str, ...]) -> bool:
    return _REQUIRED.issubset(columns)


def _read(rows: Iterable[Row | RefusedRow], account: str, reading: Reading) -> None:
    groups: dict[str, list[_Entry]] = defaultdict(list)
    balances: list[BalanceRow] = []
    seen: set[tuple[str, ...]] = set()
    for row in rows:
        if isinstance(row, RefusedRow):
            reading.refused.append(row)
        elif not row.fields["txid"].strip():
            reading.leave_out("pending rows without a transaction number")
        else:
            try:
                entry, balance = _entry(row)
            except FieldError as error:
                reading.refuse([row], str(error))
                continue
            if entry.asset == _FEE_CREDITS:
                reading.leave_out("Kraken fee credits")
                continue
            if (line := tuple(row.fields.values())) in seen:  # each has a number of its own
                reading.leave_out("lines repeated within the file")
                continue
            seen.add(line)
            balances.append(balance)
            groups[row.fields["refid"].strip() or f"line {row.line}"].append(entry)
    for entries in groups.values():
        _group(entries, account, reading)
    reading.warnings.extend(unexplained(balances, "Kraken"))


def symbol(text: str) -> str:
    """Kraken's name of an asset as the usual symbol: XXBT and XBT.M are BTC, ZUSD is USD.

    Raises FieldError.
    """
    name = _SUFFIX.sub("", read_symbol(text))
    if len(name) == 4 and (
        (name[0] == "X" and name[1:] in PREFIXED) or (name[0] == "Z" and name[1:] in FIAT)
    ):
        name = name[1:]
    return _RENAMED.get(name, name)


def _entry(row: Row) -> tuple[_Entry, BalanceRow]:
    fields = row.fields
    time = read_time(fields["time"])
    asset = symbol(fields["asset"])
    amount = read_number(fields["amount"], "amount")
    fee = read_number(fields["fee"], "fee") if fields["fee"].strip() else Decimal(0)
    entry = _Entry(
        row,
        time,
        fields["type"].strip().lower(),
        fields["subtype"].strip().lower(),
        asset,
        amount,
        fee,
    )
    balance = fields["balance"].strip()
    pocket = (fields["asset"].strip(), fields.get("wallet", "").strip())
    return entry, BalanceRow(
        pocket, time, entry.change, read_number(balance, "balance") if balance else None
    )


def _group(entries: list[_Entry], account: str, reading: Reading) -> None:
    trades = [entry for entry in entries if entry.type in _TRADES]
    if trades:
        take_exchange(
            [entry.row for entry in trades],
            (trades[0].time, account, trades[0].type),
            [(entry.asset, entry.amount) for entry in trades],
            [(entry.asset, entry.fee) for entry in trades],
            reading,
        )
    others = [entry for entry in entries if entry.type not in _TRADES]
    if len(others) > 1 and _cancels_out(others):
        reading.leave_out("moves within Kraken", len(others))
        return
    for entry in others:
        try:
            _single(entry, account, reading)
        except FieldError as error:
            reading.refuse([entry.row], str(error))


def _cancels_out(entries: list[_Entry]) -> bool:
    """Do the rows only shift one asset between wallets (spot, earn, staking)?"""
    return (
        all(entry.type in ("earn", "transfer") for entry in entries)
        and len({entry.asset for entry in entries}) == 1
        and sum((entry.change for entry in entries), Decimal(0)) == 0
    )


def _single(entry: _Entry, account: str, reading: Reading) -> None:
    note = " ".join(filter(None, (entry.type, entry.subtype)))
    if entry.subtype in _STAKING_MOVES or _is_earn_move(entry):
        reading.leave_out("moves within Kraken")
        return
    if entry.amount == 0 and entry.fee == 0:
        reading.leave_out("rows that change nothing")
        return
    if entry.type == "transfer" and entry.subtype in ("spottofutures", "spotfromfutures"):
        side = (entry.asset, abs(entry.amount))
        ends = (account, _FUTURES) if entry.amount < 0 else (_FUTURES, account)
        reading.take(
            entry.row,
            build(
                entry.time,
                "transfer",
                ends[0],
                received=side,
                sent=side,
                note=note,
                to_account=ends[1],
            ),
        )
        return
    gain: TransactionKind = "income"
    loss: TransactionKind = "withdrawal"
    if entry.type in ("deposit", "withdrawal"):
        gain = "deposit"
    elif entry.type in _MARGIN:
        loss = "fee"
    elif entry.type == "earn" and not _is_reward(entry):
        raise FieldError("it does not say whether this is a reward or a move")
    elif entry.type not in _INCOME:
        raise FieldError(f'the type "{clean_text(entry.type, 40)}" is not known')
    amount, fee = entry.amount, entry.fee
    if amount == 0 or fee < 0:
        # A fee alone, or a reversal that gives the fee back: what counts is the change.
        amount, fee = entry.change, Decimal(0)
        loss = "fee" if entry.amount == 0 else loss
    reading.take(
        entry.row,
        one_sided(
            entry.time,
            account,
            entry.asset,
            amount,
            (gain, loss),
            fee=(entry.asset, fee) if fee else None,
            note=note,
            income_kind=_INCOME.get(entry.type, "other"),
        ),
    )


def _is_earn_move(entry: _Entry) -> bool:
    return entry.type == "earn" and entry.subtype in (
        "allocation",
        "autoallocation",
        "autoallocate",
        "deallocation",
        "migration",
    )


def _is_reward(entry: _Entry) -> bool:
    # Only rewards carry a commission.
    return entry.subtype == "reward" or entry.fee != 0


KRAKEN = Importer(
    name="Kraken ledgers",
    account="Kraken",
    columns="txid,refid,time,type,subtype,aclass,asset,amount,fee,balance",
    matches=_matches,
    read=_read,
)
