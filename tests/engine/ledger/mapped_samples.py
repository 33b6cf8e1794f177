"""Files of unknown formats, written and read for tests."""

from datetime import UTC, datetime
from pathlib import Path

from engine.core.clock import FixedClock
from engine.ledger.importers import ImportPreview, preview_import
from engine.ledger.importers.mapped import importer_of
from engine.ledger.importers.mapping import Mapping

NOW = FixedClock(datetime(2026, 11, 22, 9, tzinfo=UTC))


def read(path: Path, mapping: Mapping, account: str | None = None) -> ImportPreview:
    user = [importer_of(mapping, "mine")]
    return preview_import(path, lambda hashes: set(), NOW, account, user=user)


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "unknown.csv"
    path.write_text(text, encoding="utf-8")
    return path
