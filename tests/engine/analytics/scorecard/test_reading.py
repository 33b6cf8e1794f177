"""Reading token facts from texts, rows and names."""

import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.analytics.scorecard.facts import FIELDS, TokenFacts
from engine.analytics.scorecard.impersonation import impersonates
from engine.analytics.scorecard.rows import score_list, score_row
from engine.analytics.scorecard.text import facts_from_text

D = Decimal
USDC = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"
OTHER = "0x" + "ab" * 20


def read(text: str) -> dict[str, object]:
    facts = facts_from_text(text)
    assert facts.evidence == "claimed"
    return {name: v for name in FIELDS if (v := getattr(facts, name)) is not None}


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("Audited by two firms.", {"audited": True}),
        ("The code is not audited", {"audited": False}),
        ("Unaudited contract", {"audited": False}),
        ("audit pending", {"audited": False}),
        ("Audited last year, but the new version was never audited.", {"audited": False}),
        ("The team is anonymous", {"team_public": False}),
        ("devs are not doxxed", {"team_public": False}),
        ("The team is not anonymous", {"team_public": True}),
        ("Doxxed founders", {"team_public": True}),
        ("Ownership renounced", {"owner_active": False}),
        ("not renounced", {"owner_active": True}),
        ("fixed supply and pausable", {"can_mint": False, "can_pause": True}),
        ("The owner can mint", {"owner_active": True, "can_mint": True}),
        ("upgradeable proxy", {"upgradable": True}),
        ("immutable code", {"upgradable": False}),
        ("80% of the liquidity is locked", {"liquidity_locked": D("0.8"), "some_locked": True}),
        ("liquidity locked for 6 months", {"some_locked": True, "lock_days": 180}),
        ("liquidity locked 1 year", {"some_locked": True, "lock_days": 365}),
        ("a 2-year liquidity lock", {"some_locked": True, "lock_days": 730}),
        ("no liquidity lock", {"liquidity_locked": D(0)}),
        ("liquidity is unlocked", {"liquidity_locked": D(0)}),
        ("Top 10 holders own 65%", {"top10_share": D("0.65")}),
        ("one wallet holds 90 %", {"top10_share": D("0.9")}),
        ("5% buy tax, 12.5% sell tax", {"buy_tax": D("0.05"), "sell_tax": D("0.125")}),
        ("You cannot sell it", {"sell_tax": D(1)}),
        ("not a honeypot", {}),
        ("launched 3 weeks ago", {"age_days": 21}),
        ("2 years old", {"age_days": 730}),
        ("brand new", {"age_days": 1}),
        ("1,200% APY", {"promised_yield": D(12)}),
        ("APY of 8 %", {"promised_yield": D("0.08")}),
        ("2% daily returns", {"promised_yield": D("7.3")}),
        ("2 % per day", {"promised_yield": D("7.3")}),
        ("guaranteed profits", {"promised_yield": D(10)}),
        ("no guaranteed returns", {}),
        ("No known scam reports", {"scam_reports": 0}),
        ("3 scam reports", {"scam_reports": 3}),
        ("several reports of fraud", {"scam_reports": 2}),
        ("a scam warning was published", {"scam_reports": 1}),
        ("impersonating a known coin", {"impersonation": True}),
        ("This is not a scam", {}),
        ("no team tokens", {}),
        ("There is no known team.", {"team_public": False}),
        ("tokens can be minted", {"can_mint": True}),
        ("no roadmap", {}),
        ("A pleasant token for cats and dogs.", {}),
        ("", {}),
    ],
)
def test_phrases(text: str, facts: dict[str, object]) -> None:
    assert read(text) == facts
    assert read(text.upper()) == facts


def test_of_two_statements_the_riskier_holds() -> None:
    assert read("Audited. Not audited.") == read("Not audited. Audited.") == {"audited": False}


@pytest.mark.alone
def test_a_hostile_text_is_read_in_no_time() -> None:
    started = time.perf_counter()
    for text in ("no a" * 100_000, "team " * 100_000, "9," * 100_000, "locked " + "x" * 1_000_000):
        facts_from_text(text)
    assert time.perf_counter() - started < 5


@given(st.text(max_size=200))
def test_any_text_can_be_read(text: str) -> None:
    assert isinstance(facts_from_text(text), TokenFacts)


def test_a_row_with_columns_and_a_description() -> None:
    row = {
        "Name": "Cat Coin", "Audit": "yes", "Renounced": "no", "Top 10 percent": "45",
        "Buy tax": "5 %", "Sell tax %": "15", "Age days": "400", "Liquidity locked": "0.5",
        "Scam reports": "0", "Lock-days": "365", "Mintable": "?", "Description": "Doxxed team",
    }  # fmt: skip
    card = score_row(row)
    points = {f.criterion: (f.low, f.high) for f in card.findings}
    assert points["audit"] == (0, 0)
    assert points["ownership"] == (3, 3)
    assert points["holders"] == (4, 4)  # (0.45 - 0.2) / 0.5 * 8
    assert points["taxes"] == (5, 5)  # 15 %: half way from 5 to 25
    assert points["liquidity lock"] == (5, 5)
    assert points["team"] == (0, D("4.5"))  # only claimed
    assert points["mint"] == (0, 6)
    assert card.name == "Cat Coin"


def test_chain_reads_join_a_row() -> None:
    chain = TokenFacts("measured", can_mint=True, owner_active=True)
    card = score_row({"name": "X", "mintable": "no"}, [chain])
    assert {flag.criterion: flag.evidence for flag in card.flags} == {
        "mint": "measured", "ownership": "measured",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("audited", "perhaps", "neither yes nor no"),
        ("sell_tax", "a lot", "no number"),
        ("sell_tax", "12", "two ways"),
        ("sell_tax", "120 %", "above 100"),
        ("age_days", "-1", "below zero"),
    ],
)
def test_a_bad_value_is_named_and_stays_unknown(column: str, value: str, said: str) -> None:
    batch = score_list([{"name": "Bad", column: value}, {"name": "Good", column: "?"}])
    bad, good = batch.cards
    assert (bad.low, bad.high) == (good.low, good.high) == (0, 100)
    assert batch.refused == ()
    (unread,) = batch.unread
    assert (unread.row, unread.name) == (1, "Bad")
    assert said in unread.reason


def test_a_lock_without_a_share_is_not_one_of_everything() -> None:
    """Neither in words nor under a title: how much is locked stays open."""
    said = score_row({"name": "X", "description": "liquidity locked 1 year"})
    stated = score_row({"name": "X", "liquidity_locked": "yes", "lock_days": "365"})
    for card in (said, stated):
        (lock,) = [one for one in card.findings if one.criterion == "liquidity lock"]
        assert (lock.low, lock.high) == (0, 10)
        assert lock.reason == "An unknown part of the liquidity is locked, for 365 days."
        assert "100 % of the liquidity" not in card.summary


def test_a_team_and_a_yield_are_understood() -> None:
    batch = score_list([{"name": "X", "team": "anonymous", "yield_percent": "3000"}])
    assert batch.unused == batch.unread == ()
    assert {flag.criterion for flag in batch.cards[0].flags} == {"team", "yields"}


def test_columns_nobody_understands_are_reported() -> None:
    batch = score_list([{"symbol": "ABC", "Market cap": "1"}, {"address": OTHER}, {"chain": "x"}])
    assert batch.unused == ("Market cap",)
    assert {card.name for card in batch.cards} == {"ABC", OTHER}
    assert batch.refused[0].row == 3


@pytest.mark.parametrize(
    ("name", "symbol", "address", "chain", "expected"),
    [
        ("USD Coin", "USDC", USDC, "ethereum", False),
        ("USD Coin", "USDC", USDC.lower(), "", False),
        ("USD Coin", "USDC", OTHER, "Ethereum", True),
        ("Bitcoin", "BTC", OTHER, "ethereum", True),
        ("USD Coin", "USDC", OTHER, "base", None),
        ("USD Coin", "USDC", OTHER, "", None),
        ("USD Coin", "USDC", "", "ethereum", None),
        ("USD C\u043ein", "X", "", "", True),  # a Cyrillic o
        ("X", "USDT\u0301", "", "", True),
        ("X", "\uff35SDC", "", "", True),  # a full-width U
        ("Uniswop", "UNN", OTHER, "ethereum", None),
    ],
)
def test_impersonation(
    name: str, symbol: str, address: str, chain: str, expected: bool | None
) -> None:
    assert impersonates(name, symbol, address, chain) is expected
