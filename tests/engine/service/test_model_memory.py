"""Whether models fit, in words, and the memory of this computer."""

import os
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from engine.core.paths import Paths
from engine.model.catalogue import catalogue, memory_by_context
from engine.model.client import LoadOptions, ModelClient
from engine.model.fit import machine
from engine.model.fit.machine import available_memory, held_memory, total_memory
from engine.model.fit.memory import RESERVE
from engine.model.gguf.header import GgufHeader, read_header
from engine.model.tuning.cards import GpuInfo
from engine.model.tuning.tuner import Tuner
from engine.service import Service, model_fit, model_loading
from engine.service.measuring import Measuring
from engine.service.model_fit import Memory, fit_of
from tests.engine.service.tiny import write_tiny_model

GB = 1_000_000_000
ENTRY = next(one for one in catalogue() if one.id == "qwen3-4b")


def test_all_memory_is_more_than_what_is_free() -> None:
    assert 0 < available_memory() <= total_memory()
    assert total_memory() <= os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.parametrize(
    ("needed", "words"),
    [
        (4 * GB, "fits"),
        (4 * GB + 1, "tight"),
        (7 * GB, "tight"),
        (7 * GB + 1, "too large"),
    ],
)
def test_words(needed: int, words: str) -> None:
    assert Memory(4 * GB + RESERVE, 7 * GB + RESERVE).words(needed) == words


def test_longer_conversations_need_more() -> None:
    table = memory_by_context(ENTRY)
    assert [tokens for tokens, _ in table] == [4096, 8192, 16384, 32768]
    assert table[0][1] == ENTRY.memory
    # 36 layers, 8 heads of 128 keys and as many values, two bytes each; scores of 33 rows of floats
    per_token = 36 * 2 * 8 * 128 * 2 + 256 * 33 * 4
    assert table[1][1] - table[0][1] == 4096 * per_token
    assert memory_by_context(replace(ENTRY, shape={})) == ()


def test_how_a_model_of_the_catalogue_fits() -> None:
    fit = fit_of(ENTRY, Memory(5 * GB, 8 * GB))
    assert (fit.words, fit.needed) == ("fits", ENTRY.memory)
    assert [words for _, _, words in fit.contexts] == ["fits", "tight", "tight", "too large"]


def test_what_such_models_really_used_corrects_the_estimate(tmp_path: Path) -> None:
    """Found for the files of a size, it holds for the catalogue's entry of that size."""
    fit = fit_of(ENTRY, Memory(5 * GB, 8 * GB), 1.5)
    assert (fit.words, fit.needed) == ("tight", int(1.5 * ENTRY.memory))
    assert fit.contexts[0][1] == fit.needed
    metadata = {"general.architecture": "qwen3"} | {
        f"qwen3.{key}": ENTRY.shape[key] for key in ("block_count", "embedding_length")
    }
    paths = Paths(tmp_path)
    for factor in (1.0, 1.2):
        service = Service.open(paths, background=False)
        try:
            assert service.downloads.fits()[ENTRY.id].needed == int(factor * ENTRY.memory)
        finally:
            service.close()
        Tuner(paths.root / "tuning.json").was_used(GgufHeader(3, metadata, (), 0), 1.2)


def test_a_loaded_model_tells_what_it_uses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_loading, "WORTH_MEASURING", 0)
    monkeypatch.setattr(model_loading, "find_gpus", GpuInfo)
    monkeypatch.setattr(Measuring, "idle", lambda measuring: None)
    monkeypatch.setattr(ModelClient, "used_factor", lambda client: (header, 1.3))
    path = write_tiny_model(tmp_path / "tiny.gguf")
    header = read_header(path)
    service = Service.open(Paths(tmp_path / "data"), background=False)
    try:
        service.models.use(path)
        service.models.start()
        assert service.models.client(threading.Event()) is not None
        assert service.models.factor(header) == 1.3
        assert service.models._choices.options(path, header, lambda: None).factor == 1.3
    finally:
        service.close()


def test_what_the_loaded_model_holds_counts_as_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_fit, "available_memory", lambda: 3 * GB)
    monkeypatch.setattr(model_fit, "total_memory", lambda: 8 * GB)
    assert Memory.now() == Memory(3 * GB, 8 * GB)
    assert Memory.now(2 * GB) == Memory(5 * GB, 8 * GB)
    assert Memory.now(9 * GB) == Memory(8 * GB, 8 * GB)
    # The service asks the model that is loaded.
    monkeypatch.setattr(ModelClient, "held", lambda client: 2 * GB)
    service = Service.open(Paths(tmp_path), background=False)
    try:
        assert service.downloads.fits()[ENTRY.id].memory == Memory(5 * GB, 8 * GB)
    finally:
        service.close()


@pytest.mark.skipif(sys.platform != "linux", reason="measured on Linux only")
def test_what_a_process_holds_is_measured() -> None:
    size = 300 << 20
    code = f"x = bytearray(b'1') * {size}; print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        held = held_memory(child.pid, 0)
        child.communicate(b"\n")
    assert size < held < size + (64 << 20)
    assert held_memory(child.pid, 0) == 0


def test_elsewhere_the_estimate_stands_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine.sys, "platform", "win32")
    assert held_memory(os.getpid(), GB) == GB
    # There half of all memory counts as free, whatever is loaded.
    monkeypatch.setattr(machine.sys, "platform", "darwin")
    assert held_memory(os.getpid(), GB) == 0


def test_a_model_holds_memory_while_it_is_loaded(tmp_path: Path) -> None:
    client = ModelClient(lambda state, notice: None)
    assert client.held() == 0
    client.load(write_tiny_model(tmp_path / "tiny.gguf"), LoadOptions(n_ctx=1024))
    try:
        assert client.held() > 1 << 20
    finally:
        client.close()
    assert client.held() == 0
