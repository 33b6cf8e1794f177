"""What the chain shows, in the form the scorecard reads, and in sentences."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from engine.analytics.scorecard.facts import TokenFacts
from engine.core.money import format_percent
from engine.market.onchain.bytecode import Power
from engine.market.onchain.checks import TokenChecks
from engine.market.onchain.proxy import Structure
from engine.market.onchain.simulation import Trial

_TELLING_SHARE = Decimal("0.7")
"""From here on a share that may be higher settles the matter all the same."""
_TELLING_TAX = Decimal("0.05")

METHOD = (
    "Read from the contract's code, its storage and simulated calls at one block. A function that "
    "is not found is ruled out only if every function of the contract is known; a contract made to "
    "deceive can still hide what it does."
)


@dataclass(frozen=True, slots=True)
class ChainFacts:
    """facts: for the scorecard, measured. source: "on-chain, block N". says: topics, sentences."""

    facts: TokenFacts
    source: str
    says: tuple[tuple[str, str], ...]
    method: str = METHOD


def chain_facts(checks: TokenChecks) -> ChainFacts:
    """What is established; what is not stays None, which widens the scorecard's band."""
    taxes, powers = checks.taxes, checks.powers
    facts = TokenFacts(
        evidence="measured",
        owner_active=_owner_active(checks),
        can_mint=powers["mint"],
        can_pause=_either(powers["pause"], powers["blacklist"]),
        upgradable=checks.structure.replaceable,
        top10_share=_share(checks),
        buy_tax=_tax(checks, taxes.buy, taxes.move),
        sell_tax=_tax(checks, taxes.sell, taxes.move),
        age_days=checks.age_days,
    )
    return ChainFacts(facts, checks.source, tuple(_sentences(checks)))


def _owner_active(checks: TokenChecks) -> bool | None:
    """Roles and a replaceable code are power beside the owner's, whoever that is."""
    others = _either(checks.powers["roles"], checks.structure.replaceable)
    if checks.renounced is False:
        return True
    if checks.renounced:
        return None if others else False
    settled = checks.unknown == 0 and not any(checks.powers.values())
    return False if settled and others is False else None


def _share(checks: TokenChecks) -> Decimal | None:
    found = checks.concentration
    if found is None or not (found.exact or found.share >= _TELLING_SHARE):
        return None
    return found.share.quantize(Decimal("0.0001"))


def _tax(checks: TokenChecks, trade: Trial, move: Trial | None) -> Decimal | None:
    """That of a trade; without one a tax on every transfer, or the impossibility of any, counts.

    A low tax that somebody can raise is not settled.
    """
    tax = trade.tax
    moving = move.tax if move is not None else None
    if tax is None and moving is not None and moving >= _TELLING_TAX:
        tax = moving
    raisable = checks.powers["fees"] and checks.renounced is not True
    return None if tax is not None and tax < _TELLING_TAX and raisable else tax


def _either(one: bool | None, other: bool | None) -> bool | None:
    if one or other:
        return True
    return None if one is None or other is None else False


_POWER_WORDS: dict[Power, str] = {
    "mint": "mint new tokens",
    "pause": "stop transfers",
    "blacklist": "bar single holders",
    "fees": "change fees",
    "upgrade": "replace its code",
    "roles": "give others rights",
}


def _sentences(checks: TokenChecks) -> Iterator[tuple[str, str]]:
    yield "Owner", _owner(checks)
    if code := _code(checks.structure):
        yield "Code", code
    able = [words for power, words in _POWER_WORDS.items() if checks.powers[power]]
    if able:
        yield "Functions", f"It has functions to {', '.join(able)}."
    if checks.unknown is None:
        yield "Functions", "They cannot be told from its code."
    elif checks.unknown:
        plural = "s" if checks.unknown > 1 else ""
        yield "Functions", f"It names {checks.unknown} function{plural} of unknown purpose."
    if found := checks.concentration:
        least = "" if found.exact else "at least "
        share = format_percent(found.share, 1)
        yield "Holders", f"The ten largest wallets hold {least}{share} of the supply."
    yield "Buying", _tried(checks.taxes.buy)
    yield "Selling", _tried(checks.taxes.sell)
    if checks.taxes.move is not None:
        yield "Moving", _tried(checks.taxes.move)


def _code(found: Structure) -> str:
    if found.implementation is None:
        return "It can be replaced." if found.replaceable else ""
    for_good = {True: "can be replaced", False: "stays the same", None: "may change"}
    return f"It runs that of {found.implementation}, which {for_good[found.replaceable]}."


def _owner(checks: TokenChecks) -> str:
    if checks.owner is None:
        nobody = checks.powers["owner"] is False
        return "It has no owner." if nobody else "It does not say who its owner is."
    return "Its ownership was given up." if checks.renounced else f"Its owner is {checks.owner}."


def _tried(trial: Trial) -> str:
    if trial.tax is None or trial.blocked:
        return trial.how
    return f"{format_percent(trial.tax, 2)} tax. {trial.how}"
