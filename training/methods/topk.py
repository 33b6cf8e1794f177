"""Store a teacher's top-k logits for dialogues; distil and dpcd then need no teacher in memory."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from training.data.chat import Weights
from training.data.selection import join
from training.data.sft import pad, read_dialogues
from training.data.topk import Writer, fingerprint
from training.loop import device
from training.loop.batch import Batch
from training.methods.common import Options
from training.methods.sft import Source
from training.models.loading import mark
from training.models.parts import head, hidden_states
from training.models.teacher import load_teacher
from training.objectives.divergence import ROWS
from training.tokenizer import load_tokenizer

SAVE_SECONDS = 30.0  # between two lines, and what a killed run loses at most


@dataclass(frozen=True)
class Config:
    """teacher, data, mixture, replay_data, context, weights: as in the run that reads the logits.

    k: tokens kept per place, 6 bytes each. temperature: as that of the run. out: the folder.
    """

    teacher: str
    out: str
    data: str = ""
    mixture: tuple[Source, ...] = ()
    replay_data: str = ""
    context: int = 2048
    weights: Weights = field(default_factory=Weights)
    k: int = 50
    temperature: float = 1.0
    four_bit: bool = False  # hold the teacher in 4 bits


def run(config: Config, options: Options) -> bool:
    """Write the logits of every token that has a loss weight, from where a killed run had come."""
    folder = Path(config.teacher)
    model = load_teacher(config.teacher, config.teacher, config.four_bit)
    if not 1 <= config.k <= len(head(model)):
        raise ValueError("k lies between 1 and the size of the vocabulary.")
    tokenizer = load_tokenizer(folder)
    dialogues = join(
        [
            read_dialogues(Path(path), tokenizer, config.weights, config.context, folder)
            for path in (config.data, *(s.data for s in config.mixture), config.replay_data)
            if path
        ]
    )
    made_of = {
        "fingerprint": fingerprint(dialogues, folder), "k": config.k,
        "temperature": config.temperature, "teacher": mark(folder), "four_bit": config.four_bit,
    }  # fmt: skip
    writer = Writer(Path(config.out), dialogues, made_of)
    stored, saved = writer.stored, time.monotonic()
    row = int((dialogues.weights[: dialogues.starts[writer.done]] > 0).sum())
    for number in range(writer.done, len(dialogues)):
        for ids, logs, targets in _chunks(model, pad([dialogues[number]]), config):
            part = slice(row, row := row + len(targets))
            stored.ids[part], stored.logs[part] = ids.cpu(), logs.cpu()
            stored.targets[part] = targets.cpu()
        if time.monotonic() - saved >= SAVE_SECONDS:
            writer.save(number + 1)
            print(f"{number + 1:,} of {len(dialogues):,} dialogues", flush=True)
            saved = time.monotonic()
    writer.finish()
    print(f"Wrote {config.out}: {row} tokens", flush=True)
    return True


def _chunks(model: Any, batch: Batch, config: Config) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Ids, log-probabilities and those of the targets, for a part of the tokens at a time."""
    batch = batch.to(device.pick())
    kept = batch.weights[0].nonzero().squeeze(1)
    with torch.no_grad():
        hidden = hidden_states(model, batch.inputs, None)[0, kept]
        matrix = head(model).to(hidden.dtype)
        pairs = zip(hidden.split(ROWS), batch.targets[0, kept].split(ROWS), strict=True)
        for states, targets in pairs:
            logits = (states @ matrix.T).float()
            logs = (logits / config.temperature).log_softmax(-1)
            top, ids = logs.topk(config.k)
            rest = logs.scatter_(1, ids, -torch.inf).logsumexp(-1, keepdim=True)
            found = logits.log_softmax(-1).gather(1, targets[:, None])[:, 0]
            yield ids, torch.cat([top, rest], 1).clamp(min=-80), found
