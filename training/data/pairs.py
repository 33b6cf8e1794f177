"""Preference pairs: two answers to one conversation, of which the first was preferred.

Rows in any of these forms:

    {"chosen": [messages], "rejected": [messages]}
    {"prompt": "…" or [messages], "chosen": "…" or [messages], "rejected": "…" or [messages]}

Messages are as in data/chat.py. A list that begins with a system or user message is a whole
conversation; any other goes on where the prompt ends.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b
from itertools import takewhile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor

from engine.core.words import counted
from training.data import rows
from training.data.chat import Piece
from training.data.dialogue_formats import Dialogue
from training.data.packing import Sample
from training.data.sft import encode, pad
from training.data.template import Form
from training.loop.batch import Batch


class Pairs:
    """Tokenised pairs, and what a reference model thinks of them once that is known."""

    def __init__(self, chosen: Sequence[Sample], rejected: Sequence[Sample]) -> None:
        """chosen, rejected: token ids of each side and 1 for those that belong to the answer."""
        self._sides = (chosen, rejected)
        longest = [max(len(a[0]), len(b[0])) for a, b in zip(chosen, rejected, strict=True)]
        self.lengths = 2 * np.asarray(longest, dtype=np.int64)  # a pair fills two rows
        self.reference: Tensor | None = None  # [pairs, 2] summed log-probabilities

    def __len__(self) -> int:
        return len(self.lengths)

    def digest(self) -> bytes:
        """Differs for other pairs."""
        digest = blake2b(digest_size=16)
        for side in self._sides:
            for ids, weights in side:
                digest.update(ids.tobytes() + weights.tobytes())
        return digest.digest()

    def batch(self, numbers: Sequence[int] | NDArray[np.int64], whole: bool = False) -> Batch:
        """The chosen sides of these pairs as the first rows, then the rejected ones.

        It counts as many in the divisor of a step as it has pairs. whole: the last token is an
        input as well, and extra["last"], [rows], says where it stands.
        """
        samples = [side[int(number)] for side in self._sides for number in numbers]
        last = torch.tensor([len(ids) - 1 for ids, _ in samples])
        extra = {}
        if whole:
            samples = [(np.append(ids, 0), np.append(weights, 0)) for ids, weights in samples]
            extra["last"] = last
        if self.reference is not None:
            extra["reference"] = self.reference[torch.as_tensor(numbers)].T.flatten()
        used = int(last.sum()) + whole * len(samples)
        return replace(pad(samples), norm=float(len(numbers)), used=used, extra=extra)


def read_pairs(path: Path, tokenizer: Tokenizer, longest: int, folder: Path | None = None) -> Pairs:
    """Tokenise the pairs of a file, a folder or a pattern.

    folder: the tokenizer's, whose chat template is used unless the vocabulary is ours.
    Pairs with a side of more than longest tokens, or with two equal sides, are left out and
    counted. Raises ValueError that names the line of a pair that cannot be read.
    """
    sides: tuple[list[Sample], list[Sample]] = ([], [])
    too_long = equal = 0
    form = Form(tokenizer, folder)
    for where, found in (one for file in rows.find(path) for one in rows.read(file)):
        try:
            row = rows.as_object(found)
            chosen, rejected = _conversation(row, "chosen"), _conversation(row, "rejected")
            if chosen == rejected:
                equal += 1
                continue
            shared, tools = _shared(chosen, rejected), row.get("tools", [])
            pieces = [form.ending(Dialogue(side, tools, []), shared)
                      for side in (chosen, rejected)]  # fmt: skip
            made = [_encode(side, tokenizer) for side in pieces]
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{where}: not a pair ({rows.reason(error)})") from error
        if max(len(ids) for ids, _ in made) > longest:
            too_long += 1
            continue
        for side, sample in zip(sides, made, strict=True):
            side.append(sample)
    if not sides[0] and equal:
        raise ValueError(f"{path} has no pair to learn from: {too_long} too long, {equal} equal.")
    if not sides[0]:
        raise rows.nothing_left(path, too_long, "pair", longest)
    print(
        f"{path.name}: {counted(len(sides[0]), 'pair')}, {too_long} too long, {equal} equal",
        flush=True,
    )
    return Pairs(*sides)


def _conversation(row: Mapping[str, Any], side: str) -> list[dict[str, Any]]:
    answer = row[side]
    if isinstance(answer, str):
        answer = [{"role": "assistant", "content": answer}]
    if not isinstance(answer, list):
        raise ValueError(f"{side} is neither a text nor a list of messages")
    if not answer:
        raise ValueError(f"{side} is empty")
    if "prompt" not in row or answer[0]["role"] in {"system", "user"}:
        return list(answer)
    prompt = row["prompt"]
    if isinstance(prompt, str):
        prompt = [{"role": "user", "content": prompt}]
    return [*prompt, *answer]


def _shared(chosen: list[dict[str, Any]], rejected: list[dict[str, Any]]) -> int:
    """Messages up to the last assistant's that both sides begin with."""
    both = zip(chosen, rejected, strict=False)
    same = [a for a, _ in takewhile(lambda pair: pair[0] == pair[1], both)]
    while same and same[-1]["role"] != "assistant":
        same.pop()
    return len(same)


def _encode(pieces: list[Piece], tokenizer: Tokenizer) -> Sample:
    """Token ids, and weight 1 for those with any weight."""
    ids, weights = encode(pieces, tokenizer)
    answer = (weights > 0).astype(np.float32)
    if not answer.any():
        raise ValueError("a side has no answer of its own")
    return np.asarray(ids, dtype=np.uint32), answer
