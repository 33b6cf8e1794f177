"""What moved in and out of the user's addresses, transaction by transaction, with the fees paid.

Tokens come from Transfer events. A node keeps no list of an address's transactions, so movements
of the native coin are found by reading whole blocks: all of a short range, else only those with
token events. What contracts send of the native coin leaves no trace a plain node shows; the
difference of the balances says whether something is missing.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from engine.core.errors import KnownError
from engine.core.steps import Step, part, unwatched
from engine.market.onchain import hexdata
from engine.market.onchain.address import checksummed
from engine.market.onchain.age import moment
from engine.market.onchain.balances import NATIVE_DECIMALS
from engine.market.onchain.erc20 import Token, read_tokens, scaled
from engine.market.onchain.logs import Blocks, TransferLog, transfer_logs
from engine.market.onchain.rpc import Call, MalformedReply, Rpc, RpcError
from engine.market.onchain.state import ChainState

MOST_BLOCKS_READ = 2_000
"""A range up to this long is read block by block."""
_BLOCKS_AT_ONCE, _RECEIPTS_AT_ONCE = 20, 100
_LOGS, _BLOCKS = 0.4, 0.9
"""How far the reading is after the events, and after the blocks."""


@dataclass(frozen=True, slots=True)
class Movement:
    """One coin from one address to another. token: None for the native coin.

    place: what tells it from the transaction's other movements: "value", or the event's index.
    """

    place: str
    token: Token | None
    sender: str
    recipient: str
    units: int

    @property
    def amount(self) -> Decimal | None:
        """In whole coins; None for a token that does not say its decimals."""
        if self.token is None:
            return scaled(self.units, NATIVE_DECIMALS)
        return self.token.amount(self.units)


@dataclass(frozen=True, slots=True)
class ChainTransaction:
    """One transaction. fee: in the native coin, None if somebody else paid it."""

    tx_hash: str
    block: int
    time: datetime
    signer: str
    fee: Decimal | None
    movements: tuple[Movement, ...]


@dataclass(frozen=True, slots=True)
class Transfers:
    """transactions in the order of the chain; whole: whether all blocks were read.

    unexplained: by how much the balances of the native coin changed beyond what was found, per
    address; an address is missing if the node does not know the past.
    """

    blocks: Blocks
    transactions: tuple[ChainTransaction, ...]
    whole: bool
    unexplained: dict[str, Decimal]


@dataclass(frozen=True, slots=True)
class _Sent:
    """A transaction as its block has it."""

    tx_hash: str
    block: int
    time: datetime
    signer: str
    recipient: str | None
    units: int


def read_transfers(
    rpc: Rpc, addresses: Sequence[str], blocks: Blocks, step: Step = unwatched
) -> Transfers:
    """Everything that is found between two blocks, both included. KnownError."""
    mine = frozenset(addresses)
    logs = _logs(rpc, addresses, blocks, part(step, 0, _LOGS))
    of_tx: dict[str, list[TransferLog]] = defaultdict(list)
    for log in logs:
        of_tx[log.tx_hash].append(log)
    whole = blocks.last - blocks.first < MOST_BLOCKS_READ
    numbers = range(blocks.first, blocks.last + 1) if whole else sorted({log.block for log in logs})
    found = [
        sent
        for sent in _read_blocks(rpc, numbers, part(step, _LOGS, _BLOCKS))
        if sent.tx_hash in of_tx or sent.signer in mine or sent.recipient in mine
    ]
    if of_tx.keys() - {sent.tx_hash for sent in found}:
        raise MalformedReply("the transaction of an event is missing in its block")
    state = ChainState(rpc, blocks.last)
    named = list(dict.fromkeys(log.token for log in logs))
    tokens = {token.address: token for token in read_tokens(state, named)} if named else {}
    receipts = _receipts(rpc, found, part(step, _BLOCKS, 1))
    transactions = tuple(
        _transaction(sent, *receipts[sent.tx_hash], of_tx[sent.tx_hash], tokens, mine)
        for sent in found
    )
    unexplained = {
        address: gap
        for address in addresses
        if (gap := _unexplained(rpc, address, blocks, transactions)) is not None
    }
    return Transfers(blocks, transactions, whole, unexplained)


def _logs(rpc: Rpc, addresses: Sequence[str], blocks: Blocks, step: Step) -> list[TransferLog]:
    found: dict[tuple[str, int], TransferLog] = {}
    count = 2 * len(addresses)
    for number, (address, sends) in enumerate((a, s) for a in addresses for s in (True, False)):
        piece = part(step, number / count, (number + 1) / count)
        sender, recipient = (address, None) if sends else (None, address)
        for log in transfer_logs(rpc, blocks, sender, recipient, step=piece):
            if log.units and log.sender != log.recipient:
                found[log.tx_hash, log.index] = log
    return sorted(found.values(), key=lambda log: (log.block, log.index))


def _read_blocks(rpc: Rpc, numbers: Sequence[int], step: Step) -> Iterator[_Sent]:
    calls = [("eth_getBlockByNumber", [hex(number), True]) for number in numbers]
    replies = _batches(rpc, calls, _BLOCKS_AT_ONCE, step, "blocks")
    for number, raw in zip(numbers, replies, strict=True):
        if not isinstance(raw, dict) or not isinstance(raw.get("transactions"), list):
            raise MalformedReply(f"block {number} is missing")
        time = moment(hexdata.quantity(raw.get("timestamp"), "time of a block"))
        for one in raw["transactions"]:
            yield _sent(one, number, time)


def _sent(raw: Any, block: int, time: datetime) -> _Sent:
    if not isinstance(raw, dict):
        raise MalformedReply("a transaction is missing")
    to = raw.get("to")
    return _Sent(
        hexdata.to_data(hexdata.data(raw.get("hash"), "transaction", 32)),
        block,
        time,
        checksummed(hexdata.data(raw.get("from"), "sender", 20)),
        None if to is None else checksummed(hexdata.data(to, "recipient", 20)),
        hexdata.quantity(raw.get("value"), "amount"),
    )


def _receipts(rpc: Rpc, found: Sequence[_Sent], step: Step) -> dict[str, tuple[bool, int]]:
    """Per transaction whether it went through, and its fee in the smallest unit."""
    calls = [("eth_getTransactionReceipt", [sent.tx_hash]) for sent in found]
    replies = _batches(rpc, calls, _RECEIPTS_AT_ONCE, step, "receipts")
    return {sent.tx_hash: _receipt(raw) for sent, raw in zip(found, replies, strict=True)}


def _receipt(raw: Any) -> tuple[bool, int]:
    if not isinstance(raw, dict):
        raise MalformedReply("a receipt is missing")
    used = hexdata.quantity(raw.get("gasUsed"), "gas of a transaction")
    price = hexdata.quantity(raw.get("effectiveGasPrice"), "price of gas")
    # Rollups of the OP kind add what the chain below them costs.
    below = hexdata.quantity(raw.get("l1Fee") or "0x0", "fee of a transaction")
    return hexdata.quantity(
        raw.get("status"), "outcome of a transaction"
    ) == 1, used * price + below


def _batches(rpc: Rpc, calls: Sequence[Call], size: int, step: Step, what: str) -> Iterator[Any]:
    for start in range(0, len(calls), size):
        step(start / len(calls), f"{start:,} of {len(calls):,} {what}")
        piece = calls[start : start + size]
        replies = rpc.batch(piece)
        if len(replies) != len(piece):
            raise MalformedReply("some answers are missing")
        for reply in replies:
            if isinstance(reply, RpcError):
                raise reply
            yield reply


def _transaction(
    sent: _Sent,
    succeeded: bool,
    fee: int,
    logs: Iterable[TransferLog],
    tokens: dict[str, Token],
    mine: frozenset[str],
) -> ChainTransaction:
    movements = [
        Movement(f"log {log.index}", tokens[log.token], log.sender, log.recipient, log.units)
        for log in logs
    ]
    to = sent.recipient
    moves = succeeded and sent.units > 0 and to != sent.signer
    if moves and to is not None and mine & {sent.signer, to}:
        movements.insert(0, Movement("value", None, sent.signer, to, sent.units))
    return ChainTransaction(
        sent.tx_hash,
        sent.block,
        sent.time,
        sent.signer,
        scaled(fee, NATIVE_DECIMALS) if sent.signer in mine and fee else None,
        tuple(movements),
    )


def _unexplained(
    rpc: Rpc, address: str, blocks: Blocks, transactions: Iterable[ChainTransaction]
) -> Decimal | None:
    """What the balance changed by, less what was found; None from a node without the past."""
    try:
        before = ChainState(rpc, blocks.first - 1).balance(address) if blocks.first else 0
        change = scaled(ChainState(rpc, blocks.last).balance(address) - before, NATIVE_DECIMALS)
    except KnownError:
        return None
    for one in transactions:
        if one.signer == address and one.fee is not None:
            change += one.fee
        for moved in one.movements:
            if moved.token is None and moved.amount is not None:
                change -= moved.amount if moved.recipient == address else 0
                change += moved.amount if moved.sender == address else 0
    return change
