"""A model whose load ended everything is not loaded by itself again; measuring the model."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.core.errors import KnownError
from engine.model.crash_marker import CrashMarker
from engine.service import Service

Open = Callable[..., Service]
MARK = "model-loading.json"


def wait_for_load(service: Service) -> bool:
    """Wait for the load under way; whether a model is there then."""
    return service.models.client(threading.Event()) is not None


def unmarked(root: Path) -> bool:
    """Whether the mark goes; the load's end is told just before."""
    end = time.monotonic() + 60
    while (root / MARK).exists() and time.monotonic() < end:
        time.sleep(0.01)
    return not (root / MARK).exists()


def chosen(open_service: Open, model: Path) -> Path:
    """Choose a model, end the service, and return its data folder."""
    service = open_service()
    service.models.use(model)
    service.close()
    return service.paths.root


def test_a_load_in_good_order_leaves_no_mark(open_service: Open, tiny_model: Path) -> None:
    chosen(open_service, tiny_model)
    service = open_service(background=True)
    assert wait_for_load(service)
    assert unmarked(service.paths.root)


def test_a_model_that_ended_everything_waits_to_be_chosen_again(
    open_service: Open, tiny_model: Path
) -> None:
    root = chosen(open_service, tiny_model)
    CrashMarker(root / MARK).set(tiny_model)

    service = open_service(background=True)

    assert not wait_for_load(service)
    status = service.models.current()
    assert (status.state, status.name) == ("failed", "Tiny")
    assert status.notice.startswith("The model Tiny did not survive its last start; choose it")
    service.models.use(tiny_model)
    assert wait_for_load(service)
    assert service.models.current().state == "ready"
    assert unmarked(root)


def test_a_mark_for_another_model_does_not_matter(
    open_service: Open, tiny_model: Path, tmp_path: Path
) -> None:
    root = chosen(open_service, tiny_model)
    CrashMarker(root / MARK).set(tmp_path / "other.gguf")
    assert wait_for_load(open_service(background=True))


def test_a_file_that_kills_the_child_is_marked_and_one_that_is_refused_is_not(
    open_service: Open, tiny_model: Path, tmp_path: Path
) -> None:
    content = tiny_model.read_bytes()
    killing, refused = tmp_path / "killing.gguf", tmp_path / "refused.gguf"
    word = (2).to_bytes(8, "little") + b"ab"  # twice the same word trips an assertion
    killing.write_bytes(content.replace(word, word[:-1] + b"a"))
    refused.write_bytes(content.replace(b"qwen3", b"qwen9"))
    service = open_service(background=True)
    service.models.use(refused)
    assert not wait_for_load(service)
    assert unmarked(service.paths.root)
    service.models.use(killing)
    assert not wait_for_load(service)
    assert CrashMarker(service.paths.root / MARK).is_for(killing)
    service.close()
    again = open_service(background=True)
    assert not wait_for_load(again)
    assert "did not survive its last start" in again.models.current().notice


@pytest.mark.parametrize(
    "another", [True, pytest.param(False, marks=pytest.mark.logs("could not be warmed up"))]
)
def test_a_warm_up_that_fails_is_logged_unless_another_model_was_chosen(
    another: bool,
    open_service: Open,
    tiny_model: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    tried = threading.Event()

    def warm_up(service: Service, _client: object) -> None:
        if another:
            other = tiny_model.with_name("another.gguf")
            monkeypatch.setattr(service.models, "chosen", lambda: other)
        tried.set()
        raise KnownError("The model stopped.", "")

    monkeypatch.setattr(Service, "_warm_up", warm_up)
    service = open_service(tiny_model, background=True)
    assert tried.wait(60)
    assert wait_for_load(service)
    assert ("could not be warmed up" in caplog.text) != another


@pytest.mark.timeout(60)
def test_the_chosen_model_is_measured_and_then_runs_so(
    open_service: Open, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.service.model_loading.WORTH_MEASURING", 0)
    service = open_service(tiny_model, background=True)
    assert wait_for_load(service)
    assert not service.models.tuned()
    before = service.models.client(threading.Event())
    assert before is not None

    assert service.models.tune().future.result()

    assert service.models.tuned()
    end = time.monotonic() + 10
    while service.models.current().state != "ready" and time.monotonic() < end:
        time.sleep(0.01)
    assert wait_for_load(service)
    spec = before._spec
    assert spec is not None
    assert spec.tuning.cost_curve
