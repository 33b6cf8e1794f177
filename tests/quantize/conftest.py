"""A tiny model folder and its GGUF file, made once per run."""

import shutil
from pathlib import Path

import pytest
from tiny_models import make_model, make_tokenizer
from transformers import Qwen3ForCausalLM

from quantize.convert import convert
from quantize.task import Task


@pytest.fixture
def task() -> Task:
    """A run nobody watches."""
    return Task(lambda _fraction, _text: None)


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A complete model folder; not to be changed."""
    folder = tmp_path_factory.mktemp("models") / "tiny-qwen"
    make_model(folder)
    make_tokenizer(folder)
    return folder


@pytest.fixture
def folder(shared_folder: Path, tmp_path: Path) -> Path:
    """A copy of the model folder."""
    return Path(shutil.copytree(shared_folder, tmp_path / "model"))


@pytest.fixture(scope="session")
def original(shared_folder: Path) -> Qwen3ForCausalLM:
    """The shared folder's model in torch."""
    return Qwen3ForCausalLM.from_pretrained(shared_folder).eval()


@pytest.fixture(scope="session")
def gguf(shared_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shared folder's model, converted to F32."""
    path = tmp_path_factory.mktemp("gguf") / "tiny.gguf"
    convert(shared_folder, path, "F32", Task(lambda _fraction, _text: None))
    return path
