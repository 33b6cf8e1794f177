"""Walking bytecode: which functions it names, what is data, which proxies there are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.errors import KnownError
from engine.market.onchain import proxy
from engine.market.onchain.bytecode import examine, minimal_proxy
from engine.market.onchain.keccak import selector
from engine.market.onchain.proxy import Structure, structure
from tests.engine.market.evm_node import CONTRACTS, EvmNode
from tests.engine.market.onchain.token_world import Latest, shared

MINT = selector("mint(address,uint256)")
PUSH4, STOP, JUMPDEST, DELEGATECALL = b"\x63", b"\x00", b"\x5b", b"\xf4"


def test_slots_are_those_of_the_standards() -> None:
    # EIP-1967, EIP-1822.
    assert f"{proxy.IMPLEMENTATION_SLOT:x}" == (
        "360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc"
    )
    assert f"{proxy.BEACON_SLOT:x}" == (
        "a3f0ad74e5423aebfd80d3ef4346578335a9a72aeaee59ff6cb3582b35133d50"
    )
    assert f"{proxy.UUPS_SLOT:x}" == (
        "c5f16f0fcc639fa48a6947836d9850f504798523bf8c9a3a87d5876cf622bcf7"
    )


def test_functions_are_found_in_compiled_code() -> None:
    code = bytes.fromhex((CONTRACTS / "powers_token.hex").read_text().strip()[2:])
    found = examine(code)
    assert found.unknown == 0
    assert found.has("mint")
    assert found.has("pause")
    assert found.has("blacklist")
    assert not found.has("upgrade")
    assert not found.delegates


def test_what_is_pushed_or_unreachable_is_no_instruction() -> None:
    assert examine(PUSH4 + MINT).selectors == {MINT}
    # A push that is longer swallows it.
    assert examine(b"\x7f" + PUSH4 + MINT + bytes(27)).selectors == frozenset()
    assert not examine(b"\x60" + DELEGATECALL).delegates
    assert not examine(STOP + DELEGATECALL).delegates, "nothing jumps to data behind a stop"
    assert examine(STOP + JUMPDEST + DELEGATECALL).delegates
    assert examine(DELEGATECALL).delegates
    assert examine(b"\x62\x01\x02\x03\x14").selectors == {b"\0\1\2\3"}, "PUSH3, then EQ"


def test_without_the_usual_functions_none_is_ruled_out() -> None:
    assert examine(b"").unknown is None
    assert examine(PUSH4 + MINT).unknown is None


@given(st.binary(max_size=300))
def test_any_bytes_can_be_walked(code: bytes) -> None:
    found = examine(code)
    assert all(len(one) == 4 for one in found.selectors)


def test_a_plain_token_is_its_own_code(node: EvmNode, latest: Latest) -> None:
    token = shared(node, "ETHER", 18)
    found = structure(latest(), token)
    assert (found.implementation, found.replaceable) == (None, False)


def test_a_minimal_proxy_runs_the_code_of_another_for_good(node: EvmNode, latest: Latest) -> None:
    token = shared(node, "ETHER", 18)
    code = bytes.fromhex(f"363d3d373d3d3d363d73{token[2:]}5af43d82803e903d91602b57fd5bf3")
    assert minimal_proxy(code) == token
    clone = node.deploy_runtime(code)
    found = structure(latest(), clone)
    assert (found.implementation, found.replaceable) == (token, False)
    assert found.code is not None
    assert found.code.unknown == 0, "the functions are those of the token"


def _slot_proxy(node: EvmNode, slot: int, value: str) -> str:
    """A contract that passes every call to an address, which its creation puts into a slot."""
    # PUSH32 value, PUSH32 slot, SSTORE; then the code is returned.
    store = b"\x7f" + bytes(12) + bytes.fromhex(value[2:]) + b"\x7f" + slot.to_bytes(32, "big")
    # calldatacopy, delegatecall to what is in the slot, return what came back
    runtime = (
        bytes.fromhex("366000600037600060003660007f")
        + slot.to_bytes(32, "big")
        + bytes.fromhex("545af43d600060003e3d6000f3")
    )
    size = len(runtime)
    begin = len(store) + 1 + 11
    head = store + b"\x55" + bytes([0x60, size, 0x80, 0x60, begin, 0x60, 0, 0x39, 0x60, 0, 0xF3])
    return node.deploy_code(head + runtime)


@pytest.mark.parametrize("slot", [proxy.IMPLEMENTATION_SLOT, proxy.UUPS_SLOT, proxy.ZEPPELIN_SLOT])
def test_a_proxy_with_a_slot_is_replaceable(node: EvmNode, latest: Latest, slot: int) -> None:
    token = shared(node, "ETHER", 18)
    made = _slot_proxy(node, slot, token)
    found = structure(latest(), made)
    assert (found.implementation, found.replaceable) == (token, True)
    assert found.code is not None
    assert found.code.has("owner") is False


def test_a_beacon_says_which_code_runs(node: EvmNode, latest: Latest) -> None:
    token = shared(node, "ETHER", 18)
    # Whatever is asked, it answers with the address: PUSH20 token, PUSH1 0, MSTORE, return 32.
    beacon = node.deploy_runtime(b"\x73" + bytes.fromhex(token[2:]) + _RETURN_WORD)
    made = _slot_proxy(node, proxy.BEACON_SLOT, beacon)
    found = structure(latest(), made)
    assert (found.implementation, found.replaceable) == (token, True)
    silent = _slot_proxy(node, proxy.BEACON_SLOT, node.deploy("pool_v3"))
    assert structure(latest(), silent) == Structure(None, True, None), "it can be replaced anyway"


_RETURN_WORD = bytes.fromhex("60005260206000f3")


def test_a_delegate_call_without_a_known_slot_is_not_settled(node: EvmNode, latest: Latest) -> None:
    made = _slot_proxy(node, 5, shared(node, "ETHER", 18))
    found = structure(latest(), made)
    assert (found.implementation, found.replaceable) == (None, None)


def test_no_contract_is_an_error(node: EvmNode, latest: Latest) -> None:
    with pytest.raises(KnownError, match="no contract"):
        structure(latest(), node.accounts[4])
