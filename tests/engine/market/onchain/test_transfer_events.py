"""Transfer events, and ranges of blocks that a node finds too long."""

from typing import Any

import pytest

from engine.market.onchain.logs import TRANSFER as TOPIC
from engine.market.onchain.logs import Blocks, topic_of, transfer_logs
from engine.market.onchain.rpc import MalformedReply, RpcError
from engine.market.sources.jsonrpc import JsonRpc
from tests.engine.market.evm_node import EvmNode
from tests.engine.market.onchain.fake_rpc import ADDRESS, OTHER, THIRD, FakeRpc, word
from tests.engine.market.onchain.token_world import BUYER, OWNER, TRANSFER, Latest, plain


def test_the_topic_is_the_published_one() -> None:
    assert TOPIC == "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"


def test_transfers_by_party_and_token(node: EvmNode, rpc: JsonRpc, latest: Latest) -> None:
    first = latest().block + 1
    token, other = plain(node), plain(node)
    owner, buyer = node.accounts[OWNER], node.accounts[BUYER]
    sent = node.send(token, TRANSFER, (buyer, 5))
    node.send(other, TRANSFER, (buyer, 7))
    node.send(token, TRANSFER, (owner, 2), sender=BUYER)
    blocks = Blocks(first, latest().block)
    received = transfer_logs(rpc, blocks, recipient=buyer)
    assert [(log.token, log.sender, log.units) for log in received] == [
        (token, owner, 5),
        (other, owner, 7),
    ]
    assert received[0].tx_hash == sent
    assert received[0].block == first + 2
    [back] = transfer_logs(rpc, blocks, sender=buyer)
    assert (back.token, back.recipient, back.units) == (token, owner, 2)
    every = transfer_logs(rpc, blocks, token=token)
    assert [log.units for log in every] == [10**24, 5, 2], "the first is the minting"


@pytest.mark.parametrize("most", [1, 3])
def test_a_refused_range_is_split(node: EvmNode, rpc: JsonRpc, latest: Latest, most: int) -> None:
    first = latest().block + 1
    token = plain(node)
    for units in range(1, 9):
        node.send(token, TRANSFER, (node.accounts[BUYER], units))
    blocks = Blocks(first, latest().block)
    whole = transfer_logs(rpc, blocks, token=token)
    node.most_blocks = most
    assert transfer_logs(rpc, blocks, token=token) == whole
    assert [log.units for log in whole[1:]] == list(range(1, 9))


def test_a_node_that_refuses_a_single_block_is_believed() -> None:
    rpc = FakeRpc(lambda method, params: RpcError(-32005, "no"))
    with pytest.raises(RpcError):
        transfer_logs(rpc, Blocks(0, 10**9))
    assert len(rpc.asked) <= 31, "halved, not counted down"


def _log(**changes: Any) -> dict[str, Any]:
    return {
        "address": THIRD.lower(),
        "topics": [TOPIC, topic_of(ADDRESS), topic_of(OTHER)],
        "data": word(9),
        "blockNumber": "0x5",
        "transactionHash": word(1),
        "logIndex": "0x0",
    } | changes


@pytest.mark.parametrize(
    "log",
    [
        _log(removed=True),
        _log(topics=[TOPIC, topic_of(ADDRESS), topic_of(OTHER), word(7)], data="0x"),  # an NFT
        _log(topics=[TOPIC]),
        _log(topics=None),
        _log(topics=[TOPIC, 5, None]),
        _log(topics=[TOPIC, word(2**200), topic_of(OTHER)]),
        _log(data="0x"),
        _log(data="0xzz"),
        _log(data=None),
        _log(address="0x1"),
        _log(blockNumber=5),
        _log(blockNumber="0x" + "f" * 65),
        _log(logIndex=None),
        _log(transactionHash="0x12"),
        _log(blockNumber="0x99"),  # not a block that was asked for
        _log(topics=[TOPIC, topic_of(THIRD), topic_of(OTHER)]),  # not the sender asked for
        "nothing",
        None,
    ],
)
def test_what_was_not_asked_for_or_cannot_be_read_is_left_out(log: Any) -> None:
    rpc = FakeRpc(lambda method, params: [log, _log()])
    [found] = transfer_logs(rpc, Blocks(0, 10), sender=ADDRESS)
    assert (found.token, found.sender, found.recipient, found.units) == (THIRD, ADDRESS, OTHER, 9)


@pytest.mark.parametrize("reply", [None, {}, "0x", 7])
def test_no_list_is_no_answer(reply: Any) -> None:
    with pytest.raises(MalformedReply):
        transfer_logs(FakeRpc(lambda method, params: reply), Blocks(0, 1))
