"""Weights rounded to the grid of a quantized file in every forward pass, and trained through it.

The backward pass takes the rounding for the identity (the straight-through estimator, Bengio et
al., arXiv 1308.3432), so that small gradients add up until a weight's code changes. Scales and
minima stay those of the file. So it can be written again, with other codes, exactly as trained.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.utils import parametrize

from engine.core.errors import KnownError
from engine.model.gguf.header import GgufHeader, TensorInfo, read_header
from training.models.blocks import LAYOUTS, Layout

ARCHITECTURES = ("llama", "qwen2", "qwen3")
PLAIN = {"F32": "<f4", "F16": "<f2"}
PLAIN_TYPES = (*PLAIN, "BF16")
_FURTHEST = 0.5  # of a weight's own size: more is no rounding of it
_NAMES = {
    "token_embd": "model.embed_tokens",
    "output": "lm_head",
    "output_norm": "model.norm",
    "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
    "attn_output": "self_attn.o_proj",
    **{f"attn_{one}": f"self_attn.{one}_proj" for one in "qkv"},
    **{f"attn_{one}_norm": f"self_attn.{one}_norm" for one in "qk"},
    **{f"ffn_{one}": f"mlp.{one}_proj" for one in ("gate", "up", "down")},
}


class Rounding(nn.Module):  # type: ignore[misc]  # torch is untyped here
    """Rounds a weight to its grid.

    scale, minimum: [rows, groups] of the weight's rows. order: row of the weight for each row of
    the file.
    """

    def __init__(self, layout: Layout, blocks: Any, order: NDArray[np.int64]) -> None:
        super().__init__()
        self.layout, self.order = layout, order
        scale, minimum = map(self.from_file, layout.grid(blocks))
        inverse = torch.where(scale == 0, 0.0, 1 / scale)
        levels = torch.tensor(layout.levels, dtype=torch.float32)
        parts = {"scale": scale, "minimum": minimum, "inverse": inverse, "levels": levels}
        for name, part in parts.items():
            self.register_buffer(name, part, persistent=False)

    def forward(self, weight: Tensor) -> Tensor:
        """The nearest weight on the grid; its gradient is that of the weight."""
        rounded: Tensor = _StraightThrough.apply(weight, self)
        return rounded

    def nearest(self, weight: Tensor) -> Tensor:
        """The nearest weight on the grid."""
        levels = self._levels(weight)
        return levels.mul_(self.scale[..., None]).sub_(self.minimum[..., None]).view_as(weight)

    def from_file(self, numbers: NDArray[np.float32]) -> Tensor:
        """Numbers of the file's blocks, by the rows of the weight."""
        rows = numbers.reshape(len(self.order), -1)
        return torch.from_numpy(rows[np.argsort(self.order)])

    def codes(self, weight: Tensor) -> NDArray[np.uint8]:
        """The codes of the nearest weights, [rows, columns] in the file's order."""
        found = torch.searchsorted(self.levels, self._levels(weight), out_int32=True)
        codes: NDArray[np.uint8] = found.to(torch.uint8).view_as(weight).cpu().numpy()
        return codes[self.order]

    def _levels(self, weight: Tensor) -> Tensor:
        """The nearest levels, [rows, groups, weights of a group]."""
        groups = weight.detach().view(*self.scale.shape, self.layout.group)
        exact = (groups + self.minimum[..., None]).mul_(self.inverse[..., None])
        if self.levels[-1] - self.levels[0] == len(self.levels) - 1:  # one apart
            return exact.round_().clamp_(self.levels[0], self.levels[-1])
        between = (self.levels[1:] + self.levels[:-1]) / 2
        found: Tensor = self.levels[torch.bucketize(exact, between)]
        return found


class _StraightThrough(torch.autograd.Function):  # type: ignore[misc]  # torch is untyped here
    @staticmethod
    def forward(_ctx: Any, weight: Tensor, rounding: Rounding) -> Tensor:
        return rounding.nearest(weight)

    @staticmethod
    def backward(_ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        return grads[0], None


def attach(model: Any, file: Path) -> None:
    """Round the model's weights as a quantized file of it stores them, from now on.

    Raises KnownError if the file is not one of this model, or has types that are not known here.
    """
    header = read_header(file)
    if header.architecture not in ARCHITECTURES:
        raise KnownError(
            f"{file.name} is a {header.architecture}; recovery knows {', '.join(ARCHITECTURES)}."
        )
    places = dict(_places(model, header))
    odd = {name for name, _ in model.named_parameters()} ^ places.keys()
    if odd:
        raise KnownError(f"{file.name} is not of this model: {min(odd)} is in one of them only.")
    if all(info.type.name in PLAIN_TYPES for info in places.values()):
        raise KnownError(
            f"{file.name} is not quantized, so there is nothing to recover.",
            "Name a file that `assay-quantize quantize` or `search` made.",
        )
    for name, info in places.items():
        weight = model.get_parameter(name)
        if tuple(weight.shape) != info.shape[::-1]:
            raise KnownError(f"{file.name} is not of this model: {name} has another shape.")
        if info.type.name in PLAIN_TYPES:
            continue
        if info.type.name not in LAYOUTS:
            raise KnownError(
                f"{info.name} is stored as {info.type.name}, whose grid recovery does not know.",
                f"It knows {', '.join(LAYOUTS)}.",
            )
        layout = LAYOUTS[info.type.name]
        blocks = layout.blocks(np.memmap(file, np.uint8, "r", info.offset, info.size))
        rounding = Rounding(layout, blocks, _order(header, info))
        own = rounding.from_file(layout.values(blocks))
        if (own - weight.detach()).norm() > _FURTHEST * weight.detach().norm():
            raise KnownError(
                f"{file.name} was not made from this model: {name} differs.",
                "Name the folder it was converted from.",
            )
        modules = [m for m in model.modules() if getattr(m, "weight", None) is weight]
        for module in modules:  # two where embedding and output are one
            parametrize.register_parametrization(module, "weight", rounding)


def detach(model: Any) -> None:
    """Make the rounded weights the model's own."""
    for module in list(model.modules()):
        if parametrize.is_parametrized(module, "weight"):
            parametrize.remove_parametrizations(module, "weight")


def patch(model: Any, file: Path) -> None:
    """Replace the weights of a quantized file, a copy of the one given to attach()."""
    header = read_header(file)
    roundings = {}
    for name, module in model.named_modules():
        if parametrize.is_parametrized(module, "weight"):
            roundings[f"{name}.weight"] = module.parametrizations.weight
    for name, info in _places(model, header):
        data = np.memmap(file, np.uint8, "r+", info.offset, info.size)
        if name in roundings:
            (rounding,) = roundings[name]
            blocks = rounding.layout.blocks(data)
            codes = rounding.codes(roundings[name].original)
            rounding.layout.put(blocks, codes.reshape(len(blocks), -1))
        else:
            weight = model.get_parameter(name).detach().cpu()
            data[:] = _bytes(weight[_order(header, info)], info.type.name)
        data.flush()


def _places(model: Any, header: GgufHeader) -> Iterator[tuple[str, TensorInfo]]:
    """The model's name of each of a file's tensors."""
    for info in header.tensors:
        if info.name != "rope_freqs.weight":  # follows from the settings
            yield model_name(info.name), info


def model_name(name: str) -> str:
    """That of transformers for llama.cpp's name of a weight. Raises KnownError."""
    found = re.fullmatch(r"(?:blk\.(\d+)\.)?(\w+)\.(weight|bias)", name)
    if found is None or found[2] not in _NAMES:
        raise KnownError(f"{name[:60]} is a weight that recovery does not know.")
    layer, part, kind = found.groups()
    own = f"{_NAMES[part]}.{kind}"
    return own if layer is None else f"model.layers.{layer}.{own}"


def _order(header: GgufHeader, info: TensorInfo) -> NDArray[np.int64]:
    """Row of the model's weight for each row of the file's: llama.cpp's llama rotates the rows 2i
    and 2i + 1 of a head together, transformers i and i + half."""
    rows = np.arange(info.shape[-1])
    heads = {"attn_q": "attention.head_count", "attn_k": "attention.head_count_kv"}
    part = info.name.split(".")[-2]
    if header.architecture != "llama" or part not in heads:
        return rows
    count = header.number(heads[part], header.number("attention.head_count", 1))
    return rows.reshape(count, 2, -1).swapaxes(1, 2).reshape(-1)


def _bytes(weight: Tensor, kind: str) -> NDArray[np.uint8]:
    if kind == "BF16":
        weight = weight.to(torch.bfloat16).view(torch.int16)
    values = weight.numpy().reshape(-1).astype(PLAIN.get(kind, "<i2"))
    data: NDArray[np.uint8] = values.view(np.uint8)
    return data
