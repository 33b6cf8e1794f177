"""What the tests of builds share: sources, a stand-in for `assay-quantize`, waiting for it."""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.builds import tool
from engine.cli import main as assay
from engine.core.builds import BuildOrder, BuildStatus
from engine.service import Service
from tests.engine.service.tiny import write_tiny_model

FAKE = Path(__file__).with_name("fake_quantize.py")
STARTER = Path(__file__).parents[3] / "resources" / "models" / "starter-base"
CONFIG = {
    "architectures": ["Qwen3ForCausalLM"],
    "model_type": "qwen3",
    "torch_dtype": "bfloat16",
    "hidden_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "intermediate_size": 128,
    "max_position_embeddings": 512,
    "vocab_size": 400,
    "tie_word_embeddings": True,
}
PATIENCE = 150.0
"""Seconds in which even a very busy machine does what is waited for."""
STAGES = ("convert", "imatrix", "quantize", "compare")
"""The commands of a build of a folder with calibration."""


def until(ready: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Wait for a condition."""
    end = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.01)


def safetensors(size: int = 50_000, seed: int = 1) -> bytes:
    """One tensor of so many bytes."""
    entry = {"w": {"dtype": "BF16", "shape": [size // 2], "data_offsets": [0, size]}}
    head = json.dumps(entry).encode()
    return len(head).to_bytes(8, "little") + head + bytes([seed]) * size


def checkpoint(folder: Path, seed: int = 1) -> Path:
    """A folder that looks like a model's to those who do not convert it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(CONFIG))
    (folder / "tokenizer.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(safetensors(seed=seed))
    (folder / "README.md").write_text("---\nlicense: apache-2.0\n---\n# A model\n")
    return folder


class Fake:
    """The stand-in's controls."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        write_tiny_model(folder / "model.gguf")

    def set(self, *names: str, text: str = "") -> None:
        """Let it behave so from now on, and not otherwise."""
        for path in (*self.folder.glob("*-*"), *self.folder.glob("pid.txt")):
            path.unlink()
        for name in names:
            (self.folder / name).write_text(text)

    @property
    def calls(self) -> list[str]:
        """The commands that were run."""
        path = self.folder / "calls.txt"
        return path.read_text().splitlines() if path.exists() else []

    @property
    def commands(self) -> list[str]:
        return [line.split()[0] for line in self.calls]

    def pid(self) -> int:
        """The process that waits now."""
        path = self.folder / "pid.txt"
        until(lambda: path.exists() and path.read_text() != "")
        return int(path.read_text())


def fake_program(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Fake:
    """Put the stand-in in the place of `assay-quantize`."""
    monkeypatch.setenv("FAKE_QUANTIZE", str(folder))
    monkeypatch.setattr(tool, "PROGRAM", (sys.executable, str(FAKE)))
    return Fake(folder)


def folder(service: Service, key: str) -> Path:
    """Where a build is."""
    return service.paths.builds / key


def held(service: Service, fake: Fake, order: BuildOrder, command: str) -> str:
    """A build that is at a command and stays there."""
    fake.set(f"wait-{command}")
    key = service.builds.start(order)
    fake.pid()
    return key


def only(service: Service) -> BuildStatus:
    """The only build."""
    (one,) = service.builds.list()
    return one


def files(service: Service, key: str) -> set[str]:
    """The names of what is in the folder of a build."""
    return {path.name for path in folder(service, key).iterdir()}


def is_alive(pid: int) -> bool:
    """Whether a process runs, and is no zombie."""
    try:
        os.kill(pid, 0)
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


def main() -> None:
    """`assay` with the stand-in, in a process of its own, to be killed."""
    tool.PROGRAM = (sys.executable, str(FAKE))
    raise SystemExit(assay(sys.argv[1:]))


if __name__ == "__main__":
    main()
