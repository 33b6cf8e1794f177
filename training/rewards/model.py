"""A reward model's opinion of whole dialogues."""

from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from transformers import AutoConfig, AutoModelForSequenceClassification

from engine.core.errors import KnownError
from training.data.template import Form
from training.loop import device
from training.models.loading import stored_dtype
from training.rewards.sample import Sample
from training.tokenizer import load_tokenizer

_ROWS = 16  # texts of a forward pass


def score_texts(folder: str | Path) -> Callable[[Sequence[str]], list[float]]:
    """The reward model of a folder, as a function of rendered dialogues (no fixed range).

    folder: a sequence classifier with one label, such as `assay-train reward` makes. KnownError
    if it is none.
    """
    where = Path(folder)
    if not (where / "config.json").is_file():
        raise KnownError(f"{where} holds no reward model (there is no config.json).")
    config = AutoConfig.from_pretrained(where, local_files_only=True)
    kind = " ".join(config.architectures or ())
    if "SequenceClass" not in kind or config.num_labels != 1 or config.pad_token_id is None:
        raise KnownError(f"The model in {where} gives no single reward for a text.")
    model = AutoModelForSequenceClassification.from_pretrained(
        where, dtype=stored_dtype(where), local_files_only=True
    )
    model.to(device.pick()).eval()
    tokenizer = load_tokenizer(where)
    tokenizer.enable_padding(pad_id=config.pad_token_id)

    def score(texts: Sequence[str]) -> list[float]:
        order = sorted(range(len(texts)), key=lambda number: len(texts[number]))
        rewards = [0.0] * len(texts)
        for start in range(0, len(order), _ROWS):
            part = order[start : start + _ROWS]
            chosen = [texts[number] for number in part]
            rows = tokenizer.encode_batch(chosen, add_special_tokens=False)
            ids = torch.tensor([row.ids for row in rows], device=model.device)
            mask = torch.tensor([row.attention_mask for row in rows], device=model.device)
            with torch.no_grad():
                found = model(ids, attention_mask=mask).logits[:, 0].tolist()
            for number, reward in zip(part, found, strict=True):
                rewards[number] = reward
        return rewards

    return score


def reward_model(folder: str) -> Callable[[Sequence[Sample]], list[float]]:
    """The same as a reward of answers, each closed as the folder's chat template does it.

    The model that answers must have the same template, by which its prompts are written.
    """
    score, closing = score_texts(folder), Form(load_tokenizer(Path(folder)), Path(folder)).closing()
    return lambda samples: score([f"{s.prompt}{s.answer}{closing}" for s in samples])
