"""A teacher whose distributions a student learns: a frozen model, or its top-k logits on disk."""

import json
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor

from engine.core.errors import KnownError
from training.data.sft import Dialogues
from training.data.topk import TopK, fingerprint, open_topk
from training.loop import device
from training.loop.batch import Batch
from training.models.adapters import four_bit
from training.models.loading import check_folder, load, stored_dtype
from training.models.parts import head, hidden_states
from training.objectives.divergence import StoredTeacher, Teacher, WholeTeacher
from training.objectives.log_probs import token_log_probs
from training.tokenizer import load_tokenizer


class TeacherOf(Protocol):
    """Where the teacher's distributions for a batch come from."""

    def distributions(self, batch: Batch, kept: Tensor) -> Teacher:
        """Those for the targets kept: their places in the flattened batch."""
        ...

    def log_probs(self, batch: Batch) -> Tensor:
        """Log-probability of each target, [rows, length]; 0 where the weight is 0."""
        ...


class ModelTeacher:
    """A model in memory."""

    def __init__(self, model: Any) -> None:
        self._model = model.requires_grad_(False).eval()

    def distributions(self, batch: Batch, kept: Tensor) -> Teacher:
        """From hidden states; no logits are made here."""
        with torch.no_grad():
            hidden = hidden_states(self._model, batch.inputs, batch.positions).flatten(0, 1)[kept]
            return WholeTeacher(hidden, head(self._model).to(hidden.dtype))

    def log_probs(self, batch: Batch) -> Tensor:
        """A forward pass of the teacher."""
        with torch.no_grad():
            return token_log_probs(self._model, batch)


class TopKTeacher:
    """Stored top-k logits; batch.extra["sample"] numbers the dialogue of each row."""

    def __init__(self, stored: TopK) -> None:
        self._stored = stored

    def distributions(self, batch: Batch, kept: Tensor) -> Teacher:
        """Read from disk."""
        ids, logs, _ = self._stored.read(self._places(batch).flatten()[kept.cpu()].numpy())
        place = batch.inputs.device
        return StoredTeacher(torch.from_numpy(ids).to(place), torch.from_numpy(logs).to(place))

    def log_probs(self, batch: Batch) -> Tensor:
        """Read from disk."""
        kept = batch.weights.flatten().nonzero().squeeze(1)
        _, _, targets = self._stored.read(self._places(batch).flatten()[kept.cpu()].numpy())
        found = torch.zeros(batch.weights.numel(), device=batch.weights.device)
        found[kept] = torch.from_numpy(targets).to(found)
        return found.view_as(batch.weights)

    def _places(self, batch: Batch) -> Tensor:
        """Number of each target's token, counted over all dialogues."""
        starts = torch.from_numpy(self._stored.starts)[batch.extra["sample"].cpu()]
        return starts[:, None] + torch.arange(1, batch.inputs.shape[1] + 1)


def make_teacher(
    teacher: str,
    topk: str,
    student: str,
    in_four_bits: bool,
    dialogues: Dialogues,
    temperature: float = 1.0,
) -> TeacherOf:
    """The model in the folder teacher or, if named, its logits in the folder topk.

    student: folder of the model to train; dialogues: what it is trained on.
    """
    if not topk:
        return ModelTeacher(load_teacher(teacher, student, in_four_bits))
    stored = open_topk(Path(topk), dialogues, fingerprint(dialogues, Path(student)))
    if stored.temperature != temperature:
        raise KnownError(
            f"The logits in {topk} were stored with temperature {stored.temperature:g}, and the "
            f"run wants {temperature:g}.",
            f"Store them again with assay-train topk … --temperature {temperature:g}.",
        )
    return TopKTeacher(stored)


def load_teacher(folder: str, student: str, in_four_bits: bool) -> Any:
    """The frozen model of a folder in the type of its file, or in 4 bits, on the device of the run.

    Raises KnownError if its vocabulary is not that of the student's folder.
    """
    path = Path(folder)
    check_folder(path)
    if load_tokenizer(path).get_vocab() != load_tokenizer(Path(student)).get_vocab():
        raise KnownError(
            "Teacher and student have different vocabularies.",
            'Only kind = "black_box" can learn from this teacher.',
        )
    sizes = [
        json.loads((f / "config.json").read_text())["vocab_size"] for f in (path, Path(student))
    ]
    if sizes[0] < sizes[1]:
        raise KnownError("The teacher's output matrix has fewer rows than the student's.")
    if in_four_bits:
        return load(path, stored_dtype(path), **four_bit())
    return load(path, stored_dtype(path)).to(device.pick()).eval()
