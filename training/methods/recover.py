"""Distil to recover: a quantized model learns the answers of its own 16-bit weights again.

Its weights are rounded to the file's grid in every forward pass (training/models/rounding.py) and
trained so that its distributions come close to those before. The result has the file's types and
size, and nothing rounds it once more.
"""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer
from torch import Tensor, nn

from engine.core.errors import KnownError
from engine.core.files import known_os_error, known_os_errors, sync_directory, sync_file
from training.data.sft import Dialogues, pad
from training.loop import device, distributed
from training.loop.batch import Batch, Loss
from training.methods import sft
from training.methods.common import Options, carry_out, start_plain
from training.models.loading import load_frozen, publish
from training.models.parts import head, hidden_states
from training.models.rounding import attach, detach, patch
from training.models.teacher import ModelTeacher
from training.objectives.divergence import chunked_divergence
from training.tokenizer import load_tokenizer

Stamp = tuple[int, int]


@dataclass(frozen=True)
class Config(sft.Config):
    """model: folder of the 16-bit weights, which are the teacher too; quantized: a GGUF file made
    from it, whose types and scales are kept.
    """

    quantized: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.quantized:
            raise ValueError("quantized, the GGUF file to improve, is missing.")
        if self.adapter.kind != "none" or self.yarn != 1:
            raise ValueError("The weights of the file themselves are trained: no adapter, no yarn.")
        if self.loop.shard:
            raise ValueError("loop.shard: recovery needs the whole model in every process.")


class Recovery(sft.InstructionTuning):
    """The method as the loop sees it."""

    def __init__(
        self,
        config: Config,
        model: nn.Module,
        tokenizer: Tokenizer,
        dialogues: Dialogues,
        held_out: Dialogues | None,
    ) -> None:
        for part in (dialogues, held_out):
            if part is not None:
                _count_all(part)
        super().__init__(config, model, tokenizer, dialogues, held_out)
        self._teacher = ModelTeacher(load_frozen(Path(config.model)))

    def loss(self, batch: Batch) -> Loss:
        """Forward KL divergence from the teacher, of every token alike."""
        return Loss(self._divergence(batch))

    def evaluate(self) -> dict[str, float]:
        """The same for the held-out dialogues, per token."""
        if self._held_out is None:
            return {}
        divergence = whole = 0.0
        for batch in distributed.share(list(self._batches())):
            divergence += self._divergence(batch.to(device.pick())).item()
            whole += batch.whole
        divergence, whole = distributed.total(divergence, whole)
        return {"divergence": divergence / max(1.0, whole)}

    def _divergence(self, batch: Batch) -> Tensor:
        kept = batch.weights.flatten().nonzero().squeeze(1)
        hidden = hidden_states(self.model, batch.inputs, batch.positions).flatten(0, 1)[kept]
        teacher = self._teacher.distributions(batch, kept)
        weights = batch.weights.flatten()[kept]
        return chunked_divergence(hidden, head(self.model), teacher, weights, beta=0.0)

    def _batches(self) -> Iterator[Batch]:
        assert self._held_out is not None
        count, rows = min(self._limit, len(self._held_out)), self._loop.rows
        for start in range(0, count, rows):
            yield pad([self._held_out[index] for index in range(start, min(count, start + rows))])


def run(config: Config, options: Options) -> bool:
    """Train, and write out/model.gguf and its weights as out/model."""
    model, file = start_plain(config), Path(config.quantized)
    attach(model, file)
    read = _stamp(file)
    tokenizer = load_tokenizer(Path(config.model))
    dialogues = sft.read_data(config, tokenizer)
    held_out = sft.read(config, config.held_out, tokenizer) if config.held_out else None
    method = Recovery(config, model, tokenizer, dialogues, held_out)
    return carry_out(
        "recover", config, options, method,
        write=lambda target: _write(model, config, read, target),
    )  # fmt: skip


def _write(model: Any, config: Config, read: Stamp, target: Path) -> None:
    """The file, and the same weights as a folder, in fp32, since 16 bits cannot hold them."""
    if distributed.is_first():
        _write_file(model, Path(config.quantized), read, target.with_suffix(".gguf"))
    detach(model)
    publish(model, Path(config.model), target, model.dtype)


def _write_file(model: Any, source: Path, read: Stamp, target: Path) -> None:
    """A copy of the file with the model's codes in place of its own; it appears all at once.

    read: what the file was when its scales were read. On others the codes would mean nothing.
    """
    temporary = target.with_name(f"unfinished-{target.name}")
    try:
        shutil.copyfile(source, temporary)
        if _stamp(source) != read:
            temporary.unlink()
            raise KnownError(
                f"{source} was replaced while the weights for it were trained.",
                "Begin again with --out and another folder.",
            )
        patch(model, temporary)
        sync_file(temporary)
        os.replace(temporary, target)
        sync_directory(target.parent)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise known_os_error(f"write {target.name}", error) from error
    print(f"Wrote {target}", flush=True)


def _stamp(file: Path) -> Stamp:
    """Bytes, and when they were changed. Raises KnownError."""
    with known_os_errors(f"read {file.name}"):
        found = file.stat()
    return found.st_size, found.st_mtime_ns


def _count_all(dialogues: Dialogues) -> None:
    """Every token counts, whoever writes it; the first of a text cannot be predicted."""
    dialogues.weights[:] = np.float32(1)
    dialogues.weights[dialogues.starts[:-1]] = 0
