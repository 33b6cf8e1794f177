"""Nodes that answer anything at all: facts stay unknown, and nothing but KnownError is raised."""

import contextlib
import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.analytics.scorecard.facts import TokenFacts
from engine.core.errors import KnownError
from engine.market.onchain.balances import Chain, read_balances
from engine.market.onchain.checks import check_token
from engine.market.onchain.erc20 import Token, read_tokens
from engine.market.onchain.facts import chain_facts
from engine.market.onchain.logs import Blocks
from engine.market.onchain.pairs import read_pair
from engine.market.onchain.positions import read_position
from engine.market.onchain.rpc import RpcError
from engine.market.onchain.state import ChainState
from engine.market.onchain.transfers import read_transfers
from tests.engine.market.onchain.fake_rpc import ADDRESS, OTHER, THIRD, FakeRpc, word

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
    | st.sampled_from(["0x", "0x0", "0x1", word(1), word(2**256 - 1), word(32) + "ff" * 32])
    | st.binary(max_size=200).map(lambda raw: "0x" + raw.hex())
    | st.just(RpcError(3, "execution reverted", "0x")),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["timestamp", "transactions", "topics", "data", "hash", "from", "status"]),
        inner,
        max_size=4,
    ),
    max_leaves=6,
)  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(st.lists(_JSON, min_size=1, max_size=6), st.integers(0, 2**32))
def test_any_answers_give_facts_or_one_sentence(replies: list[Any], seed: int) -> None:
    choose = random.Random(seed)

    def answer(method: str, params: Sequence[Any]) -> Any:
        return "0x10" if method == "eth_blockNumber" else choose.choice(replies)

    rpc = FakeRpc(answer)
    state = ChainState.latest(rpc)
    attempts: list[Callable[[], object]] = [
        lambda: chain_facts(check_token(state, ADDRESS, [OTHER], THIRD)),
        lambda: read_pair(state, ADDRESS),
        lambda: read_position(state, ADDRESS, 1),
        lambda: read_transfers(rpc, [ADDRESS], Blocks(0, 16)),
    ]
    for attempt in attempts:
        with contextlib.suppress(KnownError):
            attempt()
    read_tokens(state, [ADDRESS])
    read_balances({"one": Chain(rpc, "ETH", (OTHER,))}, [ADDRESS])


@pytest.mark.parametrize("reply", [None, 16, "16", "0x", "0xg", "0x" + "1" * 65, [], {}, True])
def test_a_block_number_must_be_one(reply: Any) -> None:
    with pytest.raises(KnownError, match="cannot be read"):
        ChainState.latest(FakeRpc(lambda method, params: reply))


@pytest.mark.parametrize(
    "failure",
    [RpcError(3, "execution reverted"), "0x", "0x00", None, {"code": 1}, "0x" + "zz" * 32],
)
def test_a_contract_that_answers_nothing_leaves_everything_open(failure: Any) -> None:
    def answer(method: str, params: Sequence[Any]) -> Any:
        known = {"eth_blockNumber": "0x10", "eth_getCode": "0x6000f4"}
        return known.get(method, failure)

    state = ChainState.latest(FakeRpc(answer))
    checks = check_token(state, ADDRESS, [OTHER], THIRD)
    assert checks.token == Token(ADDRESS)
    assert chain_facts(checks).facts == TokenFacts("measured")


def test_of_a_node_that_goes_away_in_the_middle_nothing_is_concluded() -> None:
    gone = KnownError("The node did not answer in time.")

    def answer(method: str, params: Sequence[Any]) -> Any:
        return {"eth_blockNumber": "0x10", "eth_getCode": "0x00"}.get(method, gone)

    state = ChainState.latest(FakeRpc(answer))
    for read in (
        lambda: check_token(state, ADDRESS, [OTHER], THIRD),
        lambda: read_pair(state, ADDRESS),
        lambda: read_position(state, ADDRESS, 1),
        lambda: ChainState.latest(FakeRpc(lambda method, params: gone)),
    ):
        with pytest.raises(KnownError, match="in time"):
            read()


def test_fewer_replies_than_questions_are_noticed() -> None:
    class Short(FakeRpc):
        def batch(self, calls: Sequence[Any]) -> list[Any]:
            return super().batch(calls)[1:]

    state = ChainState(Short(lambda method, params: word(5)), 1)
    assert read_tokens(state, [ADDRESS]) == [Token(ADDRESS)]
    with pytest.raises(KnownError, match="replies to"):
        state.storage(ADDRESS, [1, 2])


@pytest.mark.parametrize(
    ("symbol", "shown"),
    [
        (b"\xff\xfe\xfd", "\ufffd\ufffd\ufffd"),
        ("\u202eCDSU".encode(), "CDSU"),
        (b"A" * 5_000, "A" * 19 + "…"),
        (b"\x1b[31mRED\x00\x07", "[31mRED"),
        (b"  two \n lines ", "two lines"),
    ],
)
def test_names_made_to_hurt(symbol: bytes, shown: str) -> None:
    text = word(32) + f"{len(symbol):064x}" + symbol.hex() + "00" * (-len(symbol) % 32)
    state = ChainState(FakeRpc(lambda method, params: text), 1)
    [token] = read_tokens(state, [ADDRESS])
    assert token.symbol == shown
