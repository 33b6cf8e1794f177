"""Graphics cards that fit, fill up, crash or change: played drivers, real model children."""

import ast
import json
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from engine.core.events import TurnFinished
from engine.model import client as client_module
from engine.model import side_process
from engine.model.diagnose import Cause
from engine.model.fit.memory import GPU_RESERVE, memory_needed
from engine.model.gguf.header import read_header
from engine.model.loading import LoadRefused, LoadSpec
from engine.model.tuning import tuner
from engine.model.tuning.cards import GpuInfo, find_gpus
from engine.service import Service, model_loading
from tests.engine.service.scripted import Listener

Open = Callable[..., Service]
ON_THE_PROCESSOR = "The graphics card could not be used: the model runs on the processor."


class Machine:
    """A machine with a graphics card: what the driver does, and the plans that were tried."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.layers: list[int] = []
        self.refuse: Callable[[int], Cause | None] = lambda layers: None
        self.driver("")
        self.probe("print('{\"offload\": true}')\n")

    def driver(self, program: str, free: int = 80 << 30) -> None:
        card = {"name": "Card", "free": free, "total": 80 << 30, "shared": False}
        lines = ({"offload": True}, {"device": card})
        said = "".join(f"print({json.dumps(line)!r}, flush=True)\n" for line in lines)
        # A compiled one of the same second and size would be taken for this one.
        shutil.rmtree(self.folder / "__pycache__", ignore_errors=True)
        (self.folder / "driver.py").write_text(said + program)

    def probe(self, program: str) -> None:
        """What becomes of a try to run layers on the card; each is noted."""
        note = "import sys\nprint(sys.argv, file=open('tries', 'a'))\n"
        (self.folder / "tried.py").write_text(note + program)

    def tries(self) -> list[list[str]]:
        """The arguments of each try."""
        path = self.folder / "tries"
        lines = path.read_text().splitlines() if path.exists() else []
        return [ast.literal_eval(line) for line in lines]

    def room_for(self, model: Path, layers: int) -> int:
        """Bytes that have to be free for so many layers and no more."""
        header = read_header(model)
        return memory_needed(header, 4096, sequences=4, gpu_layers=layers).gpu + GPU_RESERVE


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Plays the driver, and the card while a model loads."""
    folder = tmp_path / "driver"
    folder.mkdir()
    machine = Machine(folder)
    load_in = client_module.load_in

    def load(link: client_module.Link, spec: LoadSpec, *more: object) -> int:
        layers = spec.plan.gpu_layers
        machine.layers.append(layers)
        cause = machine.refuse(layers)
        if cause is not None:
            raise LoadRefused(cause, died=True)
        return load_in(link, spec, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(client_module, "load_in", load)
    monkeypatch.setattr(side_process, "ROOT", folder)
    monkeypatch.setattr(tuner, "PROBE", "tried")
    monkeypatch.setattr(model_loading, "find_gpus", partial(find_gpus, "driver", 2.0))
    monkeypatch.setattr(model_loading, "WORTH_MEASURING", 0)
    monkeypatch.setattr(Service, "_warm_up", lambda self, client: None)
    return machine


def loaded(service: Service) -> tuple[str, str]:
    """State and notice once the load under way, and an answer, have ended."""
    assert service.models.client(threading.Event()) is not None
    deadline = time.monotonic() + 60
    while (status := service.models.current()).state == "busy" and time.monotonic() < deadline:
        time.sleep(0.01)
    return status.state, status.notice


@pytest.mark.parametrize("layers", [0, 1, 2, 3])
def test_layers_are_fitted_to_the_free_memory(
    open_service: Open, tiny_model: Path, machine: Machine, layers: int
) -> None:
    machine.driver("", machine.room_for(tiny_model, layers) if layers else 1 << 20)
    assert loaded(open_service(tiny_model, background=True)) == ("ready", "")
    assert machine.layers == [layers]


@pytest.mark.parametrize(
    ("program", "notice"),
    [
        ("import os\nos.abort()\n", "its driver crashed when asked."),
        ("import time\ntime.sleep(60)\n", "its driver does not answer."),
    ],
)
def test_a_driver_that_fails_when_asked_is_told_and_stays_told(
    open_service: Open, tiny_model: Path, machine: Machine, program: str, notice: str
) -> None:
    machine.driver(program)
    service = open_service(tiny_model, background=True)
    sentence = f"The graphics card is not used: {notice}"
    assert loaded(service) == ("ready", sentence)
    assert machine.layers == [0]
    client = service.models.client(threading.Event())
    assert client is not None
    assert client.count("another request") > 0
    assert loaded(service) == ("ready", sentence)


def test_layers_are_tried_in_a_process_of_their_own_once(
    open_service: Open, tiny_model: Path, machine: Machine
) -> None:
    for _ in range(2):  # it is kept
        service = open_service(tiny_model, background=True)
        assert loaded(service) == ("ready", "")
        service.close()
    assert machine.layers == [3, 3]
    (tried,) = machine.tries()
    assert tried[2] == str(tiny_model)
    assert tried[tried.index("--layers") + 1] == "3"


@pytest.mark.parametrize(
    "program",
    [
        "import os\nprint('{\"offload\": true}', flush=True)\nos.abort()\n",
        'print(\'{"failed": "no memory"}\')\n',
        "import time\ntime.sleep(60)\n",
    ],
)
def test_a_card_that_fails_when_tried_is_not_used(
    open_service: Open,
    tiny_model: Path,
    machine: Machine,
    monkeypatch: pytest.MonkeyPatch,
    program: str,
) -> None:
    monkeypatch.setattr(tuner, "OFFLOAD_SECONDS", 1.0)
    machine.probe(program)
    service = open_service(tiny_model, background=True)
    sentence = "The graphics card could not run the model when that was tried: the processor does."
    assert loaded(service) == ("ready", sentence)
    service.models.start()
    assert loaded(service) == ("ready", sentence)
    assert machine.layers == [0, 0]
    assert len(machine.tries()) == 1


@pytest.mark.alone
def test_a_try_ends_with_the_program(
    open_service: Open, tiny_model: Path, machine: Machine
) -> None:
    machine.probe("import time\ntime.sleep(60)\n")
    service = open_service(tiny_model, background=True)
    deadline = time.monotonic() + 20
    while not machine.tries():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    start = time.monotonic()
    service.close()
    assert time.monotonic() - start < 10
    assert machine.layers == []


def test_a_card_that_ends_the_load_is_left_out(
    open_service: Open, tiny_model: Path, machine: Machine
) -> None:
    machine.refuse = lambda layers: "graphics" if layers else None
    service = open_service(background=False)
    service.models.use(tiny_model)
    service.models.start()
    assert loaded(service) == ("ready", ON_THE_PROCESSOR)
    assert machine.layers == [3, 0]
    assert not (service.paths.root / "model-loading.json").exists()
    listener = Listener()
    service.bus.subscribe(listener)
    _, message = service.chat.ask(None, "what is staking")
    assert listener.wait(TurnFinished, message).status == "complete"
    assert loaded(service) == ("ready", ON_THE_PROCESSOR)


def test_a_card_that_is_fuller_than_it_said_gets_fewer_layers(
    open_service: Open, tiny_model: Path, machine: Machine
) -> None:
    machine.refuse = lambda layers: "graphics memory" if layers > 2 else None
    service = open_service(tiny_model, background=True)
    notice = "Memory is short: the model has 2 instead of 3 layers on the graphics card."
    assert loaded(service) == ("ready", notice)
    assert machine.layers == [3, 2]


def test_a_model_that_main_memory_has_no_room_for_does_not_fall_back(
    open_service: Open, tiny_model: Path, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = [1 << 40, 1 << 20]  # before the load and after it
    monkeypatch.setattr("engine.model.loading.available_memory", lambda: free.pop(0))
    machine.refuse = lambda layers: "graphics" if layers else None
    service = open_service(tiny_model, background=True)
    assert service.models.client(threading.Event()) is None
    status = service.models.current()
    assert status.state == "failed"
    assert status.notice.startswith("The graphics card could not run the model Tiny.")
    assert machine.layers == [3]


def test_its_free_memory_is_asked_for_at_each_load(
    open_service: Open, tiny_model: Path, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = []

    def ask() -> GpuInfo:
        running.append(service.models.running() is not None)
        return find_gpus("driver", 2.0)

    monkeypatch.setattr(model_loading, "find_gpus", ask)
    service = open_service(tiny_model, background=False)
    machine.driver("", machine.room_for(tiny_model, 1))
    service.models.start()
    assert loaded(service) == ("ready", "")
    machine.driver("", machine.room_for(tiny_model, 3))
    service.models.start()
    assert loaded(service) == ("ready", "")
    assert machine.layers == [1, 3]
    assert running == [False, False]  # the one before would hold the memory it is to have


def test_a_card_that_fails_in_an_answer_is_left_out_afterwards(
    open_service: Open, tiny_model: Path, machine: Machine
) -> None:
    service = open_service(tiny_model, background=True)
    assert loaded(service) == ("ready", "")
    client = service.models.client(threading.Event())
    assert client is not None
    link = client._link
    assert link is not None
    link._child._log.append("CUDA error: an illegal memory access was encountered\n")
    os.kill(link.pid, signal.SIGABRT)
    link._child._thread.join()
    assert service.models.current().notice == "The graphics card failed and the model stopped."
    assert client.count("again") > 0
    assert machine.layers == [3, 0]
    assert loaded(service) == ("ready", ON_THE_PROCESSOR)
