"""The Models page on a real service, a Hub on loopback and a real model in its child process."""

import threading
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from desktop.models.download_row import DownloadRow
from desktop.models.page import ModelsPage
from desktop.models.remote import RemoteSection
from desktop.models.server import ServerSection
from desktop.widgets.dialogs import Question
from engine.core.errors import KnownError
from engine.model.gguf.header import read_adapter
from engine.service import Service
from tests.desktop.opened_window import OpenedWindow, words
from tests.engine.hub_server import FILE, REPO, HubServer, hub_server
from tests.engine.loopback import Handler, serving
from tests.engine.memory_keyring import MemoryKeyring
from tests.engine.model.fetching import model_bytes
from tests.engine.model.odd_models import write_adapter
from tests.engine.service.tiny import make_gguf, write_tiny_model


class RealModels(OpenedWindow):
    """A window, its service and its Models page."""

    KEY = "models"

    def __init__(self, qtbot: QtBot, service: Service) -> None:
        super().__init__(qtbot, service)
        self.page = self.shown(ModelsPage)

    def sees(self, text: str) -> None:
        self.wait(lambda: text in words(self.page))

    def press(self, name: str) -> None:
        def found() -> list[QPushButton]:
            buttons = self.page.findChildren(QPushButton)
            return [b for b in buttons if b.isVisible() and b.accessibleName() == name]

        self.wait(lambda: len(found()) == 1)
        found()[0].click()


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> MemoryKeyring:
    backend = MemoryKeyring()
    monkeypatch.setattr(keyring.core, "_keyring_backend", backend)
    return backend


@pytest.fixture
def real(qtbot: QtBot, tmp_path: Path, memory: MemoryKeyring) -> Iterator[RealModels]:
    with RealModels.opened(qtbot, tmp_path / "home") as found:
        yield found


@pytest.fixture
def hub(real: RealModels, tmp_path: Path) -> Iterator[HubServer]:
    with hub_server(model_bytes(tmp_path)) as server:
        real.service.settings.set("model_hub", server.url)
        yield server
        real.service.downloads.close()


def test_a_download_is_paused_goes_on_and_is_used(real: RealModels, hub: HubServer) -> None:
    hub.pause = 0.01
    real.page.tabs.show_tab("get")
    real.service.downloads.start(f"{REPO}/{FILE}")
    real.wait(lambda: any(one.done > 300_000 for one in real.service.downloads.list()))
    real.press("Pause: Tiny-Q8_0")
    real.sees("· paused")
    hub.pause = 0.0
    real.press("Go on: Tiny-Q8_0")
    real.says("Tiny is on this computer.")
    real.wait(lambda: not any(one.isVisible() for one in real.page.findChildren(DownloadRow)))
    added = next(one for one in real.service.models.list() if one.id)
    real.page.tabs.show_tab("library")
    real.press("Use: Tiny")
    real.wait(lambda: real.service.models.choice() == added.path)
    real.sees("Added models take 3 MB on the disk")


def test_an_entry_of_the_users_own_is_asked_for_fetched_and_marked(
    real: RealModels, hub: HubServer
) -> None:
    (real.service.paths.root / "catalogue.json").write_text(
        f'[{{"id": "mine", "name": "Mine", "repo": "{REPO}", "file": "{FILE}", "licence": "MIT", '
        f'"sha256": "{hub.sha256}", "size": {len(hub.content)}}}, {{"id": "bad"}}]'
    )
    real.page.tabs.show_tab("get")
    real.sees("Entry 2 of catalogue.json is left out")
    real.press("Download: Mine")
    question = real.dialog(Question)
    assert "3 MB will come from 127.0.0.1" in words(question)
    assert "The licence is MIT." in words(question)
    assert hub.hub.asked == []
    question.yes_button.click()
    real.press("Use: Mine")
    real.says("Tiny answers from now on.")


def test_a_gated_model_says_what_to_do(real: RealModels, hub: HubServer) -> None:
    hub.gated, hub.token = True, "hf_right"
    real.page.tabs.show_tab("get")
    real.service.downloads.start(f"{REPO}/{FILE}")
    real.sees("is only given to those who have accepted its terms")
    real.service.downloads.set_token("hf_right")
    real.press("Try again: Tiny-Q8_0")
    real.says("Tiny is on this computer.")


def test_a_linked_file_that_is_changed_says_so(real: RealModels, tmp_path: Path) -> None:
    path = write_tiny_model(tmp_path / "mine.gguf")
    real.page.add(path, True)
    real.sees("your own file, not a copy")
    real.says("Tiny answers from now on.")
    assert real.service.downloads.disk_use().models == 0


def test_adapters_work_and_one_that_does_not_fit_is_switched_off(
    real: RealModels, tmp_path: Path
) -> None:
    models, maker = real.service.models, make_gguf()
    good, other, cut = (tmp_path / f"{name}.gguf" for name in ("good", "other", "cut"))
    write_adapter(maker, good)
    write_adapter(maker, other, "llama")
    cut.write_bytes(good.read_bytes()[:-64])
    models.use(models.add_file(write_tiny_model(tmp_path / "tiny.gguf")).future.result().id)
    models.start()
    client = models.client(threading.Event())
    assert client is not None
    card = real.page.library.adapters
    card.add(other)
    real.sees("This adapter is for llama models; the one that answers is a qwen3 model.")
    card.add(cut)
    real.sees("This model file is damaged")
    card.add(good)
    real.wait(lambda: list(client.adapters) == [(good, 1.0)] and good in card.rows)
    card.rows[good].slider.setValue(10)
    real.wait(lambda: list(client.adapters) == [(good, 0.5)])
    models.start()  # as after a change of the model, and at the next start
    models.client(threading.Event())
    real.wait(lambda: list(client.adapters) == [(good, 0.5)])
    card.rows[good].switch.click()
    real.wait(lambda: client.adapters == ())
    with pytest.raises(KnownError, match="not an adapter"):
        read_adapter(tmp_path / "tiny.gguf")


def test_a_model_that_is_broken_leaves_no_other_answering(real: RealModels, tmp_path: Path) -> None:
    models = real.service.models
    tiny = write_tiny_model(tmp_path / "tiny.gguf")
    models.use(tiny)
    models.start()
    assert models.client(threading.Event()) is not None
    tiny.with_name("cut.gguf").write_bytes(tiny.read_bytes()[:-5_000])
    real.service.settings.set("model", str(tiny.with_name("cut.gguf")))
    real.sees("This model file is damaged")
    real.wait(lambda: models.current().state == "failed")
    assert models.client(threading.Event()) is None
    models.use(tiny)
    real.sees("Ready.")


def test_a_server_in_the_network_is_asked_for_its_models(real: RealModels) -> None:
    def answer(handler: Handler) -> None:
        handler.reply_json({"object": "list", "data": [{"id": "big"}, {"id": "small"}]})

    with serving(answer) as loopback:
        real.service.endpoints.add("here", loopback.url)
        real.service.endpoints.switch("here", True)
        real.page.tabs.show_tab("remote")
        real.press("Ask for its models: here")
        real.sees("It answers and has 2 models.")
        section = real.page.findChild(RemoteSection)
        assert isinstance(section, RemoteSection)
        picker = section.rows["here"].models
        assert [picker.itemText(n) for n in range(picker.count())] == [
            "Choose a model",
            "big",
            "small",
        ]


def test_the_server_runs_while_its_switch_is_on(real: RealModels) -> None:
    real.service.settings.set("server_port", 18_653)
    real.service.serving.follow()
    real.page.tabs.show_tab("server")
    section = real.page.findChild(ServerSection)
    assert isinstance(section, ServerSection)
    real.sees("It is off.")
    section.switch.click()
    real.sees("It runs.")
    real.wait(lambda: section.key.text() == real.service.serving.key())
    assert section.address.text() == "http://127.0.0.1:18653"
    section.switch.click()
    real.sees("It is off.")
    assert section.key.text() == ""
