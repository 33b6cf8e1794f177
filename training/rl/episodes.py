"""One answer each to some prompts, sampled and scored; every process does a share."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from training.loop import device, distributed
from training.rewards import Sample, Scorer
from training.rl.prompts import NO_THOUGHT, THINK, Prompt
from training.rl.rollout import Answer, Limits, generate


@dataclass(frozen=True)
class Episode:
    """An answer and its rewards; JSON can hold it.

    tokens: of prompt and answer. mask: for those after the first start, 1 for what the model
    wrote and 0 for what tools said. log_probs: of the same tokens as they were sampled.
    """

    tokens: list[int]
    start: int
    mask: list[int]
    log_probs: list[float]
    finished: bool
    rewards: dict[str, float]
    advantage: float = 0.0


class Player:
    """Lets the model answer prompts in one turn. tools.py has one with several."""

    def __init__(
        self, tokenizer: Tokenizer, scorer: Scorer, limits: Limits, thinking: float = 0.0
    ) -> None:
        """thinking: share of the answers that begin a thought, the others have an empty one; with
        0 no answer has either."""
        self.tokenizer, self.scorer, self.limits = tokenizer, scorer, limits
        self._thinking = thinking

    def play(
        self, model: Any, prompts: Sequence[Prompt], seeds: Sequence[int], mixed: bool
    ) -> list[Episode]:
        """An episode for each prompt, the same however many processes there are.

        Every process must call it. Equal prompts should stand together.
        """
        share = distributed.share(list(zip(prompts, seeds, strict=True)))
        with device.precision(device.pick(), mixed):
            mine = self._episodes(model, [p for p, _ in share], [s for _, s in share])
        return distributed.gather(mine, len(prompts))

    def opened(self, prompt: Prompt, seed: int, place: int) -> Prompt:
        """The prompt with the beginning of a thought, or of none.

        seed: the same for all answers to a prompt, of which this is number place; each stretch of
        them has the wanted share of thoughts, as nearly as whole numbers can.
        """
        if not self._thinking:
            return prompt
        start, share = np.random.default_rng([seed, 7]).random(), self._thinking
        thinks = int(start + (place + 1) * share) > int(start + place * share)
        return replace(prompt, opening=THINK if thinks else NO_THOUGHT)

    def _episodes(
        self, model: Any, prompts: Sequence[Prompt], seeds: Sequence[int]
    ) -> list[Episode]:
        ids = [self.encode(prompt.text + prompt.opening) for prompt in prompts]
        answers = generate(model, ids, self.limits, seeds)
        samples = [self.sample(*pair) for pair in zip(prompts, answers, strict=True)]
        return [
            Episode(
                given + answer.tokens, len(given), [1] * len(answer.tokens), answer.log_probs,
                answer.finished, rewards,
            )
            for given, answer, rewards in zip(ids, answers, self.scorer.score(samples), strict=True)
        ]  # fmt: skip

    def encode(self, text: str) -> list[int]:
        """Token ids of a text."""
        ids: list[int] = self.tokenizer.encode(text, add_special_tokens=False).ids
        return ids

    def sample(self, prompt: Prompt, answer: Answer) -> Sample:
        """What the rewards look at."""
        kept = answer.tokens[:-1] if answer.finished else answer.tokens
        text = prompt.opening + self.tokenizer.decode(kept, skip_special_tokens=False)
        return Sample(
            prompt.text, text, tuple(kept), answer.finished, self.limits.longest, prompt.facts
        )


def seed_of(*parts: int) -> int:
    """One seed of several numbers."""
    return int(np.random.SeedSequence(parts).generate_state(1, np.uint64)[0])
