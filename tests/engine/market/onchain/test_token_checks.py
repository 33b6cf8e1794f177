"""Tokens of known behaviour, and what the checks and the scorecard make of them."""

from dataclasses import replace
from decimal import Decimal

import pytest

from engine.analytics.scorecard.facts import TokenFacts
from engine.analytics.scorecard.score import score
from engine.core.errors import KnownError
from engine.market.onchain.checks import TokenChecks, check_token
from engine.market.onchain.facts import ChainFacts, chain_facts
from engine.market.onchain.holders import Concentration
from engine.market.onchain.proxy import Structure
from engine.market.onchain.simulation import Trial
from engine.market.sources.jsonrpc import JsonRpc
from tests.engine.market.evm_node import EvmNode
from tests.engine.market.onchain.fake_rpc import ADDRESS
from tests.engine.market.onchain.token_world import (
    BUYER,
    FAVOURED,
    OWNER,
    POOL,
    TRANSFER,
    Latest,
    plain,
    spread,
)

SUPPLY = 10**24
DAY = 86_400


def _made(node: EvmNode, kind: str) -> str:
    """A token of a kind, with some holders and a pool."""
    token = plain(node) if kind == "plain_token" else node.deploy(kind, ("uint256",), (SUPPLY,))
    spread(node, token, SUPPLY)
    return token


def _facts(latest: Latest, node: EvmNode, token: str, holders: tuple[int, ...] = ()) -> ChainFacts:
    wallets = [node.accounts[one] for one in holders]
    return chain_facts(check_token(latest(), token, wallets, node.accounts[POOL]))


def test_a_plain_token_is_settled_and_has_no_points(node: EvmNode, latest: Latest) -> None:
    token = plain(node)
    node.wait(400 * DAY)
    spread(node, token, SUPPLY)
    state = latest()
    found = chain_facts(check_token(state, token, pool=node.accounts[POOL]))
    assert found.facts == TokenFacts(
        evidence="measured",
        owner_active=False,
        can_mint=False,
        can_pause=False,
        upgradable=False,
        buy_tax=Decimal(0),
        sell_tax=Decimal(0),
        age_days=400,
    )
    assert found.source == f"on-chain, block {state.block}"
    assert ("Owner", "It has no owner.") in found.says
    card = score("PLAIN", [found.facts])
    assert (card.low, card.level) == (0, "clear so far")


def test_an_owner_who_can_mint_pause_and_bar(node: EvmNode, latest: Latest) -> None:
    token = _made(node, "powers_token")
    checks = check_token(latest(), token)
    assert checks.owner == node.accounts[OWNER]
    assert checks.renounced is False
    assert {power for power, there in checks.powers.items() if there} == {
        "owner", "mint", "pause", "blacklist",
    }  # fmt: skip
    facts = chain_facts(checks).facts
    assert (facts.owner_active, facts.can_mint, facts.can_pause) == (True, True, True)
    assert facts.upgradable is False
    node.send(token, "renounceOwnership()")
    checks = check_token(latest(), token)
    assert checks.renounced is True
    facts = chain_facts(checks).facts
    assert (facts.owner_active, facts.can_mint) == (False, True)


def test_a_paused_or_barred_holder_cannot_sell(node: EvmNode, latest: Latest) -> None:
    token = _made(node, "powers_token")
    assert _facts(latest, node, token, (BUYER,)).facts.sell_tax == 0
    node.send(token, "blacklist(address)", (node.accounts[BUYER],))
    barred = check_token(latest(), token, [node.accounts[BUYER]]).taxes.move
    assert barred is not None
    assert barred.blocked
    found = _facts(latest, node, token, (BUYER,))
    assert found.facts.sell_tax is None
    assert dict(found.says)["Selling"] == (
        "In the simulation a new account can sell, and holders cannot."
    )
    assert _facts(latest, node, token, (BUYER, FAVOURED)).facts.sell_tax == 0
    node.send(token, "pause()")
    assert _facts(latest, node, token, (BUYER, FAVOURED)).facts.sell_tax == 1


def test_a_tax_on_transfers_is_measured(node: EvmNode, latest: Latest) -> None:
    token = _made(node, "taxed_token")
    facts = _facts(latest, node, token).facts
    assert (facts.buy_tax, facts.sell_tax) == (Decimal("0.1"), Decimal("0.1"))
    # Without a pool a transfer shows it too, which is the least a trade costs.
    checks = check_token(latest(), token)
    assert checks.taxes.buy.tax is None
    assert checks.taxes.move is not None
    assert checks.taxes.move.tax == Decimal("0.1")
    assert chain_facts(checks).facts.sell_tax == Decimal("0.1")


def test_a_low_tax_that_the_owner_can_raise_is_not_settled(node: EvmNode, latest: Latest) -> None:
    token = _made(node, "taxed_token")
    node.send(token, "setTax(uint256)", (1,))
    checks = check_token(latest(), token, pool=node.accounts[POOL])
    assert checks.taxes.sell.tax == Decimal("0.01")
    facts = chain_facts(checks).facts
    assert (facts.buy_tax, facts.sell_tax) == (None, None)
    node.send(token, "setTax(uint256)", (100,))
    assert _facts(latest, node, token).facts.buy_tax == 1


def test_a_honeypot_is_seen_by_holders_and_new_accounts(node: EvmNode, latest: Latest) -> None:
    token = _made(node, "honeypot_token")
    pool, favoured = node.accounts[POOL], node.accounts[FAVOURED]
    node.send(token, "prepare(address,address)", (pool, favoured))
    found = _facts(latest, node, token, (BUYER,))
    assert (found.facts.buy_tax, found.facts.sell_tax) == (0, 1)
    assert ("Selling", "A new account cannot sell what it bought.") in found.says
    card = score("HNY", [found.facts])
    assert card.level == "high"
    assert "It cannot be sold." in card.summary
    # What a chosen holder may do does not make it safe.
    found = _facts(latest, node, token, (FAVOURED,))
    assert found.facts.sell_tax is None
    assert dict(found.says)["Selling"] == (
        "In the simulation a holder can sell, and new accounts cannot."
    )
    # The owner is no witness.
    assert _facts(latest, node, token, (OWNER, BUYER)).facts.sell_tax == 1


def test_without_overrides_taxes_are_unknown_and_honeypots_still_seen(
    node: EvmNode, latest: Latest
) -> None:
    taxed, honey = _made(node, "taxed_token"), _made(node, "honeypot_token")
    node.send(honey, "prepare(address,address)", (node.accounts[POOL], node.accounts[FAVOURED]))
    node.overrides = False
    found = _facts(latest, node, taxed)
    assert (found.facts.buy_tax, found.facts.sell_tax) == (None, None)
    assert dict(found.says)["Selling"] == (
        "A transfer goes through; the node cannot measure what arrives."
    )
    assert _facts(latest, node, honey, (BUYER,)).facts.sell_tax == 1


def test_a_transfer_that_pretends_moves_nothing(node: EvmNode, latest: Latest) -> None:
    token = node.deploy("hostile_token")
    found = _facts(latest, node, token, (BUYER,))
    assert (found.facts.buy_tax, found.facts.sell_tax) == (1, 1)
    assert found.facts.owner_active is None, "its functions for the owner give nothing"


def test_old_tokens_return_nothing_from_a_transfer(node: EvmNode, latest: Latest) -> None:
    texts = (b"Old".ljust(32, b"\0"), b"OLD".ljust(32, b"\0"), SUPPLY)
    token = node.deploy("old_token", ("bytes32", "bytes32", "uint256"), texts)
    spread(node, token, SUPPLY)
    facts = _facts(latest, node, token).facts
    assert (facts.buy_tax, facts.sell_tax) == (0, 0)


def test_a_pool_with_next_to_nothing_cannot_be_tried(node: EvmNode, latest: Latest) -> None:
    token = plain(node)
    node.send(token, TRANSFER, (node.accounts[POOL], 900))
    node.send(token, TRANSFER, (node.accounts[BUYER], 900))
    facts = _facts(latest, node, token, (BUYER,)).facts
    assert (facts.buy_tax, facts.sell_tax) == (None, None)
    with pytest.raises(KnownError, match="no contract"):
        check_token(latest(), node.accounts[BUYER])


def test_a_clone_is_checked_by_the_code_it_runs(node: EvmNode, latest: Latest) -> None:
    target = _made(node, "powers_token")
    code = bytes.fromhex(f"363d3d373d3d3d363d73{target[2:]}5af43d82803e903d91602b57fd5bf3")
    clone = node.deploy_runtime(code)
    checks = check_token(latest(), clone)
    assert checks.structure.implementation == target
    assert checks.powers["mint"] is True
    assert chain_facts(checks).facts.upgradable is False
    assert ("Code", f"It runs that of {target}, which stays the same.") in chain_facts(checks).says


def test_shares_of_the_largest_wallets(node: EvmNode, latest: Latest) -> None:
    token = _made(node, "plain_token")
    holders = (OWNER, BUYER, FAVOURED)
    found = check_token(
        latest(), token, [node.accounts[one] for one in holders], node.accounts[POOL]
    ).concentration
    # 88 + 1 + 1 of 100; the other 10 are in the pool, so nobody else has any.
    assert found == Concentration(Decimal("0.9"), True, 3)
    facts = _facts(latest, node, token, holders).facts
    assert facts.top10_share == Decimal("0.9")
    part = check_token(latest(), token, [node.accounts[BUYER]], node.accounts[POOL]).concentration
    assert part == Concentration(Decimal("0.01"), False, 1)
    assert _facts(latest, node, token, (BUYER,)).facts.top10_share is None, "others may hold more"


@pytest.fixture(scope="module")
def unknown() -> TokenChecks:
    """Checks of which nothing is known."""
    nothing = Trial(None, "Not tried.")
    from engine.market.onchain.bytecode import POWERS
    from engine.market.onchain.checks import Taxes
    from engine.market.onchain.erc20 import Token

    return TokenChecks(
        token=Token(ADDRESS),
        block=1,
        source="on-chain, block 1",
        owner=None,
        renounced=None,
        structure=Structure(None, None, None),
        powers=dict.fromkeys(POWERS),
        unknown=None,
        concentration=None,
        taxes=Taxes(nothing, nothing, nothing),
        age_days=None,
    )


def test_what_is_not_known_stays_open(unknown: TokenChecks) -> None:
    assert chain_facts(unknown).facts == TokenFacts("measured")
    assert score("X", [chain_facts(unknown).facts]).high == 100


def test_an_owner_given_up_is_not_enough_where_roles_or_a_proxy_remain(
    unknown: TokenChecks,
) -> None:
    given_up = replace(unknown, owner="0x" + "0" * 40, renounced=True)
    assert chain_facts(given_up).facts.owner_active is False
    roles = replace(given_up, powers=dict(given_up.powers) | {"roles": True})
    assert chain_facts(roles).facts.owner_active is None
    proxy = replace(given_up, structure=Structure(ADDRESS, True, None))
    assert chain_facts(proxy).facts.owner_active is None
    assert chain_facts(proxy).facts.upgradable is True


def test_a_large_share_settles_itself(unknown: TokenChecks) -> None:
    large = replace(unknown, concentration=Concentration(Decimal("0.75"), False, 2))
    assert chain_facts(large).facts.top10_share == Decimal("0.75")
    assert "at least 75.0 %" in dict(chain_facts(large).says)["Holders"]


def test_everything_is_read_at_one_block(node: EvmNode, rpc: JsonRpc, latest: Latest) -> None:
    token = _made(node, "plain_token")
    state = latest()
    before = check_token(state, token, [node.accounts[BUYER]])
    node.send(token, TRANSFER, (node.accounts[BUYER], SUPPLY // 2))
    assert check_token(state, token, [node.accounts[BUYER]]) == before
