"""Version 1 becomes version 2: what was stored is there, and alerts are rules."""

import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from engine.core.paths import Paths
from engine.store import migrations
from engine.store.batches import Batch
from engine.store.connection import connect
from engine.store.database import Database
from engine.store.prices import PriceRepo
from engine.store.rules import RuleRepo, StoredRule
from engine.store.transactions import TransactionRepo
from tests.engine.store.conftest import KEY

T0, T1, T2 = (f"2026-0{month}-01T12:00:00.000000+00:00" for month in (1, 2, 3))

FILLED = f"""
INSERT INTO batches VALUES (3, 'transactions', 'Kraken', 'k.csv', 'hash', '{T0}', 0),
    (4, 'prices', 'prices', 'p.csv', '', '{T0}', 0);
INSERT INTO transactions VALUES (7, 3, '{T0}', 'buy', 'Kraken', NULL, 'BTC', '0.5', 'USD', '30000',
    'USD', '1.25', NULL, NULL, 'a note', 'row 1');
INSERT INTO prices VALUES
    ('BTC', 'USD', '2026-01-01', {1 << 40}, 4, '60000', NULL, '61000', NULL, NULL, 'p');
INSERT INTO chats VALUES (1, 'Kept', '{T0}', '{T0}');
INSERT INTO alerts VALUES (2, 'BTC', 'above', '100000.1', 'USD', '{T0}', 1, NULL),
    (5, 'ETH', 'down_percent', '10', 'EUR', '{T0}', 0, '{T2}'),
    (6, 'SOL', 'up_percent', '900000', 'USD', '{T0}', 1, NULL);
INSERT INTO alert_history VALUES (1, 5, '{T1}', 'ETH was at €900.00 on 2026-02-01.'),
    (2, NULL, '{T1}', 'BTC was at $1.00 on 2026-02-01 (simulated).'),
    (3, 5, '{T2}', 'ETH was at €800.00 on 2026-03-01.');
"""


@pytest.fixture
def migrated(
    open_database: Callable[..., Database], paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> Database:
    """A database of version 1 that was filled then."""
    with monkeypatch.context() as before:
        before.setattr(migrations, "STEPS", migrations.STEPS[:1])
        open_database().close()
    with closing(connect(paths.database, KEY)) as old:
        for statement in FILLED.split(";\n"):
            old.execute(statement)
    return open_database()


def test_transactions_prices_and_chats_are_kept(migrated: Database) -> None:
    made = datetime(2026, 1, 1, 12, tzinfo=UTC)
    repo = TransactionRepo(migrated)
    assert repo.batches() == [Batch(3, "Kraken", "k.csv", made, 1, False)]
    (kept,) = repo.all()
    assert (kept.id, kept.batch_id, kept.note, kept.row_hash) == (7, 3, "a note", "row 1")
    assert (kept.time, str(kept.amount_in), str(kept.fee_amount)) == (made, "0.5", "1.25")
    assert (kept.income_kind, kept.tag) == ("", "")
    assert [str(point.high) for point in PriceRepo(migrated).series("BTC", "USD")] == ["61000"]
    assert migrated.run(lambda db: db.execute("SELECT title FROM chats").fetchall()) == [("Kept",)]
    # Ids are never given twice.
    assert repo.add_batch("x", "x.csv", "", [replace(kept, row_hash="row 2")], simulated=False) == 5
    assert max(one.id or 0 for one in repo.all()) == 8


def test_alerts_are_rules(migrated: Database) -> None:
    made, fired = datetime(2026, 1, 1, 12, tzinfo=UTC), datetime(2026, 3, 1, 12, tzinfo=UTC)
    whens = [
        {"kind": "price", "asset": "BTC", "currency": "USD", "direction": "above",
         "level": "100000.1"},
        {"kind": "move", "asset": "ETH", "currency": "EUR", "direction": "down", "percent": "10",
         "days": "1"},
        {"kind": "move", "asset": "SOL", "currency": "USD", "direction": "up", "percent": "100000",
         "days": "1"},
    ]  # fmt: skip
    texts = [json.dumps({"when": when}) for when in whens]
    assert RuleRepo(migrated).list() == [
        StoredRule(2, texts[0], ("BTC",), made, made, False, None),
        StoredRule(5, texts[1], ("ETH",), made, fired, False, fired),
        StoredRule(6, texts[2], ("SOL",), made, made, False, None),
    ]


def test_what_they_fired_is_history_and_told(migrated: Database) -> None:
    repo = RuleRepo(migrated)
    assert repo.untold() == []
    found = [(one.rule_id, one.day, one.title, one.text, one.simulated) for one in repo.history(9)]
    assert found == [
        (5, date(2026, 3, 1), "ETH down 10 %", "ETH was at €800.00 on 2026-03-01.", False),
        (None, date(2026, 2, 1), "A deleted alert",
         "BTC was at $1.00 on 2026-02-01 (simulated).", True),
        (5, date(2026, 2, 1), "ETH down 10 %", "ETH was at €900.00 on 2026-02-01.", False),
    ]  # fmt: skip
    assert [one.fired == one.told for one in repo.history(9)] == [True, True, True]
