"""Checks of the installation, the data folder and the model child's sandbox."""

import os
import platform
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlcipher3 import dbapi2

from engine.core.errors import KnownError
from engine.core.paths import Paths
from engine.model.client import ModelClient
from engine.model.gguf.header import read_header
from engine.model.naming import model_name
from engine.model.registry import starter_path
from engine.service.service import Service

OLDEST_PYTHON = (3, 11)


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one check."""

    name: str
    ok: bool
    text: str


def examine(paths: Paths) -> list[Finding]:
    """Run all checks; a check that fails is a finding, not an error."""
    model = _chosen_model(paths)
    checks: tuple[tuple[str, Callable[[], str]], ...] = (
        ("Python", _python),
        ("Data folder", lambda: _folder(paths)),
        ("Database", lambda: _database(paths)),
        ("Model", lambda: _model(model)),
        ("Sandbox", lambda: _sandbox(model)),
    )
    findings = []
    for name, check in checks:
        try:
            findings.append(Finding(name, True, check()))
        except KnownError as error:
            findings.append(Finding(name, False, str(error)))
    return findings


def _chosen_model(paths: Paths) -> Path:
    """The file that answers; the starter where the data folder cannot be opened."""
    try:
        service = Service.open(paths, background=False)
    except KnownError:
        return starter_path()
    try:
        return service.models.chosen()
    finally:
        service.close()


def _python() -> str:
    if sys.version_info < OLDEST_PYTHON:
        raise KnownError(
            f"Python {platform.python_version()} is too old.", "Install 3.11 or newer."
        )
    return f"{platform.python_version()} on {platform.system()} {platform.machine()}"


def _folder(paths: Paths) -> str:
    paths.ensure()
    if os.name == "nt":
        return str(paths.root)
    for place in (paths.root, *paths.root.iterdir()):
        # A link says that all may do everything; what counts is where it leads, if anywhere.
        if place.exists() and place.stat().st_mode & 0o077:
            raise KnownError(
                f"Others on this computer may read {place}.", f"Run `chmod -R go= {paths.root}`."
            )
    return f"{paths.root}, readable for you only"


def _database(paths: Paths) -> str:
    service = Service.open(paths, background=False, reading=True)
    try:
        (cipher,) = _cipher_version()
        state = service.read_only.removesuffix(".") or "sound"
        return (
            f"{state}; SQLite {dbapi2.sqlite_version}, SQLCipher {cipher}; "
            f"the key is {service.key_place}"
        )
    finally:
        service.close()


def _cipher_version() -> tuple[str]:
    connection = dbapi2.connect(":memory:")
    try:
        return tuple(connection.execute("PRAGMA cipher_version").fetchone())
    finally:
        connection.close()


def _model(path: Path) -> str:
    header = read_header(path)
    return f"{model_name(header, path)}, {header.architecture}, {header.size / 1e6:,.1f} MB"


def _sandbox(path: Path) -> str:
    client = ModelClient(lambda state, notice: None)
    try:
        client.load(path)
        attempts, reason = client.prove_sandbox()
    finally:
        client.close()
    if reason:
        raise KnownError(f"The model process is not wholly locked in: {reason}.")
    possible = [attempt.action for attempt in attempts if not attempt.denied]
    if possible:
        raise KnownError(f"The model process could do this: {', '.join(possible)}.")
    return f"the model process was denied all {len(attempts)} forbidden things it tried"
