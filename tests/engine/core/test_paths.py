"""Where data lives."""

import stat
import sys
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest

from engine.core.clock import FixedClock, SystemClock
from engine.core.errors import KnownError
from engine.core.paths import Paths
from engine.core.records import FIAT, Transaction
from engine.core.resources import resource


def test_assay_home_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSAY_HOME", str(tmp_path / "x"))
    assert Paths.default() == Paths(tmp_path / "x")


@pytest.mark.skipif(sys.platform != "linux", reason="the XDG rules are for Linux")
@pytest.mark.parametrize(("xdg", "root"), [("/d", "/d/assay"), ("rel", None), ("", None)])
def test_xdg_data_home(monkeypatch: pytest.MonkeyPatch, xdg: str, root: str | None) -> None:
    monkeypatch.delenv("ASSAY_HOME", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", xdg)
    monkeypatch.setenv("HOME", "/home/u")
    assert Paths.default().root == Path(root or "/home/u/.local/share/assay")


@pytest.mark.parametrize(
    ("platform", "variable", "value", "root"),
    [
        ("darwin", "HOME", "/Users/u", "/Users/u/Library/Application Support/Assay"),
        ("win32", "LOCALAPPDATA", "/local", "/local/Assay"),
    ],
)
def test_other_platforms(
    monkeypatch: pytest.MonkeyPatch, platform: str, variable: str, value: str, root: str
) -> None:
    monkeypatch.delenv("ASSAY_HOME", raising=False)
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setenv(variable, value)
    assert Paths.default().root == Path(root)


def test_folders_are_private_and_everything_lies_inside(tmp_path: Path) -> None:
    paths = Paths(tmp_path / "a" / "b")
    paths.ensure()
    paths.ensure()
    for folder in (paths.root, paths.models, paths.backups, paths.logs):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {folder.name for folder in paths.root.iterdir()} == {"models", "backups", "logs"}
    assert paths.database.parent == paths.key_file.parent == paths.root


def test_a_file_in_the_way_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(KnownError, match="Could not prepare the data folder"):
        Paths(tmp_path / "file" / "x").ensure()


def test_resources_lie_beside_the_engine() -> None:
    assert resource("prompts", "x.md") == Path(__file__).parents[3] / "resources/prompts/x.md"


def test_clocks_speak_utc() -> None:
    now = SystemClock().now()
    assert now.tzinfo is UTC
    assert abs(SystemClock().today() - now.date()) <= timedelta(days=1)
    east = timezone(timedelta(hours=9))
    clock = FixedClock(datetime(2026, 11, 22, 3, tzinfo=east))
    assert clock.now() == datetime(2026, 11, 21, 18, tzinfo=UTC)
    assert clock.today() == date(2026, 11, 21)
    with pytest.raises(ValueError, match="time zone"):
        FixedClock(datetime(2026, 11, 22))


def test_a_transaction_is_in_utc() -> None:
    def make(time: datetime) -> Transaction:
        return Transaction(
            time, "buy", "Kraken", "BTC", Decimal(1), "USD", Decimal(9), None, Decimal(0),
            None, None, "", "hash",
        )  # fmt: skip

    make(datetime(2026, 1, 1, tzinfo=UTC))
    for wrong in (datetime(2026, 1, 1), datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=1)))):
        with pytest.raises(ValueError, match="UTC"):
            make(wrong)


def test_known_errors_speak_in_one_line() -> None:
    assert str(KnownError("It broke.", "Mend it.")) == "It broke. Mend it."
    assert str(KnownError("It broke.")) == "It broke."


def test_fiat_are_iso_codes() -> None:
    assert {"USD", "EUR", "GBP", "CHF", "JPY", "CAD", "AUD"} <= FIAT
    assert all(len(code) == 3 and code.isupper() for code in FIAT)
