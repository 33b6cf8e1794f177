"""Model servers on other computers: off, unable to see the portfolio, until the user says so."""

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from desktop.models.endpoint_form import EndpointDialog
from desktop.models.remote import RemoteSection
from desktop.window import MainWindow
from engine.service import Endpoint
from tests.desktop.fake_service import FakeService
from tests.desktop.models_window import ModelsWindow
from tests.desktop.opened_window import pick, words
from tests.desktop.test_looks import nameless

URL = "http://192.168.1.20:8080"


@pytest.fixture
def remote(qtbot: QtBot, window: MainWindow) -> ModelsWindow:
    found = ModelsWindow(qtbot, window, "remote")
    found.sees("No model servers")
    return found


@pytest.fixture
def gpu(remote: ModelsWindow, service: FakeService) -> ModelsWindow:
    service.endpoints.add("gpu", URL)
    remote.wait(lambda: "gpu" in remote.section(RemoteSection).rows)
    return remote


def kept(service: FakeService) -> Endpoint:
    return service.endpoints.kept["gpu"]


def test_a_server_is_named_and_stays_off(remote: ModelsWindow, service: FakeService) -> None:
    remote.press("Add a server…")
    dialog = remote.dialog(EndpointDialog)
    assert nameless(dialog) == []
    assert not dialog.save.isEnabled()
    dialog.name.setText("gpu")
    dialog.url.setText(URL)
    dialog.key.setText("sk-secret")
    dialog.save.click()
    remote.sees("On another computer")
    assert (kept(service).on, kept(service).may_send_portfolio) == (False, False)
    assert service.endpoints.keys == {"gpu": "sk-secret"}
    assert "key in the keyring" in remote.words()
    assert "sk-secret" not in remote.words()
    remote.wait(lambda: not remote.window.findChildren(EndpointDialog))


def test_what_is_refused_is_said_in_the_dialog(gpu: ModelsWindow) -> None:
    gpu.press("Add a server…")
    dialog = gpu.dialog(EndpointDialog)
    dialog.name.setText("gpu")
    dialog.url.setText(URL)
    dialog.save.click()

    def said() -> bool:
        texts = {one.text() for one in dialog.findChildren(QLabel)}
        return "There is a model server called gpu already." in texts

    gpu.wait(said)
    assert dialog.save.isEnabled()
    dialog.reject()


def test_switching_on_is_asked_and_says_what_leaves(
    gpu: ModelsWindow, service: FakeService
) -> None:
    line = gpu.section(RemoteSection).rows["gpu"]
    line.switch.click()
    assert not line.switch.isChecked()
    asked = gpu.answer(yes=False)
    assert f"sent to {URL}" in asked
    assert "not told what you own" in asked
    assert "others in your network could read along" in asked
    assert not kept(service).on
    line.switch.click()
    gpu.answer()
    gpu.wait(lambda: kept(service).on and line.switch.isChecked())
    gpu.sees("It answers and has 2 models.")
    line.models.setCurrentIndex(1)
    line.models.activated.emit(1)
    gpu.wait(lambda: kept(service).model == "llama-70b")
    line.switch.click()
    gpu.wait(lambda: not kept(service).on)


def test_the_portfolio_needs_a_permission_of_its_own(
    gpu: ModelsWindow, service: FakeService
) -> None:
    line = gpu.section(RemoteSection).rows["gpu"]
    line.allow.click()
    assert not line.allow.isChecked()
    assert "amounts, values and transactions" in gpu.answer(yes=False)
    assert not kept(service).may_send_portfolio
    line.allow.click()
    gpu.answer()
    gpu.wait(lambda: kept(service).may_send_portfolio and line.allow.isChecked())
    assert not kept(service).on
    line.allow.click()
    gpu.wait(lambda: not kept(service).may_send_portfolio)


def test_a_server_that_does_not_answer_says_why(gpu: ModelsWindow, service: FakeService) -> None:
    service.endpoints.models = ()
    service.endpoints.switch("gpu", True)
    gpu.press("Ask for its models: gpu")
    gpu.sees("gpu does not answer. Is it running?")


def test_a_server_is_changed_and_removed(gpu: ModelsWindow, service: FakeService) -> None:
    gpu.press("Change: gpu")
    dialog = gpu.dialog(EndpointDialog)
    assert not dialog.name.isEnabled()
    dialog.url.setText("https://models.example.org")
    dialog.save.click()
    gpu.sees("https://models.example.org · no model chosen yet")
    assert service.endpoints.keys["gpu"] == ""
    gpu.press("Remove server: gpu")
    assert "its key are forgotten" in gpu.answer()
    gpu.sees("No model servers")


def test_a_program_on_this_computer_is_called_so(
    remote: ModelsWindow, service: FakeService
) -> None:
    service.endpoints.add("ollama", "http://127.0.0.1:11434")
    remote.sees("Another program on this computer")
    remote.section(RemoteSection).rows["ollama"].switch.click()
    assert "could read along" not in remote.answer(yes=False)
    assert nameless(remote.page) == []


def answerer(window: MainWindow) -> str:
    """What the sidebar says of the model."""
    return pick(window.sidebar, lambda one: one.accessibleName()[:7] == "Model: ").accessibleName()


def chat_badge(window: MainWindow) -> str:
    place = window.chat_page.manner.place
    return "" if place.isHidden() else place.text()


def test_a_server_answers_and_the_chat_says_so(gpu: ModelsWindow, service: FakeService) -> None:
    window = gpu.window
    assert not gpu.buttons("Answer with it: gpu")[0].isEnabled()
    service.endpoints.switch("gpu", True)
    service.endpoints.change("gpu", model="llama-70b")
    assert chat_badge(window) == ""
    gpu.press("Answer with it: gpu")
    gpu.wait(lambda: service.settings.values["answers_from"] == "gpu")
    gpu.sees("Answers now")
    gpu.wait(lambda: chat_badge(window) == "On another computer")
    assert window.chat_page.manner.model_name() == "llama-70b · gpu"
    gpu.page.tabs.show_tab("library")
    gpu.sees("llama-70b · gpu answers; the model below is not asked.")
    gpu.press("Answer on this computer")
    gpu.wait(lambda: chat_badge(window) == "")
    assert service.settings.values["answers_from"] == ""


@pytest.mark.parametrize("way", ["off", "removed", "a model here is used"])
def test_a_server_that_answers_ends_doing_so(
    gpu: ModelsWindow, service: FakeService, way: str
) -> None:
    service.endpoints.switch("gpu", True)
    service.settings.set("answers_from", "gpu")
    gpu.wait(lambda: len(gpu.buttons("Stop answering with it: gpu")) == 1)
    if way == "off":
        line = gpu.section(RemoteSection).rows["gpu"]
        gpu.wait(line.switch.isChecked)
        line.switch.click()
    elif way == "removed":
        gpu.press("Remove server: gpu")
        gpu.answer()
    else:
        gpu.page.library.use(0)
    gpu.wait(lambda: service.settings.values["answers_from"] == "")


def test_a_chat_of_its_own_can_be_answered_elsewhere(
    gpu: ModelsWindow, service: FakeService
) -> None:
    switch = gpu.window.chat_page.manner
    service.endpoints.change("gpu", model="llama-70b")
    service.endpoints.switch("gpu", True)

    def offered() -> list[str]:
        return [one.text() for one in switch.menu("model").actions()]

    gpu.wait(lambda: "llama-70b · gpu" in offered())
    switch.model_chosen.emit("endpoint:gpu")
    gpu.wait(lambda: chat_badge(gpu.window) == "On another computer")
    gpu.wait(lambda: answerer(gpu.window) == "Model: llama-70b · gpu, On another computer")
    switch.model_chosen.emit("")
    gpu.wait(lambda: chat_badge(gpu.window) == "")
    assert answerer(gpu.window) == "Model: Assay starter"


def test_the_sidebar_names_who_answers_and_not_the_model_here(
    gpu: ModelsWindow, service: FakeService
) -> None:
    switch, bar = gpu.window.chat_page.manner, gpu.window.sidebar
    service.endpoints.change("gpu", model="llama-70b")
    service.endpoints.switch("gpu", True)
    switch.model_chosen.emit("endpoint:gpu")
    gpu.wait(lambda: answerer(gpu.window) == "Model: llama-70b · gpu, On another computer")
    assert "On another computer" in words(bar)
    bar.show_model("busy", "Assay starter", "")  # for the server for other programs
    assert answerer(gpu.window) == "Model: llama-70b · gpu, On another computer"
    # Switched off it is still the one that is asked, and says so.
    service.endpoints.switch("gpu", False)
    gpu.wait(lambda: answerer(gpu.window) == "Model: gpu, On another computer")
    switch.model_chosen.emit("")
    gpu.wait(lambda: answerer(gpu.window) == "Model: Assay starter is answering")
    assert "On another computer" not in words(bar)


def test_a_long_place_fits_the_sidebar(gpu: ModelsWindow, service: FakeService) -> None:
    service.endpoints.add("ollama", "http://127.0.0.1:11434")
    service.endpoints.switch("ollama", True)
    gpu.window.chat_page.manner.model_chosen.emit("endpoint:ollama")
    gpu.wait(lambda: "Another program" in words(gpu.window.sidebar))
    whole = "Another program on this computer"
    (badge,) = (one for one in gpu.window.sidebar.findChildren(QLabel) if whole in one.toolTip())
    gpu.wait(lambda: badge.width() >= badge.sizeHint().width())
    assert badge.geometry().right() < gpu.window.sidebar.width() - 10
