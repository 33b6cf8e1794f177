"""Looking for graphics cards: with the real library, and with processes that play drivers."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.model import side_process
from engine.model.gguf.header import GgufHeader, read_header
from engine.model.tuning import cards as probe
from engine.model.tuning.cards import GpuDevice, GpuInfo, find_gpus, gpu_layers

Play = Callable[[str], GpuInfo]


@pytest.fixture
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Play:
    """Runs a program in place of the one that asks the library."""
    monkeypatch.setattr(side_process, "ROOT", tmp_path)

    def run(program: str) -> GpuInfo:
        (tmp_path / "driver.py").write_text(program)
        return find_gpus("driver", 2.0)

    return run


def say(*values: object) -> str:
    return "".join(f"print({json.dumps(value)!r}, flush=True)\n" for value in values)


def card(name: object = "Card", free: object = 6 << 30, total: object = 8 << 30) -> object:
    return {"device": {"name": name, "free": free, "total": total, "shared": False}}


def test_the_library_of_this_installation_answers() -> None:
    info = find_gpus()
    assert info.devices or info.notice in (
        "The model engine was built for the processor only.",
        "No graphics card was found.",
    )


def test_the_library_lists_the_processor() -> None:
    """The calls by which cards are listed, on the device that is always there."""
    from engine.model.child.devices import devices

    found = devices()
    assert [device["card"] for device in found].count(False) >= 1
    assert all(0 <= device["free"] <= device["total"] for device in found)  # type: ignore[operator]


def test_cards_are_listed(play: Play) -> None:
    shared = {"device": {"name": "Chip", "free": 9, "total": 9, "shared": True}}
    info = play(say({"offload": True}, card("A\x1b[31m card"), shared, card("B", 5, 10)))
    assert info == GpuInfo(
        (
            GpuDevice("A[31m card", 6 << 30, 8 << 30),
            GpuDevice("Chip", 9, 9, shared=True),
            GpuDevice("B", 5, 10),
        )
    )
    assert info.free == (6 << 30) + 5
    assert GpuInfo((GpuDevice("Chip", 9, 9, shared=True),)).free == 9


def test_nonsense_is_left_out(play: Play) -> None:
    nonsense = (card(3), card("x", -1), card("x", 2, 1), card("x", True), {"device": 5}, [1])
    info = play(say({"offload": True}, *nonsense))
    assert info == GpuInfo(notice="No graphics card was found.")


def test_a_build_without_graphics(play: Play) -> None:
    assert play(say({"offload": False}, card())).devices == ()


@pytest.mark.alone
@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("import os\nos.abort()\n", "crashed"),
        ("import os\nos.kill(os.getpid(), 11)\n", "crashed"),
        ("import sys\nsys.exit(1)\n", "crashed"),
        ("import time\ntime.sleep(60)\n", "does not answer"),
    ],
)
def test_a_driver_that_crashes_or_hangs_means_no_card(play: Play, program: str, words: str) -> None:
    start = time.monotonic()
    info = play(say({"offload": True}, card()) + program)
    assert info.devices == ()
    assert words in info.notice
    assert time.monotonic() - start < 5


def test_layers_are_fitted_to_the_free_memory(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[int, int]] = []

    def layers(header: GgufHeader, n_ctx: int, free: int) -> int:
        asked.append((n_ctx, free))
        return 7

    monkeypatch.setattr(probe, "layers_on_gpu", layers)
    header = read_header(tiny_model)
    assert gpu_layers(header, 4096, GpuInfo((GpuDevice("A", 5, 9), GpuDevice("B", 6, 9)))) == 7
    assert gpu_layers(header, 4096, GpuInfo()) == 0
    assert asked == [(4096, 11)]
