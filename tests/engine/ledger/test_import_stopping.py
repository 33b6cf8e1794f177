"""A dry run can be stopped in every phase: reading, joining rows, hashing, comparing."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.core.clock import FixedClock
from engine.core.errors import Cancelled
from engine.ledger.importers import preview_import
from engine.ledger.importers.binance_statement import BINANCE

NOW = FixedClock(datetime(2026, 11, 22, 9, tzinfo=UTC))
TRADES = 2_500


@pytest.fixture
def statement(tmp_path: Path) -> Path:
    """Trades of two rows each."""
    path = tmp_path / "statement.csv"
    with path.open("w") as file:
        file.write(BINANCE.columns + "\n")
        for n in range(TRADES):
            begun = f"1,2024-01-{1 + n // 1_440:02d} {n // 60 % 24:02d}:{n % 60:02d}:00,Spot,Buy"
            file.write(f"{begun},ETH,1,\n{begun},USDT,-2000,\n")
    return path


def none_stored(hashes: set[str]) -> set[str]:
    return set()


def test_there_are_steps_in_every_phase(statement: Path) -> None:
    steps: list[str] = []
    preview = preview_import(
        statement, none_stored, NOW, step=lambda fraction, text: steps.append(text)
    )
    assert len(preview.rows) == TRADES
    assert steps.count("4,800 rows read") == 1
    # Once for reading on, twice while rows become trades, three times while dates are checked.
    assert steps.count("4,900 rows read") == 6
    assert [steps.count(f"{n},000 of 2,500 rows checked") for n in (1, 2)] == [1, 1 + 3]
    # One for each piece that is looked up, of which there are 256, and three at the end.
    assert steps.count("2,500 rows compared with what is stored") == 256 + 3


@pytest.mark.parametrize("last", [0, 20, 49, 50, 51, 52, 54, 55, 58, 100, 300])
def test_a_dry_run_ends_at_the_step_that_raises(statement: Path, last: int) -> None:
    left: Iterator[int] = iter(range(last + 1))

    def stop(fraction: float, text: str) -> None:
        if next(left) == last:
            raise Cancelled

    with pytest.raises(Cancelled):
        preview_import(statement, none_stored, NOW, step=stop)
