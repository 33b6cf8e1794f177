"""Quantizing with feedback: sums over inputs as torch has them, and smaller errors in the file."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from tiny_models import TEXT
from tiny_moe import EXPERTS, USED, make_moe
from tokenizers import Tokenizer
from transformers import PreTrainedModel, Qwen3ForCausalLM

from engine.core.errors import KnownError
from engine.model.gguf.header import read_header
from quantize.cli import main
from quantize.compare import compare
from quantize.imatrix import collect
from quantize.jobs.ggml import unpacked
from quantize.jobs.hessians import Hessians, Input, groups, inputs_of
from quantize.jobs.watched import WatchedModel
from quantize.numbers import decode
from quantize.quantize import Mix, quantize
from quantize.recipe import read_recipe, replay
from quantize.search import Aim, search
from quantize.sizes import kinds_of
from quantize.task import Task

Matrix = NDArray[np.float64]
WINDOW = 256


@pytest.fixture(scope="module")
def text_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("text") / "text.txt"
    path.write_text(TEXT)
    return path


@pytest.fixture(scope="module")
def matrix(gguf: Path, text_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An importance matrix of the tiny model."""
    path = tmp_path_factory.mktemp("importance") / "imatrix.gguf"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("quantize.calibration.OWN", text_file)
        collect(gguf, path, [], Task(lambda _fraction, _text: None))
    return path


@pytest.fixture(autouse=True)
def own_text(text_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A short text in the place of our dialogues; one thread, since torch's are about."""
    monkeypatch.setattr("quantize.calibration.OWN", text_file)
    monkeypatch.setattr("quantize.jobs.watched.os.cpu_count", lambda: 1)


def tokens_of(folder: Path) -> list[int]:
    return list(Tokenizer.from_file(str(folder / "tokenizer.json")).encode(TEXT).ids)


def hessians_of(path: Path, tokens: list[int]) -> Hessians:
    model = WatchedModel(str(path), WINDOW, None)
    found = Hessians(inputs_of(model, tokens[:40]))
    model.watch = found.watch
    model.run(tokens[:WINDOW], WINDOW)
    return found


def rows_into(module: torch.nn.Module, model: PreTrainedModel, tokens: list[int]) -> Matrix:
    """What a module of a model reads over the first window [tokens, n_in]."""
    rows: list[torch.Tensor] = []
    hook = module.register_forward_pre_hook(lambda _module, given: rows.append(given[0]))
    with torch.no_grad():
        model(torch.tensor([tokens[:WINDOW]]))
    hook.remove()
    return rows[0].double().reshape(-1, rows[0].shape[-1]).numpy()


def close(found: NDArray[np.float32] | None, rows: Matrix) -> None:
    assert found is not None
    expected = rows.T @ rows
    np.testing.assert_allclose(found, expected, atol=2e-4 * np.abs(expected).max())


def test_sums_equal_torch(gguf: Path, shared_folder: Path) -> None:
    model = Qwen3ForCausalLM.from_pretrained(shared_folder).eval()
    tokens = tokens_of(shared_folder)
    found = hessians_of(gguf, tokens)
    attention, mlp = model.model.layers[1].self_attn, model.model.layers[1].mlp
    places: dict[str, torch.nn.Module] = {
        "blk.1.attn_q": attention.q_proj,
        "blk.1.attn_v": attention.v_proj,
        "blk.1.attn_output": attention.o_proj,
        "blk.1.ffn_up": mlp.up_proj,
        "blk.1.ffn_down": mlp.down_proj,
        "token_embd": model.lm_head,  # tied
    }
    for name, module in places.items():
        close(found.of(f"{name}.weight", 0), rows_into(module, model, tokens))


def test_experts_have_their_own(shared_folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "moe.gguf"
    model = make_moe(shared_folder, path)
    tokens = tokens_of(shared_folder)
    found = hessians_of(path, tokens)
    mlp = model.model.layers[1].mlp
    rows = torch.tensor(rows_into(mlp, model, tokens))
    chosen = (rows @ mlp.gate.weight.double().T).topk(USED).indices
    reached = 0
    for expert in range(EXPERTS):
        mine = rows[(chosen == expert).any(dim=1)]
        if not len(mine):
            assert found.of("blk.1.ffn_up_exps.weight", expert) is None
            continue
        gate, up = (mine @ mlp.experts.gate_up_proj[expert].double().T).chunk(2, dim=1)
        inner = torch.nn.functional.silu(gate) * up
        close(found.of("blk.1.ffn_up_exps.weight", expert), mine.numpy())
        close(found.of("blk.1.ffn_gate_exps.weight", expert), mine.numpy())
        close(found.of("blk.1.ffn_down_exps.weight", expert), inner.detach().numpy())
        reached += len(mine)
    assert reached == USED * WINDOW


def test_as_many_sums_at_a_time_as_fit() -> None:
    wide, narrow = Input("a", 1, 100), Input("b", 2, 10)
    inputs = {"q": narrow, "k": narrow, "down": wide, "o": narrow, "up": wide}
    parts = [list(one) for one in groups(inputs, 40_000 + 799)]
    assert parts == [["q", "k"], ["down"], ["o"], ["up"]]
    assert [list(one) for one in groups(inputs, 40_800)] == [list(inputs)]
    assert [list(one) for one in groups(inputs, 0)] == [["q", "k"], ["down"], ["o"], ["up"]]


def matrices(full: Path, small: Path) -> Iterator[tuple[str, Matrix, Matrix]]:
    """(name, original, stored) of each matrix that was rounded."""
    stored = {one.name: one for one in read_header(small).tensors}
    for one in read_header(full).tensors:
        kind = stored[one.name].type.name
        if kind != "F32":
            before = full.read_bytes()[one.offset :][: one.size]
            after = small.read_bytes()[stored[one.name].offset :][: stored[one.name].size]
            weight = decode(before, one.type.name).reshape(-1, one.shape[0])
            data = np.frombuffer(after, np.uint8).reshape(len(weight), -1)
            yield one.name, weight.astype(np.float64), unpacked(data, kind).astype(np.float64)


@pytest.mark.parametrize("kind", ["Q4_K_M", "IQ3_S"])
def test_products_come_closer(
    gguf: Path, shared_folder: Path, matrix: Path, tmp_path: Path, task: Task, kind: str
) -> None:
    plain, better = tmp_path / "plain.gguf", tmp_path / "better.gguf"
    quantize(gguf, plain, Mix(kind, (), matrix), task)
    done = quantize(gguf, better, Mix(kind, (), matrix), task, [])
    before, after = read_header(plain), read_header(better)
    assert kinds_of(before) == kinds_of(after)
    assert before.metadata == after.metadata
    assert plain.stat().st_size == better.stat().st_size == done.size
    sums = hessians_of(gguf, tokens_of(shared_folder))
    pairs = zip(matrices(gguf, plain), matrices(gguf, better), strict=True)
    shares = []
    for (name, weight, old), (_, _, new) in pairs:
        hessian = sums.of(name, 0)
        costs = [np.einsum("ij,jk,ik->", weight - one, hessian, weight - one) for one in (old, new)]
        shares.append(costs[1] / costs[0])
    assert max(shares) < 1.05
    assert np.mean(shares) < (0.99 if kind == "IQ3_S" else 0.6)
    assert done.error_left < (1 if kind == "IQ3_S" else 0.7)


def test_answers_come_closer_and_passes_do_not_matter(
    gguf: Path, tmp_path: Path, task: Task, text_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sums of all inputs at once, or of a few at a time, give the same file."""
    quantize(gguf, tmp_path / "plain", "Q4_0", task)
    quantize(gguf, tmp_path / "one", "Q4_0", task, [])
    files = [tmp_path / one for one in ("plain", "one")]
    costs = [compare(gguf, one, text_file, task).mean_divergence for one in files]
    assert costs[1] < 0.7 * costs[0]
    monkeypatch.setattr("quantize.quantize.available_memory", lambda: 3 * 800_000)
    quantize(gguf, tmp_path / "many", "Q4_0", task, [])
    assert (tmp_path / "one").read_bytes() == (tmp_path / "many").read_bytes()


def test_mixtures_of_experts(shared_folder: Path, tmp_path: Path, task: Task) -> None:
    """Every expert that was reached is rounded again; routers stay as they are."""
    full = tmp_path / "moe.gguf"
    make_moe(shared_folder, full)
    text = tmp_path / "more.txt"
    text.write_text("Fees of 12345 678 for ether? " * 40)
    quantize(full, tmp_path / "plain", "Q4_0", task)
    done = quantize(full, tmp_path / "better", "Q4_0", task, [text])
    pairs = zip(
        matrices(full, tmp_path / "plain"), matrices(full, tmp_path / "better"), strict=True
    )
    changed = {name for (name, _, old), (_, _, new) in pairs if (old != new).any()}
    assert {f"blk.1.ffn_{one}_exps.weight" for one in ("gate", "up", "down")} <= changed
    assert "token_embd.weight" not in changed  # read by its rows, not multiplied
    assert done.error_left < 0.8
    costs = [
        compare(full, tmp_path / one, text, task).mean_divergence for one in ("plain", "better")
    ]
    assert costs[1] < costs[0]


def test_the_command(
    gguf: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], text_file: Path
) -> None:
    target = tmp_path / "out.gguf"
    words = ["quantize", str(gguf), str(target), "--type", "Q4_0"]
    assert main([*words, "--text", str(text_file)]) == 1
    assert "Without --feedback" in capsys.readouterr().err
    assert not target.exists()
    assert main([*words, "--feedback", "--text", str(text_file)]) == 0
    assert "of the error" in capsys.readouterr().out


def test_a_search_with_feedback(
    gguf: Path, matrix: Path, tmp_path: Path, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The types of its recipe, rounded with feedback, and less divergence expected of them."""
    monkeypatch.setattr("quantize.probes.TOKENS", 64)
    monkeypatch.setattr("quantize.candidates.SPAN", 0.7)  # few candidates
    found = search(gguf, tmp_path / "found.gguf", Aim(bits=5.2), matrix, [], task, feedback=True)
    recipe = tmp_path / "found.recipe.json"
    quantize(gguf, tmp_path / "again.gguf", replay(recipe, gguf, matrix), task, [])
    assert (tmp_path / "again.gguf").read_bytes() == (tmp_path / "found.gguf").read_bytes()
    assert found.predicted < 0.8 * read_recipe(recipe).predicted


def test_too_little_text(gguf: Path, tmp_path: Path, task: Task, text_file: Path) -> None:
    text_file.write_text("two words")
    try:
        with pytest.raises(KnownError, match="too short"):
            quantize(gguf, tmp_path / "out.gguf", "Q4_0", task, [])
    finally:
        text_file.write_text(TEXT)
    assert not list(tmp_path.iterdir())
