"""Scores of a model on benchmark questions, by the formulas of the evaluation harness."""

import math
import re
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from tokenizers import Tokenizer

from training.evaluate.likelihood import encode_pair, log_likelihoods
from training.evaluate.tasks import STOPS, Task
from training.models.parts import base
from training.vocabulary import END_OF_TEXT, TURN_END


def score(
    model: Any, tokenizer: Tokenizer, task: Task, rows: int, longest: int, new_tokens: int
) -> dict[str, float]:
    """The task's figures, each a mean over its questions, and the standard error of the first.

    rows: per forward pass; longest: tokens a question and its answer may have; new_tokens: of a
    generated answer.
    """
    if task.items[0].choices:
        figures = _choose(model, tokenizer, task, rows, longest)
    else:
        figures = _generate(model, tokenizer, task, rows, longest, new_tokens)
    count = len(task.items)
    mean = {name: sum(values) / count for name, values in figures.items()}
    first = next(iter(mean.values()))
    error = math.sqrt(first * (1 - first) / (count - 1)) if count > 1 else math.nan
    return {"questions": float(count), **mean, "stderr": error}


def _choose(
    model: Any, tokenizer: Tokenizer, task: Task, rows: int, longest: int
) -> dict[str, list[bool]]:
    """acc: the answer of the largest log-likelihood is right; acc_norm: the largest one per
    character, acc_bytes: per UTF-8 byte."""
    pairs = [
        encode_pair(tokenizer, item.prompt, f" {choice}")
        for item in task.items
        for choice in item.choices
    ]
    found = iter(log_likelihoods(model, pairs, rows, longest))
    right: dict[str, list[bool]] = {"acc": [], "acc_norm": [], "acc_bytes": []}
    for item in task.items:
        logs = [next(found) for _ in item.choices]
        sizes = {
            "acc": [1] * len(logs),
            "acc_norm": [len(choice) for choice in item.choices],
            "acc_bytes": [len(choice.encode()) for choice in item.choices],
        }
        for name, lengths in sizes.items():
            each = [log / length for log, length in zip(logs, lengths, strict=True)]
            right[name].append(each.index(max(each)) == item.choices.index(item.target))
    return right


def _generate(
    model: Any, tokenizer: Tokenizer, task: Task, rows: int, longest: int, new_tokens: int
) -> dict[str, list[bool]]:
    """exact_match: what the greedy answer says is the target, letter by letter."""
    prompts = [tokenizer.encode(item.prompt, add_special_tokens=False).ids for item in task.items]
    cut = [ids[-max(1, longest - new_tokens) :] for ids in prompts]
    answers: dict[int, str] = {}
    order = sorted(range(len(cut)), key=lambda index: len(cut[index]))
    for start in range(0, len(order), rows):
        some = order[start : start + rows]
        made = continuations(model, tokenizer, [cut[index] for index in some], new_tokens)
        answers.update(zip(some, made, strict=True))
    return {
        "exact_match": [
            task.extract(answers[index]) == task.plain(item.target)
            for index, item in enumerate(task.items)
        ]
    }


def continuations(
    model: Any, tokenizer: Tokenizer, prompts: Sequence[list[int]], longest: int
) -> Iterator[str]:
    """The greedy continuation of each prompt, up to a stop."""
    ends = (tokenizer.token_to_id(token) for token in (TURN_END, END_OF_TEXT))
    stops = [number for number in ends if number is not None]
    width = max(len(ids) for ids in prompts)
    inputs = torch.zeros(len(prompts), width, dtype=torch.int64)
    mask = torch.zeros_like(inputs)
    for row, ids in enumerate(prompts):
        inputs[row, width - len(ids) :] = torch.tensor(ids)
        mask[row, width - len(ids) :] = 1
    inner = base(model)
    with torch.no_grad():
        output = inner.generate(
            inputs.to(inner.device),
            attention_mask=mask.to(inner.device),
            max_new_tokens=longest,
            do_sample=False,
            eos_token_id=stops or None,
            pad_token_id=stops[0] if stops else 0,
            use_cache=True,
        )
    for ids in output[:, width:].tolist():
        end = next((place for place, number in enumerate(ids) if number in stops), len(ids))
        text = tokenizer.decode(ids[:end])
        yield re.split("|".join(map(re.escape, STOPS)), text, maxsplit=1)[0]
