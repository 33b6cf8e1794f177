"""What files lose of their original's answers, against torch and numpy."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_models import TEXT, edit_json, make_model, make_tokenizer, torch_logits
from tokenizers import Tokenizer
from transformers import Qwen3ForCausalLM

from engine.core.errors import KnownError
from engine.model.gguf.header import read_header
from quantize import compare as module
from quantize.calibration import HELD_OUT, OWN, read_dialogues, texts_of
from quantize.compare import compare, compare_all
from quantize.convert import convert
from quantize.divergence import LEVELS, Tally, log_softmax
from quantize.quantize import quantize
from quantize.task import Task


@pytest.fixture(scope="session")
def text_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("text") / "text.txt"
    path.write_text(TEXT)
    return path


@pytest.fixture(scope="session")
def other(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Qwen3ForCausalLM]:
    """A model with the same vocabulary and other weights, as a file and in torch."""
    folder = tmp_path_factory.mktemp("other")
    model = make_model(folder, initializer_range=0.06)
    make_tokenizer(folder)
    convert(folder, folder / "other.gguf", None, Task(lambda *_: None))
    return folder / "other.gguf", model


def test_a_file_equals_itself(gguf: Path, task: Task, text_file: Path) -> None:
    found = compare(gguf, gguf, text_file, task)
    assert found.mean_divergence == found.p999_divergence == found.max_divergence == 0.0
    assert set(found.quantiles) == {0.0}
    assert found.agreement == 1.0
    assert found.reference_perplexity == found.candidate_perplexity
    assert found.perplexity_ratio == 1.0


def test_figures_equal_torch(
    gguf: Path,
    original: Qwen3ForCausalLM,
    other: tuple[Path, Qwen3ForCausalLM],
    task: Task,
    text_file: Path,
) -> None:
    """Over the same windows, from transformers' logits."""
    found = compare(gguf, other[0], text_file, task)
    tokens = Tokenizer.from_file(str(other[0].parent / "tokenizer.json")).encode(TEXT).ids
    divergences, agreements, losses = [], [], []
    for start in range(0, len(tokens) - 511, 512):
        window = tokens[start : start + 512]
        p, q = (
            torch.from_numpy(torch_logits(model, window)[256:]).log_softmax(dim=1)
            for model in (original, other[1])
        )
        divergences.append((p.exp() * (p - q)).sum(dim=1))
        agreements.append(p.argmax(dim=1) == q.argmax(dim=1))
        targets = torch.tensor(window[257:])
        losses.append([torch.nn.functional.nll_loss(one[:-1], targets).item() for one in (p, q)])
    every = torch.cat(divergences).numpy()
    assert found.positions == every.size
    assert found.mean_divergence == pytest.approx(every.mean(), rel=0.01)
    p99, p999 = np.quantile(every, (0.99, 0.999))
    assert found.p99_divergence == pytest.approx(p99, rel=0.01)
    assert found.p999_divergence == pytest.approx(p999, rel=0.01)
    assert found.max_divergence == pytest.approx(every.max(), rel=0.01)
    assert found.quantiles == pytest.approx(list(np.quantile(every, LEVELS)), rel=0.02)
    assert found.agreement == pytest.approx(
        torch.cat(agreements).float().mean().item(), abs=2 / found.positions
    )
    ours, theirs = np.exp(np.mean(losses, axis=0))
    assert found.reference_perplexity == pytest.approx(ours, rel=0.01)
    assert found.candidate_perplexity == pytest.approx(theirs, rel=0.01)
    assert found.perplexity_ratio == pytest.approx(theirs / ours, rel=0.001)


def test_several_files_are_compared_as_each_alone(
    gguf: Path,
    other: tuple[Path, Qwen3ForCausalLM],
    tmp_path: Path,
    task: Task,
    text_file: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also where there is memory for one at a time only."""
    small = tmp_path / "small.gguf"
    quantize(gguf, small, "Q4_K_M", task)
    files = [small, other[0]]
    alone = [compare(gguf, path, text_file, task) for path in files]
    runs = []
    run_job = module.run_job

    def counted(name: str, *rest: object) -> dict[str, object]:
        runs.append(name)
        return run_job(name, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "run_job", counted)
    assert compare_all(gguf, files, [text_file], task) == alone
    assert len(runs) == 1
    monkeypatch.setattr(module, "free_memory", lambda: 0)
    assert compare_all(gguf, files, [text_file], task) == alone
    assert len(runs) == 1 + len(files)


def test_divergence_by_hand() -> None:
    """p = (1/2, 1/4, 1/4), q = (1/4, 1/2, 1/4): D = 1/2 ln 2 − 1/4 ln 2 = ln 2 / 4."""
    p, q = (log_softmax(np.log(np.array(row, np.float32))) for row in ([2, 1, 1], [1, 2, 1]))
    tally = Tally()
    tally.add(p, q, 0)
    tally.add(p, p, 0)
    found = tally.result()
    assert found["mean_divergence"] == pytest.approx(math.log(2) / 8)
    assert found["max_divergence"] == pytest.approx(math.log(2) / 4)
    assert found["agreement"] == 0.5
    assert found["reference_perplexity"] == pytest.approx(2)
    assert found["candidate_perplexity"] == pytest.approx(math.sqrt(8))
    assert found["perplexity_ratio"] == pytest.approx(math.sqrt(2))
    assert np.exp(log_softmax(np.array([1e4, -1e4], np.float32))).tolist() == [1.0, 0.0]


def test_the_held_out_text_is_another_than_the_calibration_s(gguf: Path) -> None:
    """No question of one is in the other, and all of it can be read."""
    dialogues = [
        {one.messages[-2].text for one in read_dialogues(path.read_text("utf-8"), path.name)}
        for path in (OWN, HELD_OUT)
    ]
    assert len(dialogues[1]) == 50
    assert not dialogues[0] & dialogues[1]
    assert len(texts_of(read_header(gguf), [HELD_OUT])) == 50


def test_refusals(gguf: Path, tmp_path: Path, task: Task) -> None:
    short, binary = tmp_path / "short.txt", tmp_path / "binary"
    short.write_text("three words only")
    binary.write_bytes(b"\xff\xfe\x00" * 50)
    for path, sentence in ((short, "too short"), (binary, "not UTF-8"), (tmp_path / "x", "exist")):
        with pytest.raises(KnownError, match=sentence):
            compare(gguf, gguf, path, task)


def test_a_model_that_computes_no_numbers_is_not_called_perfect(
    gguf: Path, tmp_path: Path, task: Task, text_file: Path
) -> None:
    (norm,) = (one for one in read_header(gguf).tensors if one.name == "output_norm.weight")
    data = bytearray(gguf.read_bytes())
    data[norm.offset : norm.offset + 4] = np.array([np.nan], "<f4").tobytes()
    (tmp_path / "broken.gguf").write_bytes(data)
    with pytest.raises(KnownError, match=r"^broken\.gguf computes values that are no numbers"):
        compare_all(gguf, [gguf, tmp_path / "broken.gguf"], [text_file], task)


def test_another_vocabulary_is_refused(
    gguf: Path, folder: Path, tmp_path: Path, task: Task, text_file: Path
) -> None:
    def rename(content: dict[str, dict[str, object]]) -> None:
        vocabulary = content["model"]["vocab"]
        assert isinstance(vocabulary, dict)
        words = {"Ġbitcoin": "Ġbitcoyn"}
        content["model"]["vocab"] = {words.get(word, word): n for word, n in vocabulary.items()}
        merges = content["model"]["merges"]
        assert isinstance(merges, list)
        content["model"]["merges"] = [pair for pair in merges if "".join(pair) not in words]

    edit_json(folder / "tokenizer.json", rename)
    convert(folder, tmp_path / "renamed.gguf", None, task)
    with pytest.raises(KnownError, match=r"renamed\.gguf has another vocabulary than tiny\.gguf"):
        compare_all(gguf, [gguf, tmp_path / "renamed.gguf"], [text_file], task)
