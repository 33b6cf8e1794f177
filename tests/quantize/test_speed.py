"""Speeds from known times, and a real run."""

from pathlib import Path

import pytest

from engine.model.gguf.header import read_header
from quantize import speed as module
from quantize.jobs import Arguments
from quantize.running import free_memory, memory_at, most_context
from quantize.speed import measure_speed
from quantize.task import Task


def test_medians_of_rounds_in_turns(
    gguf: Path, shared_folder: Path, tmp_path: Path, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other.gguf"
    other.write_bytes(gguf.read_bytes())
    times = {"tiny.gguf": [4.0, 2.0, 8.0, 100.0, 1.0], "other.gguf": [1.0, 2.0, 3.0, 4.0, 5.0]}
    seen: list[str] = []

    def run_job(_: str, arguments: Arguments, __: Task, ___: object) -> dict[str, float]:
        name = Path(arguments["model"]).name
        took = times[name][seen.count(name)]
        seen.append(name)
        return {"prompt_seconds": took, "seconds": 2 * took, "resident": 1000 * took}

    monkeypatch.setattr(module, "run_job", run_job)
    first, second = measure_speed([gguf, other], task)
    assert seen == ["tiny.gguf", "other.gguf"] * 5
    depth = 512 - 64  # the model holds 512 tokens
    assert (first.depth, first.prompt, first.generated) == (depth, depth / 4, 32 / 8)
    assert (second.prompt, second.generated, second.resident) == (depth / 3, 32 / 6, 3000)


def test_a_real_run(gguf: Path, task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROUNDS", 1)
    (found,) = measure_speed([gguf], task)
    assert found.prompt > found.generated > 0  # reading many at once is faster
    assert gguf.stat().st_size < found.resident < 1 << 30


def test_memory_grows_with_the_context_as_far_as_it_fits(gguf: Path) -> None:
    header = read_header(gguf)
    memory = [memory_at(header, n_ctx) for n_ctx in (256, 512)]
    # 3 layers of 2 × 32 keys and as many values, two bytes each, beside scratch space
    assert memory[1] - memory[0] >= 256 * 3 * 2 * 64 * 2
    assert most_context(header, free_memory()) == 512
    assert most_context(header, memory[1]) == 512
    assert most_context(header, memory[1] - 1) == 0
