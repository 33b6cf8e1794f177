"""Converts a Hugging Face model folder (safetensors) into one GGUF file."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.core.errors import KnownError
from engine.core.files import known_os_error
from engine.model.gguf.header import read_header
from quantize.child import run_job
from quantize.convert import qwen3
from quantize.convert.config import read_config
from quantize.convert.details import describe_details, read_settings
from quantize.convert.family import Families, Wanted
from quantize.convert.tokenizer import describe_tokenizer
from quantize.jsonfile import FETCH_AGAIN
from quantize.numbers import encode
from quantize.output import atomic_output, check_space
from quantize.task import Task
from quantize.weights import Weight, open_weights
from quantize.writer import Metadata, Tensor, total_size, u32, write_gguf

FAMILIES: Families = {"Qwen3ForCausalLM": qwen3.FAMILY}
FILE_TYPES = {"F32": 0, "F16": 1, "BF16": 32}  # llama.cpp's numbers for general.file_type
_VERIFIED = 0.1  # share of the progress bar


@dataclass(frozen=True, slots=True)
class Converted:
    """A finished conversion.

    type: kind of the weights; size: bytes; checked_tokens: agreed with the original tokenizer;
    misread_tokens: ordinary words, such as "</s>", that llama.cpp takes for control tokens.
    """

    architecture: str
    type: str
    size: int
    tensors: int
    checked_tokens: int
    misread_tokens: int


def convert(folder: Path, target: Path, kind: str | None, task: Task) -> Converted:
    """Write the model in `folder` to `target` with weights as F32, F16 or BF16.

    kind None: as in the checkpoint. Vectors (norms) are always F32. Before anything is written,
    the tokenizer is checked against the original. Raises KnownError and Cancelled; `target` is
    then as it was before.
    """
    try:
        return _convert(folder, target, kind, task)
    except OSError as error:
        raise known_os_error(f"convert {folder.name}", error) from error


def _convert(folder: Path, target: Path, kind: str | None, task: Task) -> Converted:
    if not folder.is_dir():
        raise KnownError(f"There is no folder {folder}.", "Give the folder the model is in.")
    config = read_config(folder)
    name = (config.texts("architectures") or ("",))[0]
    family = FAMILIES.get(name)
    if family is None or config.has("quantization_config"):
        what = "quantized already" if family else f'of the kind "{name[:40]}"'
        raise KnownError(
            f"The model is {what}, which Assay cannot convert.",
            f"Models that can be converted: {', '.join(FAMILIES)}.",
        )
    settings = read_settings(folder)
    metadata = {
        **family.describe(config),
        **describe_details(folder, settings),
        **describe_tokenizer(folder, config, settings),
        "general.quantization_version": u32(2),
    }
    wanted = family.tensors(config)
    weights = _match(wanted, open_weights(folder), family.superfluous(config))
    kind = kind or weights[0].kind
    metadata["general.file_type"] = u32(FILE_TYPES[kind])
    tensors = [_tensor(*pair, kind) for pair in zip(wanted, weights, strict=True)]
    task.check()
    checked, misread = _verify(folder, metadata, task)
    size = total_size(metadata, tensors)
    check_space(target, size)
    with atomic_output(target) as temporary:
        _write(temporary, metadata, tensors, task)
        architecture = read_header(temporary).architecture
        task.check()
    return Converted(architecture, kind, size, len(tensors), checked, misread)


def _match(
    wanted: tuple[Wanted, ...], found: dict[str, Weight], superfluous: frozenset[str]
) -> list[Weight]:
    """The weights in the order wanted; all there, of the right shape, and no others."""
    for one in wanted:
        weight = found.get(one.source)
        if weight is None:
            raise KnownError(f"The model's weights lack {one.source}.", FETCH_AGAIN)
        if weight.shape != one.shape:
            raise KnownError(
                f"The model's weights do not fit its config.json: {one.source} has the shape "
                f"{list(weight.shape)} instead of {list(one.shape)}.",
                FETCH_AGAIN,
            )
    unknown = found.keys() - {one.source for one in wanted} - superfluous
    if unknown:
        raise KnownError(
            f"The model has weights that are not part of its kind, such as {min(unknown)[:60]}.",
            "Adapters and variants cannot be converted.",
        )
    return [found[one.source] for one in wanted]


def _tensor(wanted: Wanted, weight: Weight, kind: str) -> Tensor:
    stored = "F32" if len(wanted.shape) == 1 else kind

    def blocks() -> Iterator[bytes]:
        for numbers in weight.blocks():
            yield encode(numbers, stored)

    return Tensor(wanted.name, wanted.shape, stored, blocks)


def _verify(folder: Path, metadata: Metadata, task: Task) -> tuple[int, int]:
    """Check the tokenizer; returns how many tokens agreed and how many llama.cpp misreads."""
    with tempfile.TemporaryDirectory(prefix="assay-") as scratch:
        path = Path(scratch) / "vocabulary.gguf"
        with open(path, "wb") as file:
            write_gguf(file, metadata, (), lambda *_: None)
        arguments = {"gguf": str(path), "tokenizer": str((folder / "tokenizer.json").resolve())}
        found = run_job("verify", arguments, task, share=(0.0, _VERIFIED))
        return int(found["tokens"]), int(found["misread"])


def _write(path: Path, metadata: Metadata, tensors: list[Tensor], task: Task) -> None:
    total = sum(tensor.size for tensor in tensors)
    done = 0

    def on_block(tensor: Tensor, size: int) -> None:
        nonlocal done
        done += size
        task.check()
        task.report(_VERIFIED + (1 - _VERIFIED) * done / total, f"Writing {tensor.name}")

    with open(path, "xb") as file:
        write_gguf(file, metadata, tensors, on_block)
