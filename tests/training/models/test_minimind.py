"""MiniMind's checkpoints compute as folders what they computed, and come back unchanged."""

import math
import pickle
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import AutoModelForCausalLM, LlamaConfig

from engine.core.errors import KnownError
from training.cli import main
from training.models.loading import load
from training.models.minimind import config_of, read

WIDTH, WORDS, LAYERS = 128, 90, 2
TOKENS = torch.randint(0, WORDS, (40,), generator=torch.Generator().manual_seed(1))
Weights = dict[str, Tensor]


def checkpoint(modern: bool, experts: int = 0) -> Weights:
    """Random weights under MiniMind's names: 8 heads, 2 of keys, feed-forward width 192."""
    torch.manual_seed(3)
    size = WIDTH // 8

    def matrix(rows: int, columns: int) -> Tensor:
        return torch.randn(rows, columns) * 0.08

    weights = {"model.embed_tokens.weight": matrix(WORDS, WIDTH) * 10}
    for index in range(LAYERS):
        layer = f"model.layers.{index}."
        for name, rows in (("q", WIDTH), ("k", 2 * size), ("v", 2 * size), ("o", WIDTH)):
            weights[f"{layer}self_attn.{name}_proj.weight"] = matrix(rows, WIDTH)
        for name in ("q_norm", "k_norm") if modern else ():
            weights[f"{layer}self_attn.{name}.weight"] = 1 + 0.2 * torch.randn(size)
        for name in ("input_layernorm", "post_attention_layernorm"):
            weights[f"{layer}{name}.weight"] = 1 + 0.2 * torch.randn(WIDTH)
        for part in [f"experts.{i}." for i in range(experts)] or [""]:
            weights[f"{layer}mlp.{part}gate_proj.weight"] = matrix(192, WIDTH)
            weights[f"{layer}mlp.{part}up_proj.weight"] = matrix(192, WIDTH)
            weights[f"{layer}mlp.{part}down_proj.weight"] = matrix(WIDTH, 192)
        if experts:
            weights[f"{layer}mlp.gate.weight"] = matrix(experts, WIDTH)
    weights["model.norm.weight"] = 1 + 0.2 * torch.randn(WIDTH)
    weights["lm_head.weight"] = weights["model.embed_tokens.weight"]
    return {name: value.half() for name, value in weights.items()}


def reference(weights: Weights) -> Tensor:
    """MiniMind's forward pass, written down in plain torch."""
    w = {name: value.float() for name, value in weights.items()}
    modern, size = "model.layers.0.self_attn.q_norm.weight" in w, WIDTH // 8
    x = w["model.embed_tokens.weight"][TOKENS]

    def norm(x: Tensor, name: str) -> Tensor:
        epsilon = 1e-6 if modern else 1e-5
        return w[name + ".weight"] * x / (x.square().mean(-1, keepdim=True) + epsilon).sqrt()

    frequencies = 1e6 ** (-torch.arange(0, size, 2) / size)
    angles = torch.arange(len(TOKENS))[:, None] * frequencies
    cos, sin = angles.cos().repeat(1, 2), angles.sin().repeat(1, 2)

    def rotate(x: Tensor) -> Tensor:
        one, two = x.chunk(2, -1)
        return x * cos + torch.cat((-two, one), -1) * sin

    def feed(x: Tensor, prefix: str) -> Tensor:
        gate, up, down = (w[f"{prefix}{part}_proj.weight"] for part in ("gate", "up", "down"))
        return (F.silu(x @ gate.T) * (x @ up.T)) @ down.T

    for index in range(LAYERS):
        layer = f"model.layers.{index}."
        y = norm(x, layer + "input_layernorm")
        q, k, v = (
            (y @ w[f"{layer}self_attn.{part}_proj.weight"].T).view(len(TOKENS), -1, size)
            for part in "qkv"
        )
        if modern:
            q, k = norm(q, layer + "self_attn.q_norm"), norm(k, layer + "self_attn.k_norm")
        q, k, v = (part.transpose(0, 1) for part in (q, k, v))
        k, v = (part.repeat_interleave(4, 0) for part in (rotate(k), v))
        scores = rotate(q) @ k.transpose(1, 2) / math.sqrt(size)
        hidden = torch.ones(len(TOKENS), len(TOKENS)).triu(1).bool()
        mixed = scores.masked_fill(hidden, -math.inf).softmax(-1) @ v
        x = x + mixed.transpose(0, 1).flatten(1) @ w[layer + "self_attn.o_proj.weight"].T
        y = norm(x, layer + "post_attention_layernorm")
        if f"{layer}mlp.gate.weight" in w:
            best = (y @ w[f"{layer}mlp.gate.weight"].T).argmax(-1)
            rows = [
                feed(row, f"{layer}mlp.experts.{int(i)}.") for row, i in zip(y, best, strict=True)
            ]
            x = x + torch.stack(rows)  # of one expert per token the weight is 1
        else:
            x = x + feed(y, f"{layer}mlp.")
    return norm(x, "model.norm") @ w["lm_head.weight"].T


@pytest.mark.parametrize(
    ("modern", "experts", "kind"), [(False, 0, "llama"), (True, 0, "qwen3"), (True, 4, "qwen3_moe")]
)
def test_there_and_back(modern: bool, experts: int, kind: str, tmp_path: Path) -> None:
    weights = checkpoint(modern, experts)
    path, folder, back = tmp_path / "full_sft.pth", tmp_path / "hf", tmp_path / "back.pth"
    torch.save(weights, path)
    assert main(["convert", str(path), "--out", str(folder)]) == 0
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    assert model.config.model_type == kind
    with torch.no_grad():
        found = model(TOKENS[None]).logits[0]
    wanted = reference(weights)
    assert wanted.std() > 0.5
    torch.testing.assert_close(found, wanted, atol=2e-4, rtol=1e-4)
    assert main(["convert", str(folder), "--out", str(back)]) == 0
    returned = read(back)
    assert returned.keys() == weights.keys()
    assert all(torch.equal(returned[name], value) for name, value in weights.items())


def test_what_minimind_needs_to_know_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.save(checkpoint(True), tmp_path / "a.pth")
    main(["convert", str(tmp_path / "a.pth"), "--out", str(tmp_path / "hf")])
    main(["convert", str(tmp_path / "hf"), "--out", str(tmp_path / "b.pth")])
    said = capsys.readouterr().out
    assert "hidden_size=128, num_hidden_layers=2, num_attention_heads=8" in said
    assert "rms_norm_eps=1e-06" in said


def test_what_weights_do_not_say_comes_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """4 heads, base 10,000 and epsilon 1e-4 are not MiniMind's."""
    settings = LlamaConfig(
        vocab_size=WORDS, hidden_size=64, intermediate_size=96, num_hidden_layers=1,
        num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=256,
        rms_norm_eps=1e-4, rope_parameters={"rope_type": "default", "rope_theta": 10_000.0},
        tie_word_embeddings=True,
    )  # fmt: skip
    one, path, two = (tmp_path / name for name in ("one", "a.pth", "two"))
    AutoModelForCausalLM.from_config(settings).save_pretrained(one)
    assert main(["convert", str(one), "--out", str(path)]) == 0
    capsys.readouterr()
    assert main(["convert", str(path), "--out", str(two)]) == 0
    said = capsys.readouterr().out
    assert "rope_theta is taken to be 10,000." in said
    assert f"{two} has no tokenizer" in said
    before, after = (load(folder).config for folder in (one, two))
    for name in ("num_attention_heads", "head_dim", "rms_norm_eps", "max_position_embeddings"):
        assert getattr(after, name) == getattr(before, name), name
    assert after.rope_parameters["rope_theta"] == 10_000
    (tmp_path / "a.pth.json").unlink()
    for words, theta in (([], 1e6), (["--rope_theta", "5000"], 5000)):
        assert main(["convert", str(path), "--out", str(two), *words]) == 0
        assert load(two).config.rope_parameters["rope_theta"] == theta


def test_the_tokenizer_comes_along(model_folder: Path, tmp_path: Path) -> None:
    torch.save({"model": checkpoint(True), "step": 3}, tmp_path / "resume.pth")  # as it resumes
    folder = tmp_path / "hf"
    arguments = ["--out", str(folder), "--tokenizer", str(model_folder)]
    assert main(["convert", str(tmp_path / "resume.pth"), *arguments]) == 0
    assert (folder / "tokenizer.json").read_bytes() == (
        model_folder / "tokenizer.json"
    ).read_bytes()
    assert load(folder).config.rms_norm_eps == 1e-6


class Harmful:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return print, ("ran",)


def test_only_weights_are_unpacked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.save({"model.embed_tokens.weight": Harmful()}, tmp_path / "a.pth")
    (tmp_path / "b.pth").write_bytes(pickle.dumps(Harmful(), protocol=2))
    (tmp_path / "c.pth").write_bytes(b"PK\3\4 no archive")
    (tmp_path / "d.pth").write_bytes(b"")
    torch.save({"layer.weight": torch.ones(2)}, tmp_path / "e.pth")
    torch.save(torch.ones(2), tmp_path / "f.pth")
    for name in "abcdef":
        assert main(["convert", str(tmp_path / f"{name}.pth"), "--out", str(tmp_path / "hf")]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("only weights") == 4
    assert said.err.count("no checkpoint of minimind") == 2


def test_refusals(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shared = checkpoint(False, 4)
    shared["model.layers.0.mlp.shared_experts.0.gate_proj.weight"] = torch.ones(1)
    with pytest.raises(KnownError, match="mixture of experts equals no architecture"):
        config_of(shared)
    assert main(["convert", str(tmp_path), "--out", str(tmp_path / "folder")]) == 1
    assert "must be a MiniMind checkpoint" in capsys.readouterr().err
