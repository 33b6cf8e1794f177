"""What tokens say about themselves, and what addresses hold."""

from decimal import Decimal

from engine.market.onchain.balances import Chain, ChainBalances, read_balances
from engine.market.onchain.erc20 import Token, holdings, read_tokens, scaled
from engine.market.onchain.rpc import RpcError
from engine.market.sources.jsonrpc import JsonRpc
from tests.engine.market.evm_node import ETHER, EvmNode
from tests.engine.market.onchain.fake_rpc import ADDRESS, FakeRpc
from tests.engine.market.onchain.token_world import BUYER, TRANSFER, Latest, plain


def test_name_symbol_decimals_and_supply(node: EvmNode, latest: Latest) -> None:
    address = plain(node, "ABC", 6, 123_456_789)
    [token] = read_tokens(latest(), [address])
    assert token == Token(address, "ABC token", "ABC", 6, 123_456_789)
    assert token.total == Decimal("123.456789")


def test_the_first_tokens_have_their_names_in_32_bytes(node: EvmNode, latest: Latest) -> None:
    texts = (b"Maker".ljust(32, b"\0"), b"MKR".ljust(32, b"\0"), 10**12)
    address = node.deploy("old_token", ("bytes32", "bytes32", "uint256"), texts)
    [token] = read_tokens(latest(), [address])
    assert (token.name, token.symbol, token.decimals) == ("Maker", "MKR", 6)


def test_hostile_texts_are_cut_and_made_harmless(node: EvmNode, latest: Latest) -> None:
    address = node.deploy("hostile_token")
    [token] = read_tokens(latest(), [address])
    assert token.name.isprintable()
    assert "Evil" in token.name
    assert token.symbol == "A" * 19 + "…"
    assert token.decimals is None, "2^256 - 1 decimals"
    assert token.supply == 2**256 - 1
    assert token.total is None


def test_what_is_no_token_says_nothing(node: EvmNode, latest: Latest) -> None:
    account, v3 = node.accounts[3], node.deploy("pool_v3")
    assert read_tokens(latest(), [account, v3]) == [Token(account), Token(v3)]
    assert holdings(latest(), account, [account]) == [None]


def test_amounts_keep_every_digit() -> None:
    most = 2**256 - 1
    assert f"{scaled(most, 18):f}".replace(".", "") == str(most)
    assert scaled(-1_500_000, 6) == Decimal("-1.5")
    assert scaled(0, 18) == 0


def test_balances_of_several_addresses_on_several_chains(node: EvmNode, rpc: JsonRpc) -> None:
    token = plain(node, "ABC", 6, 10**12)
    someone = "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb"
    node.send(token, TRANSFER, (someone, 2_500_000))
    node.send(someone, value=ETHER // 4)
    broken = FakeRpc(lambda method, params: RpcError(-32000, "out of\x1b[2J order"))
    chains = {
        "one": Chain(rpc, "ETH", (token,)),
        "broken": Chain(broken, "BNB"),
        "strange": Chain(FakeRpc(lambda method, params: {"not": "a number"}), "POL"),
    }
    found = read_balances(chains, [someone, node.accounts[BUYER]])
    one = found["one"]
    assert isinstance(one, ChainBalances)
    assert one.source == f"on-chain, block {one.block}"
    by_place = {(row.address, row.symbol): row.amount for row in one.rows}
    assert by_place[someone, "ETH"] == Decimal("0.25")
    assert by_place[someone, "ABC"] == Decimal("2.5")
    assert by_place[node.accounts[BUYER], "ABC"] == 0
    assert found["broken"] == "The node refused: out of [2J order"
    assert found["strange"] == (
        "The node's answer cannot be read: the block number is not a number. Try another node."
    )


def test_a_token_that_is_silent_is_unknown_and_not_zero(node: EvmNode, rpc: JsonRpc) -> None:
    silent = node.deploy("pool_v3")
    found = read_balances({"one": Chain(rpc, "ETH", (silent,))}, [ADDRESS])["one"]
    assert isinstance(found, ChainBalances)
    assert [row.amount for row in found.rows] == [0, None]


def test_no_chains_no_balances() -> None:
    assert read_balances({}, [ADDRESS]) == {}
