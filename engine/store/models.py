"""The register of model files the user added."""

from dataclasses import dataclass
from datetime import datetime

import sqlite_utils

from engine.store import codec
from engine.store.database import Database
from engine.store.statements import change_one, insert


@dataclass(frozen=True, slots=True)
class StoredModel:
    """A registered model file; size in bytes, meta_json is what its header says."""

    id: int
    name: str
    sha256: str
    path: str
    size: int
    arch: str
    meta_json: str
    added: datetime


class ModelRepo:
    """Stores which model files there are; the files themselves are not touched."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(self, name: str, sha256: str, path: str, size: int, arch: str, meta_json: str) -> int:
        """Register a file, or update the entry with the same sha256; returns the id."""
        row = {
            "name": name,
            "sha256": sha256,
            "path": path,
            "size": size,
            "arch": arch,
            "meta": meta_json,
            "added": codec.time_text(self._db.clock.now()),
        }

        def write(db: sqlite_utils.Database) -> int:
            known = db.execute("SELECT id FROM models WHERE sha256 = ?", [sha256]).fetchone()
            if known is None:
                return insert(db, "models", row)
            db.table("models").update(known[0], row)
            return int(known[0])

        return self._db.run(write)

    def list(self) -> list[StoredModel]:
        """All registered models by name."""
        return self._db.run(
            lambda db: [
                StoredModel(
                    row["id"],
                    row["name"],
                    row["sha256"],
                    row["path"],
                    row["size"],
                    row["arch"],
                    row["meta"],
                    codec.time(row["added"]),
                )
                for row in db.query("SELECT * FROM models ORDER BY name, id")
            ]
        )

    def remove(self, model_id: int) -> None:
        """Forget a model; KnownError if it is gone."""
        sql = "DELETE FROM models WHERE id = ?"
        self._db.run(lambda db: change_one(db, sql, [model_id], "model"))
