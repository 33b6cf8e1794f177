"""SIGKILL at random moments loses nothing (benchmarks/kill9.py and kill9_alerts.py do more)."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

KILLS = 10


@pytest.mark.timeout(300)
def test_nothing_confirmed_is_lost(
    benchmark_script: Callable[[str], ModuleType], tmp_path: Path
) -> None:
    kill9 = benchmark_script("kill9")

    tally = kill9.run(KILLS, seed=20261122, folder=tmp_path, longest=1.5)

    assert tally.kills == KILLS
    assert tally.losses == 0, tally


def test_no_firing_is_lost_or_comes_twice(
    benchmark_script: Callable[[str], ModuleType], tmp_path: Path
) -> None:
    tally = benchmark_script("kill9_alerts").run(KILLS, seed=20261122, folder=tmp_path)

    assert tally.kills == KILLS
    assert tally.days > KILLS
    assert tally.losses == 0, tally
