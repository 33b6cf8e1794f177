"""A local model as judge: a grade from 0 to 9, read from the probabilities of the digits."""

from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from transformers import AutoTokenizer

from engine.core.errors import KnownError
from training.loop import device
from training.models.loading import load, stored_dtype
from training.rewards.sample import Sample

_QUESTION = (
    "Grade the answer of an investment assistant: 9 is correct, careful and clear, 0 is useless "
    "or misleading.\n\nQuestion and context:\n{prompt}\n\nAnswer:\n{answer}\n\n"
    "Write the grade as one digit."
)


def judge(folder: str) -> Callable[[Sequence[Sample]], list[float]]:
    """A reward of 0 to 1: the expected grade over 9 under softmax over the ten digits alone.

    folder: a model that transformers reads, with a chat template; it stays on this computer.
    """
    model = load(folder, stored_dtype(folder), writes=True).to(device.pick()).eval()
    tokenizer = AutoTokenizer.from_pretrained(Path(folder), local_files_only=True)
    ids = [tokenizer.encode(str(digit), add_special_tokens=False) for digit in range(10)]
    if any(len(one) != 1 for one in ids):
        raise KnownError(f"The model in {folder} has no single token for each digit.")
    digits = torch.tensor([one[0] for one in ids], device=model.device)
    grades = torch.arange(10.0, device=model.device) / 9

    def grade(sample: Sample) -> float:
        text = _QUESTION.format(prompt=sample.prompt, answer=sample.answer)
        told = tokenizer.apply_chat_template(
            [{"role": "user", "content": text}], add_generation_prompt=True, tokenize=False
        )
        given = torch.tensor([tokenizer.encode(told, verbose=False)], device=model.device)
        with torch.no_grad():
            logits = model(given, logits_to_keep=1).logits[0, -1, digits].float()
        return float(logits.softmax(-1) @ grades)

    return lambda samples: [grade(sample) for sample in samples]
