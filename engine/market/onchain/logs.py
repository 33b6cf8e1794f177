"""Transfer events of tokens, asked for in ranges of blocks that shrink where a node refuses."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.core.steps import Step, unwatched
from engine.market.onchain import hexdata
from engine.market.onchain.abi import AbiError, decode
from engine.market.onchain.keccak import keccak256
from engine.market.onchain.rpc import MalformedReply, Rpc, RpcError

TRANSFER = hexdata.to_data(keccak256(b"Transfer(address,address,uint256)"))

Topics = Sequence[str | None]


@dataclass(frozen=True, slots=True)
class TransferLog:
    """One Transfer event of a token; units of the token, not whole tokens."""

    token: str
    sender: str
    recipient: str
    units: int
    block: int
    tx_hash: str
    index: int


@dataclass(frozen=True, slots=True)
class Blocks:
    """A range of block numbers, both ends included."""

    first: int
    last: int


def topic_of(address: str) -> str:
    """An address as an event's indexed value."""
    return "0x" + "0" * 24 + address[2:].lower()


def transfer_logs(
    rpc: Rpc,
    blocks: Blocks,
    sender: str | None = None,
    recipient: str | None = None,
    token: str | None = None,
    step: Step = unwatched,
) -> list[TransferLog]:
    """All transfers of fungible tokens in these blocks, by the parties and the token if given.

    Items of NFTs are left out (their number is indexed, so they have a topic more), and so is
    what the node gives without having been asked for it. KnownError.
    """
    topics: list[str | None] = [TRANSFER, sender and topic_of(sender)]
    if recipient is not None:
        topics.append(topic_of(recipient))
    wanted: dict[str, Any] = {"topics": topics} | ({"address": token} if token else {})
    found: dict[tuple[str, int], TransferLog] = {}
    for piece, raw in _pieces(rpc, blocks, wanted, step):
        for one in raw:
            log = _read(one)
            if log is not None and _asked_for(log, piece, sender, recipient, token):
                found[log.tx_hash, log.index] = log
    return sorted(found.values(), key=lambda log: (log.block, log.index))


def _pieces(
    rpc: Rpc, blocks: Blocks, wanted: Mapping[str, Any], step: Step
) -> Iterator[tuple[Blocks, list[Any]]]:
    """The raw logs, range by range: half of it after a refusal, double after a success."""
    at, most = blocks.first, max(blocks.last - blocks.first + 1, 1)
    span = most
    while at <= blocks.last:
        step((at - blocks.first) / most, f"block {at:,} of {blocks.last:,}")
        piece = Blocks(at, min(at + span - 1, blocks.last))
        limits = {"fromBlock": hex(piece.first), "toBlock": hex(piece.last)}
        try:
            raw = rpc.call("eth_getLogs", [dict(wanted) | limits])
        except RpcError:
            if span == 1:
                raise
            span = max(min(span, piece.last - piece.first + 1) // 2, 1)
            continue
        if not isinstance(raw, list):
            raise MalformedReply("the events are not a list")
        yield piece, raw
        at, span = piece.last + 1, min(2 * span, most)


def _read(raw: Any) -> TransferLog | None:
    """One event; None for another one, one taken back, or one that cannot be read."""
    if not isinstance(raw, dict) or raw.get("removed") is True:
        return None
    topics = raw.get("topics")
    if not isinstance(topics, list) or len(topics) != 3 or topics[0] != TRANSFER:
        return None
    try:
        words = b"".join(hexdata.data(topic, "topic", 32) for topic in topics[1:])
        sender, recipient = decode(("address", "address"), words)
        [token] = decode(
            ("address",), bytes(12) + hexdata.data(raw.get("address"), "address of a token", 20)
        )
        [units] = decode(("uint256",), hexdata.data(raw.get("data"), "amount", 32))
        return TransferLog(
            token,
            sender,
            recipient,
            units,
            hexdata.quantity(raw.get("blockNumber"), "block number"),
            hexdata.to_data(hexdata.data(raw.get("transactionHash"), "transaction", 32)),
            hexdata.quantity(raw.get("logIndex"), "place of an event"),
        )
    except (MalformedReply, AbiError):
        return None


def _asked_for(
    log: TransferLog, piece: Blocks, sender: str | None, recipient: str | None, token: str | None
) -> bool:
    return (
        piece.first <= log.block <= piece.last
        and sender in (None, log.sender)
        and recipient in (None, log.recipient)
        and token in (None, log.token)
    )
