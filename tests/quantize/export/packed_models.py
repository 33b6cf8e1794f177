"""Reads W4A16 folders from the format's description, apart from the code under test."""

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor

Codes = NDArray[np.int64]


def read_folder(folder: Path) -> dict[str, Tensor]:
    """All tensors of a folder, by the safetensors library."""
    index = folder / "model.safetensors.index.json"
    if not index.exists():
        return dict(load_file(folder / "model.safetensors"))
    places = json.loads(index.read_text())["weight_map"]
    tensors: dict[str, Tensor] = {}
    for name in set(places.values()):
        tensors |= load_file(folder / name)
    assert tensors.keys() == places.keys()
    return tensors


def codes_of(tensors: dict[str, Tensor], layer: str) -> Codes:
    """The whole numbers of a layer: eight to a 32-bit word, the first in its lowest four bits."""
    rows, columns = tensors[f"{layer}.weight_shape"].tolist()
    words = tensors[f"{layer}.weight_packed"].numpy().astype(np.int64) & 0xFFFFFFFF
    result = np.zeros((rows, columns), np.int64)
    for column in range(columns):
        result[:, column] = (words[:, column // 8] // 16 ** (column % 8)) % 16 - 8
    return result


def unpacked(tensors: dict[str, Tensor], layer: str) -> NDArray[np.float32]:
    """The weights of a layer: number × scale of its group."""
    codes = codes_of(tensors, layer)
    scales = tensors[f"{layer}.weight_scale"].float().numpy()
    group = codes.shape[1] // scales.shape[1]
    return (codes * np.repeat(scales, group, axis=1)).astype(np.float32)


def layers_of(tensors: dict[str, Tensor]) -> list[str]:
    """Names of the packed layers."""
    end = ".weight_packed"
    return [name.removesuffix(end) for name in tensors if name.endswith(end)]
