"""A small random Qwen3-MoE, in torch and as a GGUF file written by hand."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import torch
from transformers import Qwen3MoeConfig, Qwen3MoeForCausalLM

from quantize.convert.config import read_config
from quantize.convert.details import read_generation, read_settings
from quantize.convert.tokenizer import describe_tokenizer
from quantize.writer import Tensor, f32, text, u32, write_gguf

EXPERTS, USED = 6, 2


def make_moe(folder: Path, path: Path) -> Qwen3MoeForCausalLM:
    """folder: one with a tokenizer and its config.json; path: of the file to write."""
    torch.manual_seed(11)
    model = Qwen3MoeForCausalLM(
        Qwen3MoeConfig(
            vocab_size=640,
            hidden_size=64,
            intermediate_size=96,
            moe_intermediate_size=32,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            head_dim=16,
            num_experts=EXPERTS,
            num_experts_per_tok=USED,
            norm_topk_prob=True,
            max_position_embeddings=512,
            initializer_range=0.2,
            tie_word_embeddings=False,
        )
    ).eval()
    config = read_config(folder)
    metadata = {
        "general.architecture": text("qwen3moe"),
        "qwen3moe.block_count": u32(2),
        "qwen3moe.context_length": u32(512),
        "qwen3moe.embedding_length": u32(64),
        "qwen3moe.feed_forward_length": u32(96),
        "qwen3moe.expert_feed_forward_length": u32(32),
        "qwen3moe.expert_count": u32(EXPERTS),
        "qwen3moe.expert_used_count": u32(USED),
        "qwen3moe.attention.head_count": u32(4),
        "qwen3moe.attention.head_count_kv": u32(2),
        "qwen3moe.attention.key_length": u32(16),
        "qwen3moe.attention.value_length": u32(16),
        "qwen3moe.attention.layer_norm_rms_epsilon": f32(model.config.rms_norm_eps),
        "qwen3moe.rope.freq_base": f32(model.config.rope_parameters["rope_theta"]),
        **describe_tokenizer(folder, config, read_settings(folder), read_generation(folder)),
    }
    with open(path, "wb") as file:
        write_gguf(file, metadata, list(_tensors(model)), lambda *_: None)
    return model


def _tensors(model: Qwen3MoeForCausalLM) -> Iterator[Tensor]:
    yield _tensor("token_embd.weight", model.model.embed_tokens.weight)
    yield _tensor("output.weight", model.lm_head.weight)
    yield _tensor("output_norm.weight", model.model.norm.weight)
    for number, layer in enumerate(model.model.layers):
        attention, experts = layer.self_attn, layer.mlp.experts
        gate, up = experts.gate_up_proj.chunk(2, dim=1)
        names = {
            "attn_q": attention.q_proj.weight,
            "attn_k": attention.k_proj.weight,
            "attn_v": attention.v_proj.weight,
            "attn_output": attention.o_proj.weight,
            "attn_q_norm": attention.q_norm.weight,
            "attn_k_norm": attention.k_norm.weight,
            "attn_norm": layer.input_layernorm.weight,
            "ffn_norm": layer.post_attention_layernorm.weight,
            "ffn_gate_inp": layer.mlp.gate.weight,
            "ffn_gate_exps": gate,
            "ffn_up_exps": up,
            "ffn_down_exps": experts.down_proj,
        }
        for name, values in names.items():
            yield _tensor(f"blk.{number}.{name}.weight", values)


def _tensor(name: str, values: torch.Tensor) -> Tensor:
    data = values.detach().float().contiguous().numpy()
    return Tensor(name, data.shape, "F32", lambda: itertools.repeat(data.tobytes(), 1))
