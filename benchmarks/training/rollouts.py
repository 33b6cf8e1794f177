"""Tokens per second of batched rollouts against transformers' generate(), prompt by prompt.

    python -m benchmarks.training.rollouts --depth 8 --prompts 32 --group 4

Both sample at temperature 1 with a KV cache and bf16 matrix products from one model of random
weights; answers end at a random stop token, so they differ in length. CPU time is measured, or
wall time on a GPU; the first run of each side warms up and does not count.
"""

import argparse
import random
import time
from collections.abc import Callable, Sequence
from typing import Any

import torch

from training.loop import device
from training.models.shapes import build, dense
from training.rl.rollout import Limits, generate

VOCABULARY, STOPS = 8192, tuple(range(60))  # one of 60 in 8,192: about 137 tokens at random


def main() -> None:
    """Print both speeds and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("depth", 8), ("prompts", 32), ("group", 4), ("longest", 200)):
        parser.add_argument(f"--{name}", type=int, default=default)
    given = parser.parse_args()
    place = device.pick()
    model = build(dense(given.depth), VOCABULARY, seed=1).to(place).eval()
    rng = random.Random(2)
    questions = [rng.choices(range(100, VOCABULARY), k=rng.randint(60, 120)) for _ in range(64)]
    prompts = [question for question in questions for _ in range(given.group)][: given.prompts]
    limits = Limits(given.longest, STOPS)

    def ours(prompts: Sequence[list[int]]) -> int:
        answers = generate(model, prompts, limits, range(len(prompts)))
        return sum(len(answer.tokens) for answer in answers)

    def theirs(prompts: Sequence[list[int]]) -> int:
        return sum(_one_by_one(model, prompt, limits) for prompt in prompts)

    with device.precision(place, mixed=True):
        slow, fast = (_speed(run, prompts, place) for run in (theirs, ours))
    print(f"generate(), prompt by prompt: {slow:,.0f} tokens/s")
    print(f"rollouts, {limits.slots} slots: {fast:,.0f} tokens/s")
    print(f"ratio: {fast / slow:.1f}")


def _one_by_one(model: Any, prompt: list[int], limits: Limits) -> int:
    ids = torch.tensor([prompt], device=model.device)
    torch.manual_seed(prompt[0])
    output = model.generate(
        ids,
        attention_mask=torch.ones_like(ids),
        max_new_tokens=limits.longest,
        do_sample=True,
        top_k=0,
        eos_token_id=list(limits.stops),
        pad_token_id=0,
        use_cache=True,
    )
    return int(output.shape[1] - len(prompt))


def _speed(
    run: Callable[[Sequence[list[int]]], int], prompts: Sequence[list[int]], place: torch.device
) -> float:
    run(prompts[:2])
    clock = time.perf_counter if place.type == "cuda" else time.process_time
    started = clock()
    made = run(prompts)
    return made / (clock() - started)


if __name__ == "__main__":
    main()
