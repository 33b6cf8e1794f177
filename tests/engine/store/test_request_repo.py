"""The log of requests."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from engine.core.exchange import Exchange
from engine.store import requests
from engine.store.database import Database
from engine.store.requests import RequestRepo

ASKED = Exchange(
    datetime(2026, 11, 22, 12, tzinfo=UTC),
    "kraken",
    "https://api.kraken.com/",
    "200",
    120,
    4096,
    85,
)


def test_the_newest_come_first(db: Database) -> None:
    repo = RequestRepo(db)
    failed = replace(ASKED, outcome="api.kraken.com was not found.", received_bytes=0)
    repo.add(ASKED)
    repo.add(failed)
    assert repo.newest() == [failed, ASKED]
    assert repo.newest(1) == [failed]
    repo.clear()
    assert repo.newest() == []


def test_the_oldest_are_forgotten(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "KEPT", 3)
    repo = RequestRepo(db)
    for number in range(5):
        repo.add(replace(ASKED, milliseconds=number))
    assert [one.milliseconds for one in repo.newest()] == [4, 3, 2]
    repo.clear()
    repo.add(ASKED)
    assert len(repo.newest()) == 1
