"""A Hugging Face model folder to export: its tensors, and which of them become 4-bit matrices."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np

from engine.core.errors import KnownError
from quantize.convert import FAMILIES
from quantize.convert.config import MAX_CONFIG, Config
from quantize.convert.experts import separated
from quantize.convert.folder import HUGGING_FACE, check_folder, require_folder
from quantize.convert.plan import left_over, match
from quantize.export.checkpoint import Entry, Part
from quantize.jsonfile import read_object
from quantize.numbers import Floats, encode
from quantize.weights import Weight, open_weights

_KEPT = ("token_embd.weight", "output.weight")


@dataclass(frozen=True, slots=True)
class Matrix:
    """A matrix of a linear layer. name: of the layer; tensor, expert: where the importance matrix
    of the GGUF file has its inputs."""

    name: str
    weight: Weight
    tensor: str
    expert: int


@dataclass(frozen=True, slots=True)
class Source:
    """A model to export.

    config: what the new config.json holds beside how weights are packed; kind: BF16 or F16, of what
    stays in 16 bits; matrices: those of the layers, in the model's order; others: the tensors that
    stay; layers: names of the linear layers among these.
    """

    folder: Path
    config: dict[str, object]
    kind: str
    matrices: tuple[Matrix, ...]
    others: dict[str, Weight]
    layers: tuple[str, ...]

    @property
    def count(self) -> int:
        """Weights of the model."""
        weights = (*(matrix.weight for matrix in self.matrices), *self.others.values())
        return sum(prod(weight.shape) for weight in weights)


def open_source(folder: Path) -> Source:
    """A model's folder; only headers are read. Raises KnownError."""
    require_folder(folder, HUGGING_FACE)
    check_folder(folder)
    values = read_object(folder / "config.json", MAX_CONFIG)
    config = Config(values)
    name = (config.texts("architectures") or ("",))[0]
    family = FAMILIES.get(name)
    if family is None or config.has("quantization_config"):
        what = "quantized already" if family else f'of the kind "{name[:40]}"'
        raise KnownError(
            f"The model is {what}, which Assay cannot export.",
            f"Models that can be exported: {', '.join(FAMILIES)}.",
        )
    found = separated(open_weights(folder))
    planned = match(family.tensors(config), found)
    spare = left_over(planned, found)
    if unknown := {name for name in spare if not family.superfluous(config, name)}:
        raise KnownError(
            f"The model has weights that are not part of its kind, such as {min(unknown)[:60]}.",
            "Adapters and variants cannot be exported.",
        )
    matrices: dict[str, Matrix] = {}
    others: dict[str, Weight] = {}
    linear: list[str] = ["lm_head"]
    for wanted, weights in planned:
        quantized = len(wanted.part) == 2 and not wanted.exact and wanted.name not in _KEPT
        for expert, (source, weight) in enumerate(zip(wanted.sources, weights, strict=True)):
            layer = source.removesuffix(".weight")
            if quantized:
                matrices[source] = Matrix(layer, weight, wanted.name, expert)
                continue
            others[source] = weight
            if wanted.exact and len(wanted.part) == 2:
                linear.append(layer)
    kind = "F16" if planned[0][1][0].kind == "F16" else "BF16"
    ordered = tuple(matrices.values())
    values["dtype"] = {"F16": "float16", "BF16": "bfloat16"}[kind]
    values.pop("torch_dtype", None)  # its older name
    return Source(folder, values, kind, ordered, others, tuple(linear))


def whole(weight: Weight) -> Floats:
    """All numbers of a tensor, in its shape. Raises KnownError."""
    result = np.empty(prod(weight.shape), np.float32)
    start = 0
    for numbers in weight.blocks():
        result[start : start + len(numbers)] = numbers
        start += len(numbers)
    return result.reshape(weight.shape)


def kept(source: Source) -> Iterator[Part]:
    """The tensors that stay: matrices in 16 bits, vectors as they are. The bias of GLM's router
    decides between experts by differences that 16 bits do not have."""
    for name, weight in source.others.items():
        yield _kept(name, weight, source.kind if len(weight.shape) > 1 else weight.kind)


def _kept(name: str, weight: Weight, kind: str) -> Part:
    def blocks() -> Iterator[tuple[int, bytes]]:
        for numbers in weight.blocks():
            yield 0, encode(numbers, kind)

    return Part((Entry(name, kind, weight.shape),), blocks)
