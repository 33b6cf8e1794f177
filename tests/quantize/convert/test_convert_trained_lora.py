"""An adapter that `assay-train` made, as a GGUF file, beside the model with the same merged in."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tiny_models import TEXT, TOKENS, assert_same, llama_logits
from transformers import Qwen3ForCausalLM

from engine.model.client import GenerateRequest, ModelClient
from quantize.convert import convert
from quantize.convert.lora import convert_lora
from quantize.task import Task
from training.cli import main


@pytest.fixture(scope="module")
def trained(shared_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run's folder: adapter/ in peft's format, model/ with it merged in."""
    path = tmp_path_factory.mktemp("run")
    words = TEXT.split()
    talks = [(" ".join(words[at : at + 9]), " ".join(words[at + 9 : at + 15])) for at in range(24)]
    rows = [
        {"messages": [{"role": "user", "content": q}, {"role": "assistant", "content": a}]}
        for q, a in talks
    ]
    (path / "talks.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    command = ["sft", str(shared_folder), "--data", str(path / "talks.jsonl")]
    command += ["--out", str(path / "out"), "--loop.steps", "6", "--loop.rows", "4"]
    command += ["--loop.threads", "1", "--adapter.kind", "lora", "--adapter.rank", "4"]
    assert main([*command, "--loop.learning_rate", "0.02"]) == 0
    return path / "out"


@pytest.fixture(scope="module")
def file(trained: Path, shared_folder: Path) -> Path:
    """The adapter's file."""
    task = Task(lambda _fraction, _text: None)
    convert_lora(trained / "adapter", trained / "adapter.gguf", shared_folder, task)
    convert(trained / "model", trained / "merged.gguf", "F32", task)
    return trained / "adapter.gguf"


def test_logits_are_those_of_the_merged_model(trained: Path, file: Path, gguf: Path) -> None:
    merged = Qwen3ForCausalLM.from_pretrained(trained / "model").eval()
    assert_same(gguf, merged, tolerance=1e-3, adapter=file)
    change = llama_logits(gguf, TOKENS, file) - llama_logits(gguf, TOKENS)
    assert np.abs(change).max() > 0.1  # training did something


@pytest.fixture
def client() -> Iterator[ModelClient]:
    result = ModelClient(lambda state, notice: None)
    yield result
    result.close()


def _probabilities(client: ModelClient) -> np.ndarray:
    request = GenerateRequest(TEXT[:200], max_tokens=1, logprobs=600, ignore_end=True)
    generation = client.generate(request)
    list(generation)
    (one,) = generation.logprobs
    return np.array([value for _, _, value in sorted(one.top)])


def test_the_application_answers_as_with_the_merged_model(
    trained: Path, file: Path, gguf: Path, client: ModelClient
) -> None:
    """Through the child; its keys and values are 16-bit numbers."""
    client.load(trained / "merged.gguf")
    expected = _probabilities(client)
    client.load(gguf)
    plain = _probabilities(client)
    client.set_adapters([(file, 1.0)])
    found = _probabilities(client)
    assert np.abs(expected - plain).max() > 0.05
    assert np.abs(expected - found).max() < 5e-3
