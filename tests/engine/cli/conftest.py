"""The real `assay` command on a temporary data folder, here or in processes of its own."""

import io
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import keyring
import pytest
from keyring.backends import fail

from engine.cli import main

HEADER = (
    "date,kind,account,asset_in,amount_in,asset_out,amount_out,fee_asset,fee_amount,to_account,"
    "value,value_currency,note\n"
)
ASSAY = (sys.executable, "-m", "engine.cli")

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A data folder of the test's own, and no keyring, here and in the processes it starts."""
    monkeypatch.setenv("ASSAY_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    monkeypatch.setattr(keyring.core, "_keyring_backend", fail.Keyring())


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def assay(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `assay` with arguments in this process; checks the exit status."""

    def run(
        *args: str | Path, status: int = 0, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        capsys.readouterr()
        returned = main([str(arg) for arg in args])
        out, err = capsys.readouterr()
        assert returned == status, (out, err)
        return subprocess.CompletedProcess(args, returned, out, err)

    return run


@pytest.fixture
def processes() -> Run:
    """The same in a process of its own; checks also that no traceback is shown."""

    def run(
        *args: str | Path, status: int = 0, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [*ASSAY, *args],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert "Traceback" not in done.stderr
        assert done.returncode == status, (done.stdout, done.stderr)
        return done

    return run


@pytest.fixture
def purchases(tmp_path: Path) -> Path:
    """Two good rows (2 BTC for 150,000 USD) and one with a negative amount."""
    path = tmp_path / "purchases.csv"
    path.write_text(
        HEADER
        + "2026-01-05 10:00:00,buy,Kraken,BTC,0.5,USD,30000,,,,,,\n"
        + "2026-02-05 10:00:00,buy,Kraken,BTC,1.5,USD,120000,,,,,,\n"
        + "2026-02-06 10:00:00,buy,Kraken,BTC,-1,USD,120000,,,,,,\n"
    )
    return path


@pytest.fixture
def prices(tmp_path: Path) -> Path:
    """BTC at 90,000 USD yesterday and 100,000 USD today."""
    today = datetime.now(UTC).date()
    path = tmp_path / "prices.csv"
    path.write_text(
        "date,symbol,currency,close\n"
        f"{today - timedelta(days=1)},BTC,USD,90000\n{today},BTC,USD,100000\n"
    )
    return path
