"""The importance matrix against torch's own activations, and its file against ggml's reader."""

import ctypes
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from tiny_models import TEXT
from tiny_moe import EXPERTS, USED, make_moe
from tokenizers import Tokenizer
from transformers import PreTrainedModel, Qwen3ForCausalLM

from engine.core.errors import KnownError
from engine.model.child.api import api
from engine.model.gguf.header import read_header, read_values
from quantize.calibration import OWN, read_dialogues, texts_for
from quantize.convert import convert
from quantize.imatrix import collect, read_importance
from quantize.task import Task
from quantize.writer import text, write_gguf

Squares = dict[str, NDArray[np.float64]]
NAMES = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "mlp.gate": "ffn_gate_inp",
}


@pytest.fixture(autouse=True)
def own_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A short text in the place of our dialogues."""
    path = tmp_path / "own.txt"
    path.write_text(TEXT)
    monkeypatch.setattr("quantize.calibration.OWN", path)


def windows(folder: Path) -> Iterator[torch.Tensor]:
    tokens = Tokenizer.from_file(str(folder / "tokenizer.json")).encode(TEXT).ids
    for start in range(0, len(tokens) - 511, 512):
        yield torch.tensor([tokens[start : start + 512]])


def torch_squares(model: PreTrainedModel, folder: Path) -> tuple[Squares, int]:
    """Σ x² of every linear layer's input by hooks, and the tokens."""
    squares: Squares = defaultdict(lambda: np.zeros(()))

    def watch(name: str, layer: torch.nn.Module) -> None:
        def hook(_layer: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
            rows = inputs[0].detach().double().reshape(-1, inputs[0].shape[-1])
            squares[name] = squares[name] + (rows**2).sum(dim=0).numpy()

        layer.register_forward_pre_hook(hook)

    watch("head", model.lm_head)
    for number, layer in enumerate(model.model.layers):
        for name, module in layer.named_modules():
            if name in NAMES:
                watch(f"blk.{number}.{NAMES[name]}.weight", module)
    tokens = 0
    with torch.no_grad():
        for window in windows(folder):
            model(window)
            tokens += window.numel()
    return squares, tokens


def test_sums_equal_torch(gguf: Path, shared_folder: Path, tmp_path: Path, task: Task) -> None:
    model = Qwen3ForCausalLM.from_pretrained(shared_folder).eval()
    expected, tokens = torch_squares(model, shared_folder)
    expected["token_embd.weight"] = expected.pop("head")  # tied
    found = collect(gguf, tmp_path / "imatrix.gguf", [], task)
    assert (found.tokens, found.tensors) == (tokens, 7 * 3 + 1)
    means = read_importance(tmp_path / "imatrix.gguf")
    assert means.keys() == expected.keys()
    for name, squares in expected.items():
        np.testing.assert_allclose(means[name][0] * tokens, squares, rtol=1e-4)


def test_experts_are_counted_apart(shared_folder: Path, tmp_path: Path, task: Task) -> None:
    """Each expert's sums from the router's choices, computed here from the layer's input."""
    path = tmp_path / "moe.gguf"
    model = make_moe(shared_folder, path)
    inputs: dict[int, list[torch.Tensor]] = defaultdict(list)
    for number, layer in enumerate(model.model.layers):
        layer.mlp.register_forward_pre_hook(
            lambda _layer, args, number=number: inputs[number].append(args[0][0].double())
        )
    plain, tokens = torch_squares(model, shared_folder)
    collect(path, tmp_path / "imatrix.gguf", [], task)
    means = read_importance(tmp_path / "imatrix.gguf")
    np.testing.assert_allclose(means["output.weight"][0] * tokens, plain["head"], rtol=1e-4)
    router = "blk.1.ffn_gate_inp.weight"
    np.testing.assert_allclose(means[router][0] * tokens, plain[router], rtol=1e-4)
    seen = 0
    for number, layer in enumerate(model.model.layers):
        mlp = layer.mlp.double()
        rows = torch.cat(inputs[number])
        chosen = (rows @ mlp.gate.weight.T).topk(USED).indices
        for expert in range(EXPERTS):
            mine = rows[(chosen == expert).any(dim=1)]
            gate, up = (mine @ mlp.experts.gate_up_proj[expert].T).chunk(2, dim=1)
            inner = torch.nn.functional.silu(gate) * up
            for name, values in (("gate", mine), ("up", mine), ("down", inner)):
                mean = means[f"blk.{number}.ffn_{name}_exps.weight"][expert]
                expected = (values**2).mean(dim=0).detach().numpy()
                np.testing.assert_allclose(mean, expected, rtol=1e-4)
            seen += len(mine)
    assert seen == 2 * USED * tokens


def test_the_file_is_what_llama_cpp_reads(gguf: Path, tmp_path: Path, task: Task) -> None:
    path = tmp_path / "imatrix.gguf"
    collect(gguf, path, [], task)
    assert api.llama_max_devices() > 0  # the library is loaded
    from llama_cpp._ggml import libggml

    class Params(ctypes.Structure):
        _fields_ = (("no_alloc", ctypes.c_bool), ("context", ctypes.c_void_p))

    libggml.gguf_init_from_file.restype = ctypes.c_void_p
    libggml.gguf_init_from_file.argtypes = [ctypes.c_char_p, Params]
    libggml.gguf_get_val_str.restype = ctypes.c_char_p
    libggml.gguf_get_arr_str.restype = ctypes.c_char_p
    libggml.gguf_find_tensor.restype = ctypes.c_int64
    file = ctypes.c_void_p(libggml.gguf_init_from_file(str(path).encode(), Params(True, None)))
    keys = {
        name: ctypes.c_int64(libggml.gguf_find_key(file, f"imatrix.{name}".encode()))
        for name in ("datasets", "chunk_count", "chunk_size")
    }
    kind = ctypes.c_int64(libggml.gguf_find_key(file, b"general.type"))
    assert libggml.gguf_get_val_str(file, kind) == b"imatrix"
    assert libggml.gguf_get_arr_str(file, keys["datasets"], ctypes.c_size_t(0))
    assert libggml.gguf_get_val_u32(file, keys["chunk_size"]) == 512
    assert libggml.gguf_get_val_u32(file, keys["chunk_count"]) == 1
    for name in ("in_sum2", "counts"):
        assert libggml.gguf_find_tensor(file, f"blk.2.ffn_down.weight.{name}".encode()) >= 0
    shapes = {tensor.name: tensor.shape for tensor in read_values(path).tensors}
    assert shapes["blk.0.ffn_down.weight.in_sum2"] == (512, 1)
    assert shapes["blk.0.ffn_down.weight.counts"] == (1, 1)


def test_dialogues_are_written_by_the_models_template(gguf: Path, tmp_path: Path) -> None:
    talk = tmp_path / "talk.txt"
    talk.write_text(
        '@tools\n{"name": "price", "description": "", "parameters": {}}\n'
        '@user\nbtc\n@@home?\n@call price\n{"coin": "BTC"}\n@tool\n{"price": 1}\n@assistant\n1\n'
        "---\n@system\nBe brief.\n@user\nHello\n@assistant\nHi\n"
    )
    raw = tmp_path / "raw.txt"
    raw.write_text("as it is <|im_end|>")
    texts = texts_for(read_header(gguf), [talk, raw])
    assert texts[0] == TEXT
    assert texts[1].count("<|im_start|>") == 5
    assert "<|im_start|>user\nbtc\n@home?<|im_end|>" in texts[1]
    assert texts[2] == (
        "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHello<|im_end|>\n"
        "<|im_start|>assistant\nHi<|im_end|>\n"
    )
    assert texts[3] == raw.read_text()


@pytest.mark.parametrize(
    "text",
    ["hello", "@user\na\n---\n", "@them\na", "@call price\nnot json", "@tools\n[1]\n@user\na"],
)
def test_what_is_no_dialogue(text: str) -> None:
    with pytest.raises(KnownError, match=r"Dialogue \d of x.txt is not written"):
        list(read_dialogues(text, "x.txt"))


def test_our_dialogues_are_varied() -> None:
    text = OWN.read_text(encoding="utf-8")
    dialogues = list(read_dialogues(text, OWN.name))
    assert 60_000 < len(text.encode()) < 100_000
    calls = [call for one in dialogues for message in one.messages for call in message.calls]
    offered = {tool.name for one in dialogues for tool in one.tools}
    assert len(calls) >= 15
    assert {call.name for call in calls} <= offered
    assert sum(not character.isascii() for character in text) > 1500
    assert text.count("```") >= 10
    questions = [one.messages[-2].text for one in dialogues]
    assert len(set(questions)) == len(questions) > 100


def test_refusals(gguf: Path, tmp_path: Path, task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    short = tmp_path / "short.txt"
    short.write_text("two words")
    monkeypatch.setattr("quantize.calibration.OWN", short)
    target = tmp_path / "imatrix.gguf"
    with pytest.raises(KnownError, match="too short"):
        collect(gguf, target, [], task)
    with pytest.raises(KnownError, match="does not exist"):
        collect(gguf, target, [tmp_path / "nothing.txt"], task)
    (tmp_path / "empty.txt").write_text(" \n")
    with pytest.raises(KnownError, match=r"empty\.txt is empty"):
        collect(gguf, target, [tmp_path / "empty.txt"], task)
    with pytest.raises(KnownError, match="not an importance matrix"):
        read_importance(gguf)
    assert not target.exists()


def test_a_huge_file_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "imatrix.gguf"
    with open(path, "wb") as file:
        write_gguf(file, {"general.type": text("imatrix")}, (), lambda *_: None)
    monkeypatch.setattr("quantize.imatrix.MAX_SIZE", 10)
    with pytest.raises(KnownError, match="larger than any importance matrix"):
        read_importance(path)


def test_a_place_that_cannot_be_written_is_refused_at_once(gguf: Path, tmp_path: Path) -> None:
    """Not after hours; and the model is never replaced by what was measured of it."""
    seen: list[str] = []
    task = Task(lambda _, text: seen.append(text))
    copy = tmp_path / "copy.gguf"
    copy.write_bytes(gguf.read_bytes())
    for place, sentence in (
        (copy, "would replace one it is made from"),
        (tmp_path, "is a folder"),
        (tmp_path / "no" / "imatrix.gguf", "Could not write imatrix.gguf"),
    ):
        with pytest.raises(KnownError, match=sentence):
            collect(copy, place, [], task)
    assert copy.read_bytes() == gguf.read_bytes()
    assert not seen


def test_a_model_that_computes_no_numbers(folder: Path, tmp_path: Path, task: Task) -> None:
    """Else the file would only be called damaged when it is used."""
    weights = load_file(folder / "model.safetensors")
    weights["model.layers.1.post_attention_layernorm.weight"] *= 1e38
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    convert(folder, tmp_path / "broken.gguf", "F32", task)
    with pytest.raises(KnownError, match=r"broken\.gguf computes values that are no numbers"):
        collect(tmp_path / "broken.gguf", tmp_path / "imatrix.gguf", [], task)
    assert not (tmp_path / "imatrix.gguf").exists()
