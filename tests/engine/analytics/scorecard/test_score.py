"""Points, bands and levels of token scorecards."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.analytics.scorecard.criteria import CRITERIA
from engine.analytics.scorecard.facts import FIELDS, PROTECTIVE, Evidence, TokenFacts, Value, merge
from engine.analytics.scorecard.rows import score_list
from engine.analytics.scorecard.score import LEVELS, Scorecard, score

D = Decimal
CLEAN = TokenFacts(
    "measured", audited=True, team_public=True, owner_active=False, can_mint=False,
    can_pause=False, upgradable=False, liquidity_locked=D(1), some_locked=True,
    lock_days=400, top10_share=D("0.1"),
    buy_tax=D(0), sell_tax=D(0), age_days=2000, promised_yield=D("0.05"), scam_reports=0,
    impersonation=False, backed=True, roadmap=True,
)  # fmt: skip
WORST = TokenFacts(
    "measured", audited=False, team_public=False, owner_active=True, can_mint=True,
    can_pause=True, upgradable=True, liquidity_locked=D(0), some_locked=False,
    lock_days=0, top10_share=D(1),
    buy_tax=D("0.3"), sell_tax=D(1), age_days=0, promised_yield=D(50), scam_reports=9,
    impersonation=True, backed=False, roadmap=False,
)  # fmt: skip

_SHARE = st.decimals("0", "1", places=2)
_COUNT = st.integers(0, 500)
_VALUES: dict[str, st.SearchStrategy[Value]] = {
    name: (
        st.decimals("0", "12", places=2) if name == "promised_yield"
        else _SHARE if isinstance(getattr(CLEAN, name), Decimal)
        else st.booleans() if isinstance(getattr(CLEAN, name), bool)
        else _COUNT
    )
    for name in FIELDS
}  # fmt: skip
EVIDENCE = st.sampled_from(["claimed", "user", "measured"])
FACTS = st.builds(
    TokenFacts, EVIDENCE, **{name: st.none() | values for name, values in _VALUES.items()}
)
ONE_VALUE = st.sampled_from(FIELDS).flatmap(lambda name: st.tuples(st.just(name), _VALUES[name]))


def rank(card: Scorecard) -> int:
    return LEVELS.index(card.level)


def test_the_example_of_three_tokens() -> None:
    """High yield, anonymous, new: a trap. Backed and public: clear so far. Reports: a trap."""
    tokens = [
        ("Token A", "0x123abc...", "High APY, anonymous team, launched yesterday"),
        (
            "Token B",
            "0x456def...",
            "Backed by a reputable exchange, solid roadmap, transparent team",
        ),
        ("Token C", "0x789ghi...", "Claims unrealistic gains, has multiple scam reports"),
    ]
    rows = [{"name": n, "address": a, "description": d} for n, a, d in tokens]
    batch = score_list(rows)
    assert batch.refused == ()
    assert batch.unused == ()
    cards = {card.name: card for card in batch.cards}
    a, b, c = cards["Token A"], cards["Token B"], cards["Token C"]

    assert (a.level, a.address) == ("high", "0x123abc...")
    assert {flag.criterion for flag in a.flags} == {"team", "yields", "age"}
    for reason in ("anonymous", "launched a day ago", "extremely high yield"):
        assert reason in a.summary

    assert b.level == "clear so far"
    assert (b.low, b.flags) == (0, ())
    for reason in ("backed by a reputable firm", "solid roadmap", "team is public"):
        assert reason in b.summary
    assert b.high > 90  # a description settles next to nothing

    assert c.level == "high"
    assert {flag.criterion for flag in c.flags} == {"scam reports", "yields"}
    assert "extreme caution" in c.summary
    assert [card.name for card in batch.cards] == ["Token A", "Token C", "Token B"]


def test_the_points_of_token_a_by_hand() -> None:
    # team 9 + age 9 + a high yield in words, 80 %: (0.8 - 0.2) / 0.8 * 11 = 8.25, shown as 8.2.
    facts = TokenFacts("claimed", team_public=False, age_days=1, promised_yield=D("0.8"))
    card = score("A", [facts])
    assert (card.low, card.high) == (D("26.2"), D("98.6"))  # 71 open, and 1.4 of a claim on yields


def test_all_good_and_all_bad() -> None:
    assert sum(criterion.maximum for criterion in CRITERIA) == 100
    clean, worst = score("clean", [CLEAN]), score("worst", [WORST])
    assert (clean.low, clean.high, clean.level, clean.open) == (0, 0, "low", ())
    assert (worst.low, worst.high, worst.level) == (100, 100, "high")
    assert len(worst.flags) == len(CRITERIA)


def test_nothing_known() -> None:
    for sources in ([], [TokenFacts()], [TokenFacts("claimed", backed=True, roadmap=True)]):
        card = score("?", sources)
        assert (card.low, card.high, card.level) == (0, 100, "unknown")
        assert len(card.open) == len(CRITERIA)


@pytest.mark.parametrize(
    ("changed", "criterion", "points"),
    [
        ({"audited": False}, "audit", "6"),
        ({"team_public": False}, "team", "9"),
        ({"owner_active": True}, "ownership", "3"),
        ({"can_mint": True}, "mint", "6"),
        ({"can_pause": True}, "pause", "3"),
        ({"upgradable": True}, "proxy", "3"),
        ({"liquidity_locked": D("0.4")}, "liquidity lock", "6"),
        ({"lock_days": 90}, "liquidity lock", "5"),
        ({"lock_days": 29}, "liquidity lock", "10"),
        ({"top10_share": D("0.45")}, "holders", "4"),
        ({"buy_tax": D("0.15")}, "taxes", "5"),
        ({"sell_tax": D("0.25")}, "taxes", "10"),
        ({"age_days": 7}, "age", "9"),
        ({"age_days": 30}, "age", "6.3"),
        ({"age_days": 180}, "age", "3.6"),
        ({"promised_yield": D("0.6")}, "yields", "5.5"),
        ({"scam_reports": 1}, "scam reports", "7"),
        ({"impersonation": True}, "impersonation", "8"),
    ],
)
def test_each_flag_alone(changed: dict[str, Value], criterion: str, points: str) -> None:
    card = score("x", [replace(CLEAN, **changed)])
    assert card.low == card.high == D(points)
    assert [flag.criterion for flag in card.flags] == [criterion]
    assert card.flags[0].reason in card.summary


@pytest.mark.parametrize(
    "fact", [{"sell_tax": D("0.5")}, {"scam_reports": 2}, {"impersonation": True}]
)
def test_one_grave_fact_is_enough(fact: dict[str, Value]) -> None:
    assert score("x", [replace(CLEAN, **fact)]).level == "high"


def test_a_good_claim_keeps_half_open_and_a_bad_one_counts() -> None:
    claimed = score("x", [TokenFacts("claimed", audited=True)]).findings[0]
    stated = score("x", [TokenFacts("user", audited=True)]).findings[0]
    admitted = score("x", [TokenFacts("claimed", audited=False)]).findings[0]
    assert (claimed.low, claimed.high) == (0, 3)
    assert (stated.low, stated.high) == (0, 0)
    assert (admitted.low, admitted.high) == (6, 6)


def test_measured_beats_said_and_the_riskier_word_holds() -> None:
    merged = merge([
        TokenFacts("claimed", can_mint=False, age_days=900, audited=True),
        TokenFacts("user", can_mint=False, age_days=3, audited=True),
        TokenFacts("measured", can_mint=True, age_days=30),
    ])  # fmt: skip
    assert (merged["can_mint"].value, merged["can_mint"].evidence) == (True, "measured")
    assert merged["age_days"].value == 30
    assert merged["audited"].evidence == "user"
    assert merge([TokenFacts("user", age_days=3), TokenFacts("claimed", age_days=900)])[
        "age_days"
    ].value == 3  # fmt: skip


@given(FACTS, ONE_VALUE, ONE_VALUE)
def test_a_worse_value_never_lowers_the_risk(
    facts: TokenFacts, one: tuple[str, Value], other: tuple[str, Value]
) -> None:
    name, first = one
    second = other[1] if other[0] == name else getattr(WORST, name)
    better, worse = sorted((first, second), reverse=name in PROTECTIVE)
    good = score("x", [replace(facts, **{name: better})])
    bad = score("x", [replace(facts, **{name: worse})])
    assert bad.low >= good.low
    assert bad.high >= good.high
    assert rank(bad) >= rank(good)


@given(FACTS, st.sampled_from(FIELDS))
def test_unknown_never_lowers_the_risk_below_the_best_answer(facts: TokenFacts, name: str) -> None:
    unknown = score("x", [replace(facts, **{name: None})])
    known = score("x", [facts])
    best = score("x", [replace(facts, **{name: getattr(CLEAN, name)})])
    worst = score("x", [replace(facts, **{name: getattr(WORST, name)})])
    assert unknown.low >= best.low
    assert unknown.high >= max(known.high, worst.high)
    assert rank(unknown) >= rank(best)
    assert unknown.high - unknown.low >= known.high - known.low


@given(st.lists(FACTS, max_size=3), ONE_VALUE, EVIDENCE)
def test_one_more_red_flag_never_lowers_the_risk(
    sources: list[TokenFacts], one: tuple[str, Value], evidence: Evidence
) -> None:
    name = one[0]
    before = score("x", sources)
    flag = TokenFacts(evidence, **{name: getattr(WORST, name)})
    after = score("x", [*sources, flag])
    assert after.low >= before.low
    if before.level != "unknown" or after.low > 0:
        assert rank(after) >= rank(before)


@given(st.lists(FACTS, max_size=3))
def test_bands_are_within_bounds_and_order_does_not_matter(sources: list[TokenFacts]) -> None:
    card = score("x", sources)
    assert 0 <= card.low <= card.high <= 100
    assert all(0 <= f.low <= f.high <= f.maximum for f in card.findings)
    assert score("x", sources[::-1]) == card
    assert score("x", [*sources, TokenFacts()]) == card
