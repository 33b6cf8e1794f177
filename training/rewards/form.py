"""Rewards of form: thinking between its marks, length, repetition."""

import re

from training.rewards.mention import mentions
from training.rewards.sample import Sample

_THOUGHT = re.compile(r"\s*<think>(.*?)</think>(.*)", re.DOTALL)


def think_format(sample: Sample) -> float:
    """0 to 1: 1 for one thought between <think> and </think> and an answer after it.

    An empty thought is worth as much if the answer is right without, which means that it mentions
    facts["answer"]; else 0.5. Anything else is worth 0.
    """
    match = _THOUGHT.fullmatch(sample.answer)
    if match is None or not match[2].strip() or "think>" in match[1] + match[2]:
        return 0.0
    return 1.0 if match[1].strip() or _is_right(match[2], sample) else 0.5


def right_answer(sample: Sample) -> float:
    """0 or 1: whether facts["answer"] is mentioned after the thought, if there is one."""
    return float(_is_right(sample.answer.rpartition("</think>")[2], sample))


def length(sample: Sample) -> float:
    """-1 to 0: falls from 0 to -1 over the last fifth of the allowed length; -1 if unfinished.

    The soft overlong punishment of DAPO (arXiv 2503.14476), whose buffer is a fifth as well.
    """
    if not sample.finished:
        return -1.0
    buffer = sample.limit / 5
    return -min(1.0, max(0.0, (len(sample.tokens) - (sample.limit - buffer)) / max(1.0, buffer)))


def repetition(sample: Sample, size: int = 4) -> float:
    """-1 to 0: minus the share of n-grams of tokens that stood there before."""
    tokens = sample.tokens
    grams = [tokens[i : i + size] for i in range(len(tokens) - size + 1)]
    return len(set(grams)) / len(grams) - 1 if grams else 0.0


def _is_right(said: str, sample: Sample) -> bool:
    return "answer" in sample.facts and mentions(said, str(sample.facts["answer"]))
