"""A reward model's opinion of whole dialogues."""

from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from transformers import AutoModelForSequenceClassification

from engine.core.errors import KnownError
from training.loop import device
from training.models.loading import stored_dtype
from training.rewards.sample import Sample
from training.tokenizer import load_tokenizer
from training.vocabulary import TURN_END

_ROWS = 16  # texts of a forward pass


def score_texts(folder: str | Path) -> Callable[[Sequence[str]], list[float]]:
    """The reward model of a folder, as a function of rendered dialogues (no fixed range).

    folder: a sequence classifier with one label, such as `assay-train reward` makes. KnownError
    if it is none.
    """
    where = Path(folder)
    if not (where / "config.json").is_file():
        raise KnownError(f"{where} holds no reward model (there is no config.json).")
    model = AutoModelForSequenceClassification.from_pretrained(
        where, dtype=stored_dtype(where), local_files_only=True
    )
    if model.config.num_labels != 1 or model.config.pad_token_id is None:
        raise KnownError(f"The model in {where} gives no single reward.")
    model = model.to(device.pick()).eval()
    tokenizer, padding = load_tokenizer(where), model.config.pad_token_id

    def score(texts: Sequence[str]) -> list[float]:
        ids = [tokenizer.encode(text).ids for text in texts]
        order = sorted(range(len(ids)), key=lambda number: len(ids[number]))
        rewards = [0.0] * len(ids)
        for start in range(0, len(order), _ROWS):
            part = order[start : start + _ROWS]
            rows = [torch.tensor(ids[number]) for number in part]
            filled = torch.nn.utils.rnn.pad_sequence(rows, True, padding).to(model.device)
            mask = torch.nn.utils.rnn.pad_sequence([torch.ones_like(r) for r in rows], True)
            with torch.no_grad():
                logits = model(filled, attention_mask=mask.to(model.device)).logits
            for number, reward in zip(part, logits[:, 0].tolist(), strict=True):
                rewards[number] = reward
        return rewards

    return score


def reward_model(folder: str) -> Callable[[Sequence[Sample]], list[float]]:
    """The same as a reward of answers; each is closed with its end mark, as in training."""
    score = score_texts(folder)
    return lambda samples: score([f"{s.prompt}{s.answer}{TURN_END}\n" for s in samples])
