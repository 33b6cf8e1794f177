"""Version 2: more kinds of transactions, corrections that can be taken back, transfer pairs, named
documents, measured series, NFT sales, the log of requests, and alert rules of every kind.

Alerts of version 1 become rules, and what they fired is kept.
"""

import json
from decimal import Decimal
from typing import Any

import sqlite_utils

_BATCHES = """
CREATE TABLE fresh (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL CHECK (kind IN ('transactions', 'prices', 'measurements', 'nft_sales')),
    source TEXT NOT NULL,
    file_name TEXT NOT NULL,
    file_hash TEXT NOT NULL,
    created TEXT NOT NULL,
    simulated INTEGER NOT NULL CHECK (simulated IN (0, 1))
) STRICT;
INSERT INTO fresh SELECT id, kind, source, file_name, file_hash, created, simulated FROM batches;
DROP TABLE batches;
ALTER TABLE fresh RENAME TO batches;
"""

_TRANSACTIONS = """
CREATE TABLE fresh (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    batch_id INTEGER NOT NULL REFERENCES batches (id) ON DELETE CASCADE,
    time TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN (
        'buy', 'sell', 'trade', 'deposit', 'withdrawal', 'transfer', 'income', 'fee', 'spend',
        'gift', 'loss', 'nft_buy', 'nft_sell', 'lp_add', 'lp_remove', 'correction')),
    account TEXT NOT NULL,
    to_account TEXT,
    asset_in TEXT,
    amount_in TEXT NOT NULL,
    asset_out TEXT,
    amount_out TEXT NOT NULL,
    fee_asset TEXT,
    fee_amount TEXT NOT NULL,
    value TEXT,
    value_currency TEXT,
    note TEXT NOT NULL,
    row_hash TEXT NOT NULL UNIQUE,
    income_kind TEXT NOT NULL DEFAULT '',
    tag TEXT NOT NULL DEFAULT '',
    deleted INTEGER NOT NULL DEFAULT 0 CHECK (deleted IN (0, 1))
) STRICT;
INSERT INTO fresh
    SELECT id, batch_id, time, kind, account, to_account, asset_in, amount_in, asset_out,
           amount_out, fee_asset, fee_amount, value, value_currency, note, row_hash, '', '', 0
    FROM transactions;
DROP TABLE transactions;
ALTER TABLE fresh RENAME TO transactions;
CREATE INDEX transactions_by_batch ON transactions (batch_id);
CREATE INDEX transactions_by_time ON transactions (time, id);
"""

_NEW = """
CREATE TABLE changes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    made TEXT NOT NULL,
    transaction_id INTEGER NOT NULL REFERENCES transactions (id) ON DELETE CASCADE,
    action TEXT NOT NULL CHECK (action IN ('add', 'edit', 'delete')),
    before TEXT,
    after TEXT
) STRICT;
CREATE INDEX changes_by_transaction ON changes (transaction_id);

CREATE TABLE transfer_pairs (
    withdrawal TEXT NOT NULL,
    deposit TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('confirmed', 'rejected')),
    decided TEXT NOT NULL,
    PRIMARY KEY (withdrawal, deposit)
) STRICT, WITHOUT ROWID;

CREATE TABLE documents (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    body TEXT NOT NULL,
    created TEXT NOT NULL,
    updated TEXT NOT NULL,
    PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE measurements (
    topic TEXT NOT NULL,
    name TEXT NOT NULL,
    field TEXT NOT NULL,
    day TEXT NOT NULL,
    rank INTEGER NOT NULL,
    batch_id INTEGER NOT NULL REFERENCES batches (id) ON DELETE CASCADE,
    value TEXT NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (topic, name, field, day, rank)
) STRICT, WITHOUT ROWID;
CREATE INDEX measurements_by_batch ON measurements (batch_id);

CREATE TABLE nft_sales (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    batch_id INTEGER NOT NULL REFERENCES batches (id) ON DELETE CASCADE,
    collection TEXT NOT NULL,
    token TEXT NOT NULL,
    time TEXT NOT NULL,
    price TEXT NOT NULL,
    currency TEXT NOT NULL,
    traits TEXT NOT NULL,
    row_hash TEXT NOT NULL UNIQUE
) STRICT;
CREATE INDEX nft_sales_by_batch ON nft_sales (batch_id);
CREATE INDEX nft_sales_by_collection ON nft_sales (collection, time);

CREATE TABLE requests (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    made TEXT NOT NULL,
    source TEXT NOT NULL,
    url TEXT NOT NULL,
    outcome TEXT NOT NULL,
    sent_bytes INTEGER NOT NULL,
    received_bytes INTEGER NOT NULL,
    milliseconds INTEGER NOT NULL
) STRICT;

CREATE TABLE rules (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    rule TEXT NOT NULL,
    assets TEXT NOT NULL,
    created TEXT NOT NULL,
    since TEXT NOT NULL,
    paused INTEGER NOT NULL DEFAULT 0 CHECK (paused IN (0, 1))
) STRICT;

CREATE TABLE firings (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    rule_id INTEGER REFERENCES rules (id) ON DELETE SET NULL,
    day TEXT NOT NULL,
    key TEXT NOT NULL,
    fired TEXT NOT NULL,
    title TEXT NOT NULL,
    text TEXT NOT NULL,
    priority TEXT NOT NULL,
    evidence TEXT NOT NULL,
    simulated INTEGER NOT NULL CHECK (simulated IN (0, 1)),
    told TEXT,
    UNIQUE (rule_id, key)
) STRICT;
CREATE INDEX firings_untold ON firings (id) WHERE told IS NULL;
"""


def apply(db: sqlite_utils.Database) -> None:
    """Rebuild what became wider, add what is new, turn alerts into rules."""
    for script in (_BATCHES, _TRANSACTIONS, _NEW):
        for statement in script.split(";\n"):
            if statement.strip():
                db.execute(statement)
    _move_alerts(db)
    db.execute("DROP TABLE alert_history")
    db.execute("DROP TABLE alerts")


def _move_alerts(db: sqlite_utils.Database) -> None:
    titles: dict[int | None, str] = {}
    for row in list(db.query("SELECT * FROM alerts ORDER BY id")):
        titles[row["id"]] = _title(row)
        db.execute(
            "INSERT INTO rules (id, rule, assets, created, since) VALUES (?, ?, ?, ?, ?)",
            [
                row["id"],
                json.dumps({"when": _when(row)}),
                json.dumps([row["asset"]]),
                row["created"],
                # What came true before its last firing is over.
                row["last_fired"] or row["created"],
            ],
        )
    for row in list(db.query("SELECT * FROM alert_history ORDER BY id")):
        title = titles.get(row["alert_id"], "A deleted alert")
        simulated = "(simulated)" in row["text"]
        db.execute(
            "INSERT INTO firings (rule_id, day, key, fired, title, text, priority, evidence, "
            "simulated, told) VALUES (?, ?, ?, ?, ?, ?, 'normal', '[]', ?, ?)",
            [
                row["alert_id"],
                row["fired"][:10],
                f"version 1: {row['id']}",
                row["fired"],
                title,
                row["text"],
                simulated,
                row["fired"],
            ],
        )


def _when(row: dict[str, Any]) -> dict[str, str]:
    where = {"asset": row["asset"], "currency": row["currency"]}
    if row["condition"] in ("above", "below"):
        return {"kind": "price", **where, "direction": row["condition"], "level": row["value"]}
    direction = row["condition"].removesuffix("_percent")
    # More than version 2 takes, no price ever moves in a day.
    percent = str(min(Decimal(row["value"]), Decimal(100_000)))
    return {"kind": "move", **where, "direction": direction, "percent": percent, "days": "1"}


def _title(row: dict[str, Any]) -> str:
    unit = row["currency"] if row["condition"] in ("above", "below") else "%"
    return f"{row['asset']} {row['condition'].removesuffix('_percent')} {row['value']} {unit}"
