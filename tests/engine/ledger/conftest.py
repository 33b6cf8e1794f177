"""Importing a text as if it were a file."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.core.clock import FixedClock
from engine.ledger.importers import ImportPreview, preview_import

NOW = FixedClock(datetime(2026, 11, 22, 9, tzinfo=UTC))


@pytest.fixture
def preview(tmp_path: Path) -> Callable[..., ImportPreview]:
    """Import a text as a file, with nothing stored yet unless said."""

    def run(
        content: str | bytes, stored: frozenset[str] = frozenset(), account: str | None = None
    ) -> ImportPreview:
        path = tmp_path / "export.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return preview_import(path, lambda hashes: hashes & stored, NOW, account)

    return run
