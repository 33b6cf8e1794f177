"""Rules are kept, and what they fire is recorded once and told once."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from engine.core.clock import FixedClock
from engine.core.errors import KnownError
from engine.core.records import PricePoint, Transaction
from engine.store.database import Database
from engine.store.prices import PriceRepo
from engine.store.rules import NewFiring, RuleRepo, StoredRule
from engine.store.transactions import TransactionRepo
from tests.engine.store.conftest import NOW

RULE = '{"when": {"kind": "price"}}'


def firing(rule_id: int, day: int = 1, simulated: bool = False) -> NewFiring:
    return NewFiring(
        rule_id,
        RULE,
        date(2026, 11, day),
        f"price BTC/USD 2026-11-{day:02}",
        "BTC above $1.00",
        f"BTC was at $2.00 on day {day}.",
        "normal",
        "[]",
        simulated,
    )


def later(db: Database, seconds: int) -> None:
    db.clock = FixedClock(NOW + timedelta(seconds=seconds))


def test_a_rule_is_kept_as_it_was_made(db: Database) -> None:
    repo = RuleRepo(db)
    made = repo.add(RULE, ("BTC", "ETH"))
    assert repo.list() == [StoredRule(made, RULE, ("BTC", "ETH"), NOW, NOW, False, None)]


def test_a_firing_is_recorded_once_and_told_once(db: Database) -> None:
    repo = RuleRepo(db)
    rule = repo.add(RULE, ("BTC",))
    (first,) = repo.record([firing(rule)])
    later(db, 60)
    (second,) = repo.record([firing(rule), firing(rule, 2)])
    assert repo.record([firing(rule), firing(rule, 2)]) == []
    assert (first.day, first.fired, first.told) == (date(2026, 11, 1), NOW, None)
    assert [one.id for one in repo.untold()] == [first.id, second.id]
    repo.mark_told([first.id])
    assert [one.id for one in repo.untold()] == [second.id]
    assert [(one.id, one.told) for one in repo.history(9)] == [
        (second.id, None),
        (first.id, NOW + timedelta(seconds=60)),
    ]
    assert [one.id for one in repo.history(1)] == [second.id]
    assert repo.recorded() == [
        (rule, date(2026, 11, day), f"price BTC/USD 2026-11-0{day}") for day in (1, 2)
    ]
    assert repo.list()[0].last_fired == NOW + timedelta(seconds=60)


def test_only_a_rule_that_is_as_it_was_fires(db: Database) -> None:
    repo = RuleRepo(db)
    paused, changed, gone = (repo.add(RULE, ("BTC",)) for _ in range(3))
    repo.pause(paused)
    repo.replace(changed, "{}", (), anew=False)
    repo.delete(gone)
    assert repo.record([firing(one) for one in (paused, changed, gone)]) == []
    assert repo.history(9) == []


def test_a_deleted_rule_leaves_its_history_but_is_told_of_no_more(db: Database) -> None:
    repo = RuleRepo(db)
    rule = repo.add(RULE, ("BTC",))
    repo.record([firing(rule)])
    repo.delete(rule)
    assert repo.list() == []
    assert [(one.rule_id, one.text) for one in repo.history(9)] == [
        (None, "BTC was at $2.00 on day 1.")
    ]
    assert repo.untold() == []
    assert repo.recorded() == []
    assert repo.add(RULE, ()) > rule


@pytest.mark.parametrize("change", ["delete", "pause", "resume"])
def test_a_rule_that_is_not_there_is_not_changed(db: Database, change: str) -> None:
    for number in (1, -1, 10**30):
        with pytest.raises(KnownError, match="alert is not there"):
            getattr(RuleRepo(db), change)(number)


def test_a_rule_is_changed_in_place_or_watched_anew(db: Database) -> None:
    repo = RuleRepo(db)
    rule = repo.add(RULE, ("BTC",))
    repo.record([firing(rule)])
    later(db, 60)
    repo.replace(rule, "renamed", ("BTC",), anew=False)
    (kept,) = repo.list()
    assert (kept.rule, kept.since, kept.last_fired) == ("renamed", NOW, NOW)
    repo.replace(rule, "other", ("ETH",), anew=True)
    (anew,) = repo.list()
    assert (anew.assets, anew.created, anew.since, anew.last_fired) == (
        ("ETH",),
        NOW,
        NOW + timedelta(seconds=60),
        None,
    )
    assert [one.rule_id for one in repo.history(9)] == [None]
    with pytest.raises(KnownError, match="not there"):
        repo.replace(rule + 1, "x", (), anew=True)


def test_a_resumed_rule_is_watched_from_then_on(db: Database) -> None:
    repo = RuleRepo(db)
    rule = repo.add(RULE, ())
    repo.pause(rule)
    assert repo.list()[0].paused
    for seconds, since in ((60, 60), (120, 60)):
        later(db, seconds)
        repo.resume(rule)
        (found,) = repo.list()
        assert (found.paused, found.since) == (False, NOW + timedelta(seconds=since))


def test_with_the_demo_go_its_firings_and_the_rules_made_for_it(
    db: Database, buy: Callable[..., Transaction]
) -> None:
    repo, prices = RuleRepo(db), PriceRepo(db)
    older = repo.add(RULE, ("BTC",))
    later(db, 1)
    demo = [
        PricePoint(asset, "USD", date(2026, 11, 1), Decimal(1), source="demo")
        for asset in ("BTC", "ETH")
    ]
    prices.add_batch("Demo", "prices.csv", demo, simulated=True)
    transactions = TransactionRepo(db)
    transactions.add_batch("Demo", "t.csv", "hash", [buy()], simulated=True)
    prices.add_batch("Own", "own.csv", [replace(demo[1], source="")])
    later(db, 2)
    kept = [repo.add(RULE, assets) for assets in (("ETH",), ("BTC", "ETH"), ())]
    repo.add(RULE, ("BTC",))
    repo.add(RULE, ("DOGE",))
    repo.record([firing(older, 1, simulated=True), firing(older, 2), firing(kept[0], 3, True)])

    transactions.delete_simulated()

    assert [one.id for one in repo.list()] == [older, *kept]
    assert [one.day.day for one in repo.history(9)] == [2]
    transactions.delete_simulated()
    assert len(repo.list()) == 4


def test_a_deleted_rule_is_restored_with_what_it_fired(db: Database) -> None:
    repo = RuleRepo(db)
    rule, other = repo.add(RULE, ("BTC",)), repo.add(RULE, ())
    repo.record([firing(rule), firing(other), firing(rule, 2)])
    repo.pause(rule)
    before, fired = repo.list(), repo.history(9)
    deleted = repo.delete(rule)
    assert (deleted.rule, len(deleted.firings)) == (before[0], 2)
    assert [one.rule_id for one in repo.history(9)] == [None, other, None]
    for _ in range(2):
        repo.restore(deleted)
        assert (repo.list(), repo.history(9)) == (before, fired)


def test_what_was_recorded_after_a_firing_is_counted(db: Database) -> None:
    repo = RuleRepo(db)
    rule = repo.add(RULE, ())
    assert repo.newer(0) == 0
    first, second = repo.record([firing(rule), firing(rule, 2)])
    assert [repo.newer(one) for one in (0, first.id, second.id)] == [2, 1, 0]
