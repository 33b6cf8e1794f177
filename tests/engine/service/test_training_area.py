"""The area of training on processes of its own: start, watch, stop, go on, report, delete."""

import importlib.util
import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.core.errors import KnownError
from engine.core.paths import Paths
from engine.service import Service, TrainingRun
from engine.training_runs.process import read_process
from tests.engine.training_runs.started import (
    PATIENCE,
    data_file,
    model_folder,
    training_package,
    until,
)

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(autouse=True)
def package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    with training_package(monkeypatch, tmp_path) as found:
        yield found


def begin(service: Service, folder: Path, manner: str = "wait", **more: str) -> TrainingRun:
    """Start a run that behaves like this."""
    model = folder / "model"
    values = {
        "model": str(model if model.exists() else model_folder(model)),
        "data": str(data_file(folder, manner)),
    }
    return service.training.start(service.training.recipe("sft"), values | more)


def state(service: Service, run: TrainingRun) -> str:
    return service.training.find(run.name).state


def waiting(service: Service, run: TrainingRun) -> bool:
    """Whether the fake takes steps and waits by now."""
    return state(service, run) == "running" and service.training.find(run.name).text != ""


def test_a_run_is_stopped_and_goes_on_with_the_same_command(
    service: Service, tmp_path: Path, paths: Paths
) -> None:
    run = begin(service, tmp_path, **{"loop.rows": "4"})
    assert run.folder == paths.training / "sft-1"
    assert run.is_running
    until(lambda: waiting(service, run))
    figures = service.training.figures(run.folder)
    assert figures.last["loss"] == 5 - 4 / 100
    assert figures.curves["reward"] == ((1.0, 2.0, 3.0, 4.0), (0.02, 0.04, 0.06, 0.08))
    given = (run.folder / "arguments.json").read_text()
    assert json.loads(given)[0] == "sft"
    assert "--loop.rows=4" in json.loads(given)
    service.training.resume(run.folder)  # it runs: nothing happens
    service.training.stop(run.folder)
    until(lambda: state(service, run) != "running")
    assert state(service, run) in ("stopping", "stopped")
    until(lambda: state(service, run) == "stopped")
    assert service.training.find(run.name).text == "Stopped; saved step-0000004"
    assert service.training.find(run.name).model is None
    service.training.stop(run.folder)  # harmless
    service.training.resume(run.folder)
    until(lambda: state(service, run) == "finished")
    assert (run.folder / "arguments.json").read_text() == given
    assert service.training.figures(run.folder).step == 14
    assert service.training.find(str(run.folder)).model == run.folder / "model"


def test_a_run_goes_on_without_the_service_and_is_found_again(
    open_service: Callable[..., Service], tmp_path: Path
) -> None:
    first = open_service()
    run = begin(first, tmp_path)
    until(lambda: waiting(first, run))
    first.close()
    noted = read_process(run.folder)
    assert noted is not None
    assert noted.is_alive()
    assert os.getsid(noted.pid) != os.getsid(0)
    again = open_service()
    assert [one.state for one, _ in again.training.list()] == ["running"]
    again.training.stop(run.folder)
    until(lambda: state(again, run) == "stopped")


@pytest.mark.parametrize(
    ("manner", "sentence"),
    [
        ("fail", "data: there are no dialogues."),
        ("crash", "RuntimeError: no such kernel"),
        ("killed", "The system ended it (signal 9), perhaps because the memory was full."),
    ],
)
def test_a_run_that_fails_says_why(
    service: Service, tmp_path: Path, manner: str, sentence: str
) -> None:
    run = begin(service, tmp_path, manner)
    until(lambda: not service.training.find(run.name).is_running)
    ((failed, _),) = service.training.list()
    assert (failed.state, failed.text) == ("failed", sentence)


def test_a_run_whose_whole_session_is_killed_has_failed(service: Service, tmp_path: Path) -> None:
    run = begin(service, tmp_path, "broken")
    until(lambda: waiting(service, run))
    assert service.training.figures(run.folder).step == 4
    noted = read_process(run.folder)
    assert noted is not None
    os.killpg(noted.pid, signal.SIGKILL)
    until(lambda: state(service, run) == "failed")
    assert "perhaps because the memory was full" in service.training.find(run.name).text


def test_a_stop_at_once_stops_as_well(service: Service, tmp_path: Path) -> None:
    run = begin(service, tmp_path)
    service.training.stop(run.folder)
    until(lambda: not service.training.find(run.name).is_running)
    assert state(service, run) == "stopped"


def test_what_is_wrong_is_said_and_nothing_is_started(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = service.training.recipe("sft")
    with pytest.raises(KnownError, match="Model folder: it is missing"):
        service.training.start(recipe, {})
    (tmp_path / "file").touch()
    with pytest.raises(KnownError, match="There is something in"):
        service.training.start(
            recipe,
            {"model": str(model_folder(tmp_path / "model")), "data": str(data_file(tmp_path))},
            tmp_path,
        )
    (tmp_path / "model" / "config.json").unlink()
    (tmp_path / "model").rmdir()
    with pytest.raises(KnownError, match=r"^sft\.loop\.rows: 'x' is not a whole number\.$"):
        begin(service, tmp_path, **{"loop.rows": "x"})
    assert service.training.list() == []
    assert not (tmp_path / "sft-1").exists()
    monkeypatch.undo()
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda n: None if n == "torch" else find(n))
    with pytest.raises(KnownError, match=r"not installed\. Install them with `pip install"):
        service.training.recipes()
    with pytest.raises(KnownError, match="no training run x"):
        service.training.find("x")


def test_a_run_is_deleted_with_its_folder(service: Service, tmp_path: Path) -> None:
    run = begin(service, tmp_path)
    until(lambda: waiting(service, run))
    with pytest.raises(KnownError, match=r"sft-1 is running\. Stop it first"):
        service.training.delete(run.folder)
    service.training.stop(run.folder)
    until(lambda: state(service, run) == "stopped")
    assert service.training.space(run.folder) > 1_000_000
    assert service.training.delete(run.folder) > 1_000_000
    assert not run.folder.exists()
    assert service.training.list() == []
    with pytest.raises(KnownError):
        service.training.delete(tmp_path)
    assert tmp_path.exists()


def test_a_run_whose_folder_is_gone_can_only_be_taken_off(service: Service, tmp_path: Path) -> None:
    run = begin(service, tmp_path, "fail")
    until(lambda: not service.training.find(run.name).is_running)
    run.folder.rename(tmp_path / "elsewhere")
    with pytest.raises(KnownError, match=r"Its folder is not there any more\. Start it anew"):
        service.training.resume(run.folder)
    assert service.training.delete(run.folder) == 0
    assert service.training.list() == []


def test_the_report_is_written_or_says_why_not(service: Service, tmp_path: Path) -> None:
    run = begin(service, tmp_path, "fail")
    until(lambda: not service.training.find(run.name).is_running)
    with pytest.raises(KnownError, match=r"not written: assay-train: There are no figures\."):
        service.training.report(run.folder).future.result(PATIENCE)
    (run.folder / "metrics.jsonl").touch()
    report = service.training.report(run.folder).future.result(PATIENCE)
    assert report == run.folder / "report.html"
    assert report.read_text() == "<html>"


def test_the_commands_to_quantize_can_be_pasted(service: Service, tmp_path: Path) -> None:
    folder = tmp_path / "my run"
    run = TrainingRun(folder, "sft", "finished", "", folder / "model")
    assert service.training.quantize_commands(run).splitlines() == [
        f"assay-quantize convert '{folder}/model' '{folder}/my run.gguf'",
        f"assay-quantize quantize '{folder}/my run.gguf' '{folder}/my run-Q8_0.gguf' --type Q8_0",
    ]
