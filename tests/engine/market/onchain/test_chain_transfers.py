"""What is found of the movements of some addresses."""

from decimal import Decimal
from typing import Any

import pytest

from engine.core.errors import Cancelled, KnownError
from engine.market.onchain import logs
from engine.market.onchain.logs import Blocks
from engine.market.onchain.rpc import RpcError
from engine.market.onchain.transfers import Transfers, read_transfers
from engine.market.sources.jsonrpc import JsonRpc
from tests.engine.market.evm_node import ETHER, EvmNode
from tests.engine.market.onchain.fake_rpc import ADDRESS, THIRD, FakeRpc, word
from tests.engine.market.onchain.token_world import OWNER, TRANSFER, Latest, plain

MINE, ALSO_MINE, OTHER = 5, 6, 7


def _rows(found: Transfers) -> list[tuple[str, str, Decimal | None]]:
    return [
        (moved.place, moved.token.symbol if moved.token else "native", moved.amount)
        for one in found.transactions
        for moved in one.movements
    ]


def test_tokens_the_native_coin_and_fees(node: EvmNode, rpc: JsonRpc, latest: Latest) -> None:
    token = plain(node, "ABC", 6, 10**12)
    first = latest().block + 1
    mine, other = node.accounts[MINE], node.accounts[OTHER]
    node.send(token, TRANSFER, (mine, 5_000_000))
    paid = node.send(mine, value=2 * ETHER, sender=OTHER)
    back = node.send(token, TRANSFER, (other, 1_500_000), sender=MINE)
    node.send(other, value=ETHER // 2, sender=MINE)
    node.send(other, value=1, sender=OWNER)
    failed = node.send(token, TRANSFER, (other, 10**12), sender=MINE)
    blocks = Blocks(first, latest().block)
    found = read_transfers(rpc, [mine], blocks)
    assert _rows(found) == [
        ("log 0", "ABC", 5),
        ("value", "native", 2),
        ("log 0", "ABC", Decimal("1.5")),
        ("value", "native", Decimal("0.5")),
    ]
    by_hash = {one.tx_hash: one for one in found.transactions}
    assert by_hash[paid].fee is None, "others' fees are not mine"
    receipt = node.tester.get_transaction_receipt(back)
    fee = Decimal(receipt["gas_used"] * receipt["effective_gas_price"]) / ETHER
    assert by_hash[back].fee == fee
    assert (
        by_hash[back].time.timestamp()
        == (node.tester.get_block_by_number(receipt["block_number"])["timestamp"])
    )
    assert by_hash[failed].movements == (), "a transaction that failed moves nothing"
    assert by_hash[failed].fee, "but costs its fee"
    assert found.unexplained == {mine: 0}
    assert found.whole


def test_a_long_range_is_not_read_block_by_block(
    node: EvmNode, rpc: JsonRpc, latest: Latest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.market.onchain.transfers.MOST_BLOCKS_READ", 3)
    token = plain(node)
    first = latest().block + 1
    mine, other = node.accounts[ALSO_MINE], node.accounts[OTHER]
    node.send(mine, value=ETHER)
    node.send(token, TRANSFER, (mine, 10**18))
    node.send(token, TRANSFER, (other, 10**17), sender=ALSO_MINE)
    node.send(mine, value=ETHER)
    found = read_transfers(rpc, [mine], Blocks(first, latest().block))
    assert not found.whole
    assert [row[2] for row in _rows(found)] == [1, Decimal("0.1")]
    assert found.unexplained == {mine: 2}, "the two payments were not looked for"


def test_several_addresses_and_items_of_nfts(node: EvmNode, rpc: JsonRpc, latest: Latest) -> None:
    token = plain(node)
    first = latest().block + 1
    mine, also = node.accounts[MINE], node.accounts[ALSO_MINE]
    node.send(token, TRANSFER, (mine, 100))
    node.send(token, TRANSFER, (also, 40), sender=MINE)
    node.send(token, TRANSFER, (also, 0), sender=MINE)
    found = read_transfers(rpc, [mine, also], Blocks(first, latest().block))
    assert [len(one.movements) for one in found.transactions] == [1, 1, 0], "once each, no zero"
    assert set(found.unexplained) == {mine, also}


def test_it_can_be_stopped(node: EvmNode, rpc: JsonRpc, latest: Latest) -> None:
    def stop(fraction: float, text: str) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        read_transfers(rpc, [node.accounts[MINE]], Blocks(0, latest().block), stop)


_BLOCK = {"timestamp": "0x5f5e1000", "transactions": []}


@pytest.mark.parametrize(
    "block",
    [
        None,
        RpcError(-32000, "header not found"),
        {},
        {"timestamp": "0x5f5e1000", "transactions": None},
        {"timestamp": "soon", "transactions": []},
        {"timestamp": "0x" + "f" * 64, "transactions": []},
        {"timestamp": "0x5f5e1000", "transactions": ["0x12"]},
        {"timestamp": "0x5f5e1000", "transactions": [{"hash": "0x12", "from": ADDRESS}]},
    ],
)
def test_blocks_that_cannot_be_read_are_said(block: Any) -> None:
    rpc = FakeRpc(lambda method, params: [] if method == "eth_getLogs" else block)
    with pytest.raises(KnownError):
        read_transfers(rpc, [ADDRESS], Blocks(0, 1))


def test_an_event_without_its_transaction_is_not_left_out_in_silence() -> None:
    log = {
        "address": ADDRESS,
        "topics": [logs.TRANSFER, logs.topic_of(ADDRESS), logs.topic_of(THIRD)],
        "data": word(5),
        "blockNumber": "0x0",
        "transactionHash": word(1),
        "logIndex": "0x0",
    }
    replies = {"eth_getLogs": [log], "eth_getBlockByNumber": _BLOCK}
    rpc = FakeRpc(lambda method, params: replies[method])
    with pytest.raises(KnownError, match="the transaction of an event is missing"):
        read_transfers(rpc, [ADDRESS], Blocks(0, 0))


@pytest.mark.parametrize(
    "receipt",
    [None, {}, {"gasUsed": "0x1", "effectiveGasPrice": None, "status": "0x1"}, "0x"],
)
def test_receipts_that_cannot_be_read_are_said(receipt: Any) -> None:
    sent = {"hash": "0x" + "1" * 64, "from": ADDRESS, "to": None, "value": "0x0"}
    block = _BLOCK | {"transactions": [sent]}
    replies = {"eth_getLogs": [], "eth_getBlockByNumber": block}
    rpc = FakeRpc(lambda method, params: replies.get(method, receipt))
    with pytest.raises(KnownError):
        read_transfers(rpc, [ADDRESS], Blocks(0, 0))
