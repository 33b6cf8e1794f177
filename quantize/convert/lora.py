"""A LoRA adapter in peft's format as a GGUF file, as llama.cpp and Assay use beside a model."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.core.files import known_os_error
from engine.model.gguf.header import read_adapter as read_header
from quantize.convert import family_of
from quantize.convert.config import read_config
from quantize.convert.details import name_of
from quantize.convert.family import Wanted
from quantize.convert.folder import HUGGING_FACE, check_folder, require_folder
from quantize.convert.peft import WEIGHTS, Adapter, Change, read_adapter, unfit
from quantize.convert.plan import for_rotation
from quantize.numbers import Floats, Unfit, encode
from quantize.outcome import Outcome
from quantize.output import atomic_output, check_place, check_space, readable
from quantize.task import Task
from quantize.writer import Metadata, Tensor, f32, text, total_size, write_gguf


@dataclass(frozen=True, slots=True)
class ConvertedLora(Outcome):
    """A finished conversion. matrices: how many the adapter changes; size: bytes."""

    architecture: str
    matrices: int
    size: int

    @property
    def sentence(self) -> str:
        """What was done, for people."""
        matrices = "1 matrix" if self.matrices == 1 else f"{self.matrices} matrices"
        return (
            f"Converted an adapter of {matrices} for {self.architecture} models: "
            f"{readable(self.size)}."
        )


def convert_lora(folder: Path, target: Path, base: Path, task: Task) -> ConvertedLora:
    """Write the adapter in `folder` to `target`; base: the folder of the model it was made for, of
    which only config.json is read. Raises KnownError and Cancelled; `target` is then as it was.
    """
    try:
        return _convert(folder, target, base, task)
    except OSError as error:
        raise known_os_error(f"convert {folder.name}", error) from error


def _convert(folder: Path, target: Path, base: Path, task: Task) -> ConvertedLora:
    require_folder(base, HUGGING_FACE)
    check_folder(base)
    config = read_config(base)
    family = family_of(config)
    architecture = family.describe(config)["general.architecture"]
    places = {source: wanted for wanted in family.tensors(config) for source in wanted.sources}
    adapter = read_adapter(folder, {name: wanted.part for name, wanted in places.items()})
    metadata: Metadata = {
        "general.architecture": architecture,
        "general.type": text("adapter"),
        "general.name": text(name_of(folder)),
        "adapter.type": text("lora"),
        "adapter.lora.alpha": f32(adapter.alpha),
    }
    check_place(target, (folder / WEIGHTS,))
    tensors = [
        tensor for name in adapter.changes for tensor in _tensors(name, places[name], adapter)
    ]
    check_space(target, total_size(metadata, tensors))
    with atomic_output(target) as temporary:
        with open(temporary, "xb") as file:
            write_gguf(file, metadata, tensors, lambda *_: task.check())
        found = read_header(temporary)
    return ConvertedLora(found.architecture, len(adapter.changes), found.size)


def _tensors(name: str, wanted: Wanted, adapter: Adapter) -> Iterator[Tensor]:
    """The two small matrices that stand for a change."""
    if len(wanted.sources) > 1 or "_exps" in wanted.name:
        raise unfit(f"changes experts: {name[:60]}")
    change = adapter.changes[name]
    yield _tensor(f"{wanted.name}.lora_a", change.down)
    yield _tensor(f"{wanted.name}.lora_b", _up(change, wanted.heads, adapter.alpha))


def _up(change: Change, heads: int, alpha: float) -> Floats:
    """The second matrix in llama.cpp's order of rows, for the scale llama.cpp gives it: α / rank,
    where rsLoRA has α / √rank."""
    up = change.up
    if heads:
        up = np.vstack([for_rotation(part) for part in np.split(up, heads)])
    factor = change.scale * change.rank / alpha
    with np.errstate(over="ignore"):  # what does not fit is refused
        return (up * np.float32(factor)).astype(np.float32)


def _tensor(name: str, values: Floats) -> Tensor:
    try:
        data = encode(values, "F32")
    except Unfit as error:
        raise error.within(name) from error
    return Tensor(name, values.shape, "F32", lambda: iter((data,)))
