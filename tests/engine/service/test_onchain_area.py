"""The chain area over a real node on loopback, and `assay chain` on top of it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.cli import main
from engine.core.errors import KnownError
from engine.market.onchain.balances import ChainBalances
from engine.service import Service
from tests.engine.market.evm_node import ETHER, EvmNode
from tests.engine.market.onchain.token_world import Range

TRANSFER = "transfer(address,uint256)"
ME, OTHER, POOL = 1, 2, 9


@pytest.fixture(scope="module")
def node() -> Iterator[EvmNode]:
    made = EvmNode()
    yield made
    made.close()


@pytest.fixture(scope="module")
def token(node: EvmNode) -> str:
    values = ("Abc token", "ABC", 6, 10**12)
    made = node.deploy("plain_token", ("string", "string", "uint8", "uint256"), values)
    node.send(made, TRANSFER, (node.accounts[ME], 5_000_000))
    node.send(made, TRANSFER, (node.accounts[POOL], 10**9))
    node.send(made, TRANSFER, (node.accounts[OTHER], 2_000_000), sender=ME)
    node.send(node.accounts[ME], value=ETHER)
    return made


def _connect(service: Service, node: EvmNode) -> None:
    service.online.switch("nodes", True)
    service.online.nodes.add("home", node.url).future.result()


def test_nothing_is_asked_while_nodes_are_off(service: Service, node: EvmNode) -> None:
    _connect(service, node)
    service.online.switch("nodes", False)
    asked = len(node.asked)
    with pytest.raises(KnownError, match="switched off"):
        service.onchain.test().future.result()
    found = service.onchain.balances([node.accounts[ME]]).future.result()
    assert "switched off" in str(found["home"])
    assert len(node.asked) == asked


def test_a_node_must_be_there_and_be_named(service: Service, node: EvmNode) -> None:
    with pytest.raises(KnownError, match="no node"):
        service.onchain.test()
    with pytest.raises(KnownError, match="no node"):
        service.onchain.balances([node.accounts[ME]])
    _connect(service, node)
    service.online.nodes.add("second", node.url).future.result()
    with pytest.raises(KnownError, match="several nodes"):
        service.onchain.test()
    assert service.onchain.test("second").future.result().block >= 0
    with pytest.raises(KnownError, match="no address"):
        service.onchain.balances([])
    with pytest.raises(KnownError, match="is not an address"):
        service.onchain.balances(["me"])


def test_watched_tokens_are_looked_for(service: Service, node: EvmNode, token: str) -> None:
    _connect(service, node)
    me = node.accounts[ME]

    def symbols() -> list[str]:
        found = service.onchain.balances([me]).future.result()["home"]
        assert isinstance(found, ChainBalances)
        return [row.symbol for row in found.rows]

    assert symbols() == ["ETH"]
    assert service.onchain.watch(token).future.result() == "ABC"
    assert symbols() == ["ETH", "ABC"]
    for symbol in ("ETH", "USDC", "EUR", "no symbol"):
        with pytest.raises(KnownError, match="cannot be called"):
            service.onchain.watch(token, symbol=symbol).future.result()
    with pytest.raises(KnownError, match="no token"):
        service.onchain.watch(me).future.result()
    service.online.nodes.add("home", node.url).future.result()
    assert symbols() == ["ETH", "ABC"], "the same chain at another address keeps them"
    service.onchain.unwatch(token)
    assert symbols() == ["ETH"]
    with pytest.raises(KnownError, match="is not watched"):
        service.onchain.unwatch(token)


def test_tokens_watched_at_once_do_not_forget_each_other(
    service: Service, node: EvmNode, token: str
) -> None:
    _connect(service, node)
    values = ("Def token", "DEF", 6, 10**12)
    second = node.deploy("plain_token", ("string", "string", "uint8", "uint256"), values)
    for job in [service.onchain.watch(one) for one in (token, second)]:
        job.future.result()
    assert sorted(service.onchain.nodes()[0].tokens.values()) == ["ABC", "DEF"]


def test_transfers_are_stored_once_and_can_be_taken_back(
    service: Service, node: EvmNode, token: str
) -> None:
    _connect(service, node)
    preview = service.onchain.transfers([node.accounts[ME]], first=1).future.result()
    assert [row.kind for row in preview.rows] == ["deposit", "withdrawal", "deposit"]
    assert preview.rows[0].account.startswith("Ethereum 0x")
    batch = service.portfolio.confirm(preview).future.result()
    again = service.onchain.transfers([node.accounts[ME]], first=1).future.result()
    assert (len(again.rows), len(again.duplicates)) == (0, 3)
    service.undo(batch)
    assert service.onchain.transfers([node.accounts[ME]], first=1).future.result().rows
    with pytest.raises(KnownError, match="after the last"):
        service.onchain.transfers([node.accounts[ME]], first=9, last=3).future.result()


def test_the_demo_goes_when_a_chain_is_imported(
    service: Service, node: EvmNode, token: str
) -> None:
    _connect(service, node)
    service.portfolio.load_demo()
    preview = service.onchain.transfers([node.accounts[ME]], first=1).future.result()
    assert any("demo" in warning for warning in preview.warnings)


def test_a_chain_that_is_not_the_nodes_is_noticed(service: Service, node: EvmNode) -> None:
    _connect(service, node)
    node.chain_id = 137
    try:
        with pytest.raises(KnownError, match="137"):
            service.onchain.test().future.result()
    finally:
        node.chain_id = 1


def test_the_command_line(
    node: EvmNode, token: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    me, pool = node.accounts[ME], node.accounts[POOL]

    def assay(*args: str, code: int = 0) -> str:
        assert main(["--home", str(tmp_path / "home"), *args]) == code
        printed = capsys.readouterr()
        return printed.out + printed.err

    def answer(*args: str) -> dict[str, object]:
        found = json.loads(assay("chain", *args, "--json"))
        assert isinstance(found, dict)
        return found

    assert "no nodes" in assay("chain")
    assay("online", "on", "nodes")
    assay("online", "add-node", "home", node.url)
    assert "home is at block" in assay("chain", "test")
    assert "ABC is watched." in assay("chain", "watch", token)
    assert "ABC" in assay("chain")
    balances = assay("chain", "balances", me)
    assert "home" in balances
    assert "ABC" in balances
    shown = assay("chain", "token", token, "--pool", pool)
    assert "It has no owner." in shown
    assert "of 100 points" in shown
    found = answer("token", token, "--pool", pool)
    assert found["powers"] == dict.fromkeys(
        ("owner", "mint", "pause", "blacklist", "fees", "upgrade", "roles"), False
    )
    pair = node.deploy(
        "pair", ("address", "address", "uint112", "uint112"), (token, token, 10**6, 2 * 10**6)
    )
    node.send(pair, "share(address,uint256)", (me, 50))
    shown = assay("chain", "pool", pair, "--holder", me)
    assert "Price of ABC    2 ABC" in shown
    assert "100.0000 %" in shown
    made = Range(node, -10, 10, 10**12)
    made.price(2**96, 0)
    shown = assay("chain", "position", "7", "--manager", made.manager)
    assert "in range" in shown
    assert answer("position", "7", "--manager", made.manager)["in_range"] is True
    assert "no pool of the Uniswap v2 kind" in assay("chain", "pool", token, code=2)
    assert "no position 1" in assay("chain", "position", "1", "--manager", token, code=2)
    assert "typing error" in assay("chain", "token", token.swapcase().replace("X", "x"), code=2)
    preview = answer("transfers", me, "--first", "1")
    assert preview["batch"] is None
    assert "Stored 3 transactions" in assay("chain", "transfers", me, "--first", "1", "--yes")
    assert "nothing new" in assay("chain", "transfers", me, "--first", "1")
    nobody = "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb"
    assert "nothing was found that moved" in assay("chain", "transfers", nobody)
    assert "is watched no longer" in assay("chain", "unwatch", token)
