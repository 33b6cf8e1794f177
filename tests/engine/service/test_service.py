"""Opening and closing everything together."""

import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.core.errors import KnownError
from engine.core.events import DataChanged, Event, TurnFinished
from engine.core.paths import Paths
from engine.service import Service, examine, restore
from tests.engine.service.conftest import take, take_prices
from tests.engine.service.scripted import Listener

Open = Callable[..., Service]


def test_what_was_stored_is_there_after_reopening(open_service: Open, purchases: Path) -> None:
    first = open_service()
    take(first, purchases)
    first.settings.set("currency", "EUR")
    first.close()

    second = open_service()

    assert second.portfolio.has_data()
    assert second.settings.get("currency") == "EUR"


def test_an_answer_cut_off_by_a_crash_is_marked_when_reopened(open_service: Open) -> None:
    first = open_service()
    chat_id = first.chat.new()
    first.chat._repo.begin_answer(chat_id)
    first.close()

    assert open_service().chat.messages(chat_id)[0].status == "stopped"


def test_closing_twice_is_harmless(service: Service) -> None:
    service.close()
    service.close()


def test_a_setting_tells_its_listeners_only_when_it_changes(
    service: Service, events: list[Event]
) -> None:
    heard: list[str] = []
    service.settings.on_change(heard.append)

    service.settings.set("theme", "dark")
    service.settings.set("theme", "dark")

    assert heard == ["theme"]
    assert events == [DataChanged(frozenset({"settings"}))]
    assert service.settings.all()["theme"] == "dark"


@pytest.mark.parametrize(("key", "value"), [("theme", "pink"), ("colour", "red")])
def test_a_wrong_setting_is_refused(service: Service, key: str, value: str) -> None:
    with pytest.raises(KnownError):
        service.settings.set(key, value)


def test_an_answer_comes_through_all_layers(
    service: Service, purchases: Path, prices: Path
) -> None:
    take(service, purchases)
    take_prices(service, prices)
    listener = Listener()
    service.bus.subscribe(listener)

    chat_id, message_id = service.chat.ask(None, "what is my portfolio worth?")

    assert listener.wait(TurnFinished, message_id).status == "complete"
    answer = service.chat.messages(chat_id)[1]
    assert "$200,000.00" in answer.text
    assert answer.cards
    assert answer.calls == '[{"name": "portfolio_value", "arguments": {}}]'


def test_nothing_but_the_user_can_read_the_data_folder(service: Service, paths: Paths) -> None:
    for place in (paths.root, *paths.root.iterdir()):
        assert stat.S_IMODE(place.stat().st_mode) & 0o077 == 0, place


@pytest.mark.parametrize("passphrase", [None, "correct horse"])
def test_a_backup_brings_everything_back(
    open_service: Open, paths: Paths, purchases: Path, tmp_path: Path, passphrase: str | None
) -> None:
    target = tmp_path / "all.assay-backup"
    service = open_service()
    take(service, purchases)
    service.backup.create(target, passphrase)
    service.undo(1)
    with pytest.raises(KnownError, match="already open"):
        restore(paths, target, passphrase)
    service.close()

    kept = restore(paths, target, passphrase)

    assert kept is not None
    assert open_service().portfolio.has_data()


@pytest.mark.logs("schema 99")
def test_a_newer_database_can_be_read_but_not_changed(open_service: Open, purchases: Path) -> None:
    service = open_service()
    take(service, purchases)
    service.portfolio._repo._db.run(lambda db: db.execute("PRAGMA user_version = 99").fetchall())
    service.close()

    newer = open_service()

    assert newer.read_only
    assert newer.portfolio.has_data()
    with pytest.raises(KnownError, match="newer version"):
        newer.chat.ask(None, "Hi?")


def test_the_doctor_finds_what_is_wrong(service: Service, paths: Paths, tiny_model: Path) -> None:
    service.models.use(tiny_model)
    service.close()
    (paths.root / "link").symlink_to("nowhere")
    findings = {finding.name: finding for finding in examine(paths)}
    assert findings["Python"].ok
    assert findings["Data folder"].ok
    assert "SQLCipher" in findings["Database"].text
    assert findings["Model"].text.startswith("Tiny, qwen3, ")
    assert findings["Sandbox"].ok == (sys.platform == "linux")

    paths.key_file.unlink()
    paths.logs.chmod(0o755)
    findings = {finding.name: finding for finding in examine(paths)}

    assert not findings["Data folder"].ok
    assert "key of the database is missing" in findings["Database"].text
