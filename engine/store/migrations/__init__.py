"""Numbered steps that bring a database to the newest schema; the version is PRAGMA user_version.

A released step is never edited: a change of the schema is a new file mNNNN_name.py, added below.
"""

from collections.abc import Callable

import sqlite_utils

from engine.store.migrations import m0001_initial, m0002_ledger, m0003_chat_tree

Step = Callable[[sqlite_utils.Database], None]

STEPS: tuple[Step, ...] = (m0001_initial.apply, m0002_ledger.apply, m0003_chat_tree.apply)


def run(db: sqlite_utils.Database) -> None:
    """Run the steps that are missing, inside the transaction the caller has opened."""
    (version,) = db.execute("PRAGMA user_version").fetchone()
    for step in STEPS[version:]:
        step(db)
    if db.execute("PRAGMA foreign_key_check").fetchone():
        raise RuntimeError("a migration broke a reference")
    db.execute(f"PRAGMA user_version = {len(STEPS)}")
