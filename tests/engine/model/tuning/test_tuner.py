"""Measuring for real, in a real process, and what may go wrong with that."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine.core.errors import Cancelled
from engine.model import side_process
from engine.model.child.probe import CURVE, DEEP, NEAR, SHALLOW
from engine.model.fit.memory import default_threads
from engine.model.gguf.header import read_header
from engine.model.side_process import run_side
from engine.model.tuning import tuner
from engine.model.tuning.tuner import Tuner

PLENTY = 90.0
"""Seconds: it takes about five, but other tests may have the processor."""


def test_a_model_is_measured_once(tiny_model: Path, tmp_path: Path) -> None:
    header = read_header(tiny_model)
    first = Tuner(tmp_path / "tuning.json")
    assert first.known(header, 4096) is None
    assert first.tuning(header, 4096).cost_curve == ()
    told: list[float] = []

    assert first.measure(tiny_model, header, lambda done, text: told.append(done), PLENTY)

    known = Tuner(tmp_path / "tuning.json").known(header, 4096)
    assert known is not None
    assert 1 <= known.threads <= known.threads_batch <= default_threads()
    assert known.batch in (64, 128, 256, 512)
    assert tuple(size for size, _ in known.cost_curve) == CURVE[1:]
    costs = [cost for _, cost in known.cost_curve]
    assert costs == sorted(costs)
    assert costs[0] >= 1
    assert known.kv_type == "f16"
    assert Tuner(tmp_path / "tuning.json").tuning(header, 4096) == known
    assert told == sorted(told)
    assert 0 <= told[0] <= told[-1] <= 1


def test_the_depths_are_reached_by_copies(tiny_model: Path, tmp_path: Path) -> None:
    """Flash attention is compared with many tokens in memory, which only copies do in time."""
    store = Tuner(tmp_path / "tuning.json")
    header = read_header(tiny_model)
    store.measure(tiny_model, header, seconds=PLENTY)
    measured = store._store.get(store._machine, tuner.shape_key(header))
    assert measured is not None
    assert [depth for depth, *_ in measured.flash_times] == [SHALLOW, NEAR, DEEP]
    # The library itself says how much it holds, and how many tokens were really read for that.
    code = (
        "import sys\n"
        "from engine.model.child import timing\n"
        "bench = timing.Bench(timing.Weights(sys.argv[1], True, True), 2048, 1, False)\n"
        "for depth in (128, 2048):\n"
        "    bench.fill(depth)\n"
        "    print(timing.api.llama_state_seq_get_size(bench.handle, 0), bench._next)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tiny_model)],
        cwd=side_process.ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    (few, read), (many, read_then) = (map(int, line.split()) for line in done.stdout.splitlines())
    assert 15 < many / few < 17
    assert read == read_then == SHALLOW


@pytest.mark.alone
def test_it_ends_at_once_when_it_is_cancelled(tiny_model: Path, tmp_path: Path) -> None:
    def stop(done: float, text: str) -> None:
        raise Cancelled

    store = Tuner(tmp_path / "tuning.json")
    header = read_header(tiny_model)
    start = time.monotonic()
    with pytest.raises(Cancelled):
        store.measure(tiny_model, header, stop)
    assert time.monotonic() - start < 2
    assert store.known(header, 4096) is None
    assert not store.has_failed(header)


def test_without_time_there_is_no_measurement(tiny_model: Path, tmp_path: Path) -> None:
    store = Tuner(tmp_path / "tuning.json")
    header = read_header(tiny_model)
    assert not store.has_failed(header)
    assert not store.measure(tiny_model, header, seconds=0)
    assert store.known(header, 4096) is None
    assert store.has_failed(header)


def test_the_probe_tries_layers(tiny_model: Path, tmp_path: Path) -> None:
    """On a build for the processor they do no harm; a file that cannot be run is refused."""
    store, header = Tuner(tmp_path / "tuning.json"), read_header(tiny_model)
    assert store.can_offload(tiny_model, header, 2, lambda: None)
    missing = tmp_path / "missing.gguf"
    assert Tuner(tmp_path / "tuning.json").can_offload(missing, header, 2, lambda: None)  # known
    assert not store.can_offload(missing, header, 3, lambda: None)
    assert not store.can_offload(tiny_model, header, 2, lambda: None)  # until the next start


def test_without_memory_there_is_no_measurement(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tuner, "available_memory", lambda: 10 << 20)
    assert not Tuner(tmp_path / "t.json").measure(tiny_model, read_header(tiny_model))


def test_a_file_that_cannot_be_run_is_not_measured(tiny_model: Path, tmp_path: Path) -> None:
    header = read_header(tiny_model)
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(tiny_model.read_bytes().replace(b"qwen3", b"qwen9"))
    assert not Tuner(tmp_path / "t.json").measure(broken, header, seconds=5)
    missing = tmp_path / "missing.gguf"
    assert not Tuner(tmp_path / "t.json").measure(missing, header, seconds=5)


@pytest.mark.alone
def test_a_process_that_says_nonsense_or_hangs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(side_process, "ROOT", tmp_path)
    (tmp_path / "noisy.py").write_text(
        "import sys\n"
        "print('library noise')\nprint('[1]')\nprint('{\"a\": 1}')\nprint('[' * 50000)\n"
        "sys.exit(3)\n"
    )
    (tmp_path / "hanging.py").write_text("import time\nprint('{}', flush=True)\ntime.sleep(60)\n")
    (tmp_path / "silent.py").write_text("import os, time\nos.close(1)\ntime.sleep(60)\n")
    lines: list[dict[str, object]] = []
    assert run_side("noisy", [], lines.append, 20) == 3
    assert lines == [{"a": 1}]
    for module in ("hanging", "silent"):
        start = time.monotonic()
        assert run_side(module, [], lines.append, 1) is None
        assert time.monotonic() - start < 3
