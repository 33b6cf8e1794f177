"""The finished starter model, which is shipped as GGUF only, as a folder to train on."""

import re
import shutil
from pathlib import Path

import numpy as np
import torch

from benchmarks.training.programs import ROOT
from engine.model.gguf.header import TensorInfo, read_header
from training.models.loading import TOKENIZER_FILES, load

MODELS = ROOT / "resources" / "models"
_NAMES = {
    "token_embd": "model.embed_tokens",
    "output_norm": "model.norm",
    "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
    "attn_output": "self_attn.o_proj",
    **{f"attn_{one}": f"self_attn.{one}_proj" for one in "qkv"},
    **{f"attn_{one}_norm": f"self_attn.{one}_norm" for one in "qk"},
    **{f"ffn_{one}": f"mlp.{one}_proj" for one in ("gate", "up", "down")},
}


def unpack(target: Path) -> None:
    """Write the model of starter.gguf with the tokenizer of starter-base, in fp32."""
    file, base = MODELS / "starter.gguf", MODELS / "starter-base"
    tensors = {_name(one.name): _values(file, one) for one in read_header(file).tensors}
    model = load(base)
    odd = model.load_state_dict(tensors, strict=False)
    if odd.unexpected_keys or set(odd.missing_keys) - {"lm_head.weight"}:
        raise ValueError(f"{file.name} and {base.name} are not of one architecture: {odd}")
    model.save_pretrained(target)
    for name in TOKENIZER_FILES:
        if (base / name).is_file():
            shutil.copyfile(base / name, target / name)


def _name(name: str) -> str:
    """That of transformers for llama.cpp's."""
    layer, part = re.fullmatch(r"(?:blk\.(\d+)\.)?(.+)\.weight", name).groups()  # type: ignore[union-attr]  # ours
    return f"model.layers.{layer}.{_NAMES[part]}.weight" if layer else f"{_NAMES[part]}.weight"


def _values(file: Path, one: TensorInfo) -> torch.Tensor:
    """The numbers of a tensor: F32, or Q8_0, where a 16-bit scale stands before 32 bytes."""
    data = np.memmap(file, np.uint8, "r", one.offset, one.size)
    if one.type.name == "F32":
        values = data.view("<f4")
    elif one.type.name == "Q8_0":
        blocks = data.reshape(-1, 34)
        scales = np.ascontiguousarray(blocks[:, :2]).view("<f2").astype(np.float32)
        values = scales * np.ascontiguousarray(blocks[:, 2:]).view(np.int8)
    else:
        raise ValueError(f"{one.name} is {one.type.name}.")
    return torch.from_numpy(np.array(values, np.float32).reshape(one.shape[::-1]))
