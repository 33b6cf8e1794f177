"""What every test gets: a home of its own, no keyring, and a failure for unexpected log lines."""

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from engine.model import process

# How long an example takes says how busy the machine is.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
# No test may write to the keyring of the person who runs it.
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
# Where the parts run side by side: a model's threads that wait for each other on busy cores cost
# several times the work itself. The other places that read this tuple are imported later.
process.PASSED_ON = (*process.PASSED_ON, "OMP_THREAD_LIMIT")


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Points Assay's data folder at a fresh temporary one."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("ASSAY_HOME", str(home))
    return home


@pytest.fixture(autouse=True)
def no_unexpected_log_lines(
    request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture
) -> Iterator[None]:
    """Fails a test that logs a warning or worse, but for what it says: pytest.mark.logs("part").

    A test that looks at the lines itself clears them.
    """
    yield
    expected = [part for mark in request.node.iter_markers("logs") for part in mark.args]
    lines = [
        record.getMessage()
        for when in ("setup", "call")
        for record in caplog.get_records(when)
        if record.levelno >= logging.WARNING
    ]
    unexpected = [line for line in lines if not any(part in line for part in expected)]
    assert not unexpected, f"unexpected log lines: {unexpected}"
    missing = [part for part in expected if not any(part in line for line in lines)]
    assert not missing, f"expected log lines that did not come: {missing}"
