"""Models to get: what fits, what is asked before a download, and how a download is shown."""

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from desktop.market.keys import KeyDialog
from desktop.models.catalogue_row import CatalogueRow
from desktop.models.context_bars import ContextBars
from desktop.models.download_row import DownloadRow
from desktop.models.hub_file import HubFileDialog
from desktop.models.words import download_text, small_size, time_left
from desktop.window import MainWindow
from engine.service import DownloadStatus
from engine.service.model_fit import Memory
from tests.desktop.fake_models import GB
from tests.desktop.fake_service import FakeService
from tests.desktop.models_window import ModelsWindow
from tests.desktop.test_looks import nameless


@pytest.fixture
def get(qtbot: QtBot, window: MainWindow) -> ModelsWindow:
    found = ModelsWindow(qtbot, window, "get")
    found.sees("Qwen3 4B")
    return found


def row(get: ModelsWindow, name: str) -> CatalogueRow:
    return next(one for one in get.page.findChildren(CatalogueRow) if one.entry.name == name)


def badge(get: ModelsWindow, name: str) -> str:
    return row(get, name).badge.text()


def status(**values: object) -> DownloadStatus:
    whole: dict[str, object] = {
        "key": "k", "name": "N", "entry": "", "repo": "r", "file": "f", "state": "fetching",
        "done": 0, "size": 0, **values,
    }  # fmt: skip
    return DownloadStatus(**whole)  # type: ignore[arg-type]


def test_all_models_are_listed_with_what_they_need(get: ModelsWindow, service: FakeService) -> None:
    entries = [one for one in service.models.catalogue() if one.id != "starter"]
    shown = get.words()
    for entry in entries:
        assert entry.name in shown
        assert entry.note in shown
    last = get.page.findChildren(CatalogueRow)[-1]
    assert not last.entry.can_be_fetched  # what has to be converted first stands last
    assert "Q4_K_M · 2.5 GB to download · about 3.3 GB of memory · licence: Apache-2.0" in shown


def test_whether_a_model_fits_is_said_in_plain_words(
    get: ModelsWindow, service: FakeService
) -> None:
    assert badge(get, "Qwen3 0.6B") == "Runs well here"
    assert badge(get, "Qwen3 8B") == "Tight: close other programs"
    service.downloads.memory = Memory(3 * GB, 4 * GB)
    service.downloads._tell()
    get.wait(lambda: badge(get, "Qwen3 8B") == "Too large for this computer")
    hint = row(get, "Qwen3 8B").badge.toolTip()
    assert "This computer has 4.0 GB, of which 3.0 GB are free for a model now." in hint


def test_the_memory_of_longer_conversations_is_shown(get: ModelsWindow) -> None:
    get.press("Details: Qwen3 4B")
    bars = row(get, "Qwen3 4B").findChild(ContextBars)
    assert isinstance(bars, ContextBars)
    get.wait(bars.isVisible)
    assert bars.accessibleDescription().startswith("4,096 tokens: 3.3 GB, Runs well here; ")
    assert "32,768 tokens: 8.5 GB, Too large" in bars.accessibleDescription()
    assert bars.told(10, 30) == "8,192 tokens: 4.1 GB. Tight: close other programs."
    assert bars.told(10, 10_000) == ""
    assert not bars.grab().isNull()
    get.press("Details: Qwen3 4B")
    get.wait(lambda: not bars.isVisible())


def test_nothing_is_fetched_without_a_yes(get: ModelsWindow, service: FakeService) -> None:
    get.press("Download: Qwen3 4B")
    asked = get.answer(yes=False)
    assert "2.5 GB will come from huggingface.co" in asked
    assert "The licence is Apache-2.0." in asked
    assert "It needs about 3.3 GB of memory." in asked
    assert service.downloads.asked == []
    get.press("Download: Qwen3 4B")
    get.answer()
    get.wait(lambda: service.downloads.asked == [("start", "qwen3-4b")])


def test_a_model_without_a_file_cannot_be_downloaded(get: ModelsWindow) -> None:
    assert get.buttons("Download: DMind-2 4B") == []
    assert len(get.buttons("Read about it: DMind-2 4B")) == 1


def test_a_download_is_shown_paused_and_gone_on_with(
    get: ModelsWindow, service: FakeService
) -> None:
    downloads = service.downloads
    downloads.start("qwen3-4b")
    get.sees("Asking the server…")
    get.wait(lambda: not any(one.isEnabled() for one in get.buttons("Download: Qwen3 4B")))
    line = get.page.findChild(DownloadRow)
    assert isinstance(line, DownloadRow)
    downloads.move(state="fetching", done=600_000_000, size=2_500_000_000, speed=3.4e6, left=560.0)
    get.sees("600 MB of 2.5 GB (24 %) · 3.4 MB per second · 9 minutes left")
    get.press("Pause: Qwen3 4B")
    get.sees("600 MB of 2.5 GB (24 %) · paused")
    get.press("Go on: Qwen3 4B")
    get.wait(lambda: ("resume", "k1") in downloads.asked)
    downloads.move(state="failed", notice="The disk is full. Free 1 GB and try again.")
    get.sees("The disk is full. Free 1 GB and try again.")
    assert len(get.buttons("Try again: Qwen3 4B")) == 1
    assert get.page.findChild(DownloadRow) is line


def test_a_download_is_stopped_after_a_question(get: ModelsWindow, service: FakeService) -> None:
    service.downloads.start("qwen3-4b")
    get.press("Stop and delete: Qwen3 4B")
    assert "What has come so far" in get.answer()
    get.wait(lambda: ("cancel", "k1") in service.downloads.asked)
    get.wait(lambda: not any(one.isVisible() for one in get.page.findChildren(DownloadRow)))
    get.wait(lambda: any(one.isEnabled() for one in get.buttons("Download: Qwen3 4B")))


def test_what_has_come_can_be_used_at_once(
    qtbot: QtBot, get: ModelsWindow, service: FakeService
) -> None:
    service.downloads.start("qwen3-4b")
    get.sees("Asking the server…")
    service.downloads.numbers = {"qwen3-4b": 0}
    service.downloads.end()
    get.says("Qwen3 4B is on this computer.")
    get.wait(lambda: len(get.buttons("Use: Qwen3 4B")) == 1)
    assert get.buttons("Download: Qwen3 4B") == []
    get.press("Use: Qwen3 4B")
    get.says("Assay starter answers from now on.")


def test_own_entries_that_are_wrong_are_told_of(get: ModelsWindow, service: FakeService) -> None:
    service.downloads.refused = ("Entry 1 of catalogue.json is left out: it has no name.",)
    service.downloads._tell()
    get.sees("Entry 1 of catalogue.json is left out")


def test_another_file_is_looked_up_first(get: ModelsWindow, service: FakeService) -> None:
    get.press("Another model…")
    dialog = get.dialog(HubFileDialog)
    assert not dialog.look.isEnabled()
    dialog.place.setText("nothing")
    dialog.look.click()
    said = lambda: "\n".join(one.text() for one in dialog.findChildren(QLabel))  # noqa: E731
    get.wait(lambda: "There is no such file on the Hub." in said())
    dialog.place.setText("a/b/big.gguf")
    assert not dialog.fetch.isEnabled()
    dialog.look.click()
    get.wait(dialog.fetch.isEnabled)
    assert "4.0 GB to download" in said()
    assert nameless(dialog) == []
    dialog.fetch.click()
    get.wait(lambda: ("start", "a/b/big.gguf") in service.downloads.asked)


def test_the_access_token_is_kept_and_forgotten(get: ModelsWindow, service: FakeService) -> None:
    get.press("Access token…")
    dialog = get.dialog(KeyDialog)
    dialog.field.setText("hf_secret")
    dialog.accept()
    get.wait(lambda: service.downloads.token == "hf_secret")
    get.says("The access token is in the keyring.")
    get.press("Access token…")
    dialog = get.dialog(KeyDialog)
    assert "hf_secret" not in {one.text() for one in dialog.findChildren(QLabel)}
    dialog.reject()


def test_everything_has_a_name(get: ModelsWindow, service: FakeService) -> None:
    service.downloads.start("qwen3-4b")
    get.sees("Asking the server…")
    assert nameless(get.page) == []


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"state": "queued"}, "Waiting for its turn"),
        ({"state": "checking"}, "Checking what is there already…"),
        ({"state": "verifying"}, "Checking the whole file…"),
        ({"state": "waiting", "notice": "Again in 8 s."}, "Again in 8 s."),
        ({"done": 5_000_000}, "5 MB"),
        ({"state": "paused", "done": 5_000_000}, "5 MB · paused"),
        ({"state": "failed", "done": 10**9, "size": 2 * 10**9}, "1.0 GB of 2.0 GB (50 %)"),
    ],
)
def test_how_far_a_download_is(values: dict[str, object], expected: str) -> None:
    assert download_text(status(**values)) == expected


def test_times_and_speeds() -> None:
    assert [time_left(one) for one in (5, 61, 600, 7200)] == [
        "less than a minute",
        "1 minute",
        "10 minutes",
        "2.0 hours",
    ]
    assert [small_size(one) for one in (900, 250_000, 3.4e6, 1.25e8)] == [
        "1 kB",
        "250 kB",
        "3.4 MB",
        "125 MB",
    ]
