"""Converts a Hugging Face model folder (safetensors) into one GGUF file."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from engine.core.errors import KnownError
from engine.core.files import known_os_error
from quantize.child import run_job
from quantize.convert import gemma, glm4_moe, llama, qwen2, qwen2_moe, qwen3, qwen3_moe
from quantize.convert.adapter import merged
from quantize.convert.config import Config, read_config
from quantize.convert.details import (
    describe_details,
    describe_sampling,
    read_generation,
    read_settings,
)
from quantize.convert.divide import check_files, divide
from quantize.convert.draft import Draft, drafted, key_of
from quantize.convert.experts import separated
from quantize.convert.family import Families, Family
from quantize.convert.folder import HUGGING_FACE, check_folder, require_folder
from quantize.convert.peft import CONFIG, WEIGHTS, unfit
from quantize.convert.plan import left_over, match, tensor
from quantize.convert.tokenizer import describe_tokenizer
from quantize.outcome import Outcome
from quantize.output import check_place, readable
from quantize.task import Task
from quantize.weights import open_weights
from quantize.writer import Metadata, Tensor, u32, write_gguf

FAMILIES: Families = {
    "LlamaForCausalLM": llama.FAMILY,
    "MistralForCausalLM": llama.MISTRAL,
    "Qwen2ForCausalLM": qwen2.FAMILY,
    "Qwen2MoeForCausalLM": qwen2_moe.FAMILY,
    "Qwen3ForCausalLM": qwen3.FAMILY,
    "Qwen3MoeForCausalLM": qwen3_moe.FAMILY,
    "Glm4MoeForCausalLM": glm4_moe.FAMILY,
    "Gemma2ForCausalLM": gemma.GEMMA2,
    "Gemma3ForCausalLM": gemma.GEMMA3,
}
FILE_TYPES = {
    "F32": 0,
    "F16": 1,
    "BF16": 32,
    "Q8_0": 7,
}  # llama.cpp's numbers for general.file_type
_VERIFIED = 0.1  # share of the progress bar


@dataclass(frozen=True, slots=True)
class Converted(Outcome):
    """A finished conversion.

    type: kind of the weights; size: bytes; checked_tokens: agreed with the original tokenizer;
    misread_tokens: ordinary words, such as "</s>", that llama.cpp takes for control tokens;
    left_out: tensors of the checkpoint that the file does without; files: their names.
    """

    architecture: str
    type: str
    size: int
    tensors: int
    checked_tokens: int
    misread_tokens: int
    left_out: int
    files: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """What was done, for people."""
        misread = (
            f" llama.cpp takes {self.misread_tokens} of its words for control tokens."
            if self.misread_tokens
            else ""
        )
        left_out = (
            f" {self.left_out} tensors that only speed up generation or repeat others were left "
            "out."
            if self.left_out
            else ""
        )
        split = f" in {len(self.files)} files, {self.files[0]} and on" if self.files[1:] else ""
        return (
            f"Converted {self.tensors} tensors to {self.type}: {readable(self.size)}{split}. "
            f"The tokenizer agrees with the original on {self.checked_tokens:,} tokens."
            f"{misread}{left_out}"
        )


def convert(
    folder: Path,
    target: Path,
    kind: str | None,
    task: Task,
    adapter: Path | None = None,
    split: int | None = None,
) -> Converted:
    """Write the model in `folder` to `target` with weights as one of FILE_TYPES.

    adapter: folder of a LoRA adapter in peft's format that is merged into the weights.
    split: bytes of tensors a file may hold; there are several then, named after `target`.
    kind None: as in the checkpoint. Vectors (norms) are always F32. Before anything is written,
    the tokenizer is checked against the original. Raises KnownError and Cancelled; `target` is
    then as it was before. After Interrupted, which is a Cancelled, and after a full disk the same
    call goes on with what was written.
    """
    try:
        return _convert(folder, target, kind, task, adapter, split)
    except OSError as error:
        raise known_os_error(f"convert {folder.name}", error) from error


def family_of(config: Config) -> Family:
    """The converter for a model. Raises KnownError."""
    name = (config.texts("architectures") or ("",))[0]
    family = FAMILIES.get(name)
    if family is None or config.has("quantization_config"):
        what = "quantized already" if family else f'of the kind "{name[:40]}"'
        raise KnownError(
            f"The model is {what}, which Assay cannot convert.",
            f"Models that can be converted: {', '.join(FAMILIES)}.",
        )
    return family


def _convert(
    folder: Path,
    target: Path,
    kind: str | None,
    task: Task,
    adapter: Path | None,
    split: int | None,
) -> Converted:
    require_folder(folder, HUGGING_FACE)
    check_folder(folder)
    config = read_config(folder)
    family = family_of(config)
    settings, generation = read_settings(folder), read_generation(folder)
    metadata = {
        **family.describe(config),
        **describe_details(folder, settings),
        **describe_sampling(generation),
        **describe_tokenizer(folder, config, settings, generation),
        "general.quantization_version": u32(2),
    }
    found = separated(open_weights(folder))
    changed = {} if adapter is None else merged(adapter, found)
    found |= changed
    planned = match(family.tensors(config), found)
    spare = left_over(planned, found)
    if unknown := {name for name in spare if not family.superfluous(config, name)}:
        raise KnownError(
            f"The model has weights that are not part of its kind, such as {min(unknown)[:60]}.",
            "Adapters and variants cannot be converted.",
        )
    if lost := changed.keys() & spare:
        raise unfit(f"changes weights that the file does without: {min(lost)[:60]}")
    kind = kind or planned[0][1][0].kind
    metadata["general.file_type"] = u32(FILE_TYPES[kind])
    tensors = [tensor(wanted, weights, kind) for wanted, weights in planned]
    task.check()
    checked, misread = _verify(folder, metadata, task)
    check_place(target, ())
    files = divide(target, metadata, tensors, split)
    sources = [weight.path for _, weights in planned for weight in weights]
    if adapter is not None:
        sources += [adapter / CONFIG, adapter / WEIGHTS]
    for file in files:
        check_place(file.path, sources)
    with drafted(target, files, key_of(files, sources)) as draft:
        _write(draft, sum(file.size for file in files), task)
        architecture = check_files(draft.parts())
        task.check()
    return Converted(
        architecture,
        kind,
        sum(file.size for file in files),
        len(tensors),
        checked,
        misread,
        len(spare),
        tuple(file.path.name for file in files),
    )


def _verify(folder: Path, metadata: Metadata, task: Task) -> tuple[int, int]:
    """Check the tokenizer; returns how many tokens agreed and how many llama.cpp misreads."""
    with tempfile.TemporaryDirectory(prefix="assay-") as scratch:
        path = Path(scratch) / "vocabulary.gguf"
        with open(path, "wb") as file:
            write_gguf(file, metadata, (), lambda *_: None)
        arguments = {"gguf": str(path), "tokenizer": str((folder / "tokenizer.json").resolve())}
        found = run_job("verify", arguments, task, share=(0.0, _VERIFIED))
        return int(found["tokens"]), int(found["misread"])


def _write(draft: Draft, total: int, task: Task) -> None:
    done = draft.size

    def on_block(at: Tensor, size: int) -> None:
        nonlocal done
        done += size
        task.check()
        task.report(_VERIFIED + (1 - _VERIFIED) * done / total, f"Writing {at.name}")

    draft.write(on_block)
