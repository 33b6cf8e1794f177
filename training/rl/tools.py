"""Several turns with Assay's real tools: the model calls, a tool of a random user answers.

A user and everything that is theirs follow from a seed, which stands in the facts of the prompt.
Calls and results are written as our models write them, which is Qwen's way.
"""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from engine.assistant.calls import parse_call
from engine.assistant.tools import TOOLS
from engine.assistant.tools.context import ToolContext
from engine.core.errors import KnownError
from training.assistant.dialogues import Pool, dialogue
from training.assistant.market import random_user
from training.assistant.wordings import Wording
from training.data.chat import HEADER, render_text
from training.rewards import Sample, Scorer
from training.rl.episodes import Episode, Player, seed_of
from training.rl.prompts import Prompt
from training.rl.rollout import Answer, Limits, generate

_CALL = re.compile(r"<tool_call>(.*?)</tool_call>", re.DOTALL)


def tool_prompts(count: int, seed: int, wordings: Sequence[Wording]) -> list[Prompt]:
    """Questions of random users, each with the call that answers it in facts["call"]."""
    pool, made = Pool(wordings), list[Prompt]()
    number = 0
    while len(made) < count:
        number += 1
        rng = random.Random(seed_of(seed, number))
        user_seed = rng.getrandbits(48)
        row = dialogue(rng, random_user(random.Random(user_seed)), pool)
        if row is None:
            continue
        messages: list[dict[str, Any]] = row["messages"]
        asked = max(i for i, message in enumerate(messages) if message["role"] == "user")
        calls = messages[asked + 1].get("tool_calls") or [None]
        facts = {"user": user_seed, "call": calls[0]}
        text = render_text(messages[: asked + 1], row.get("tools", ())) + HEADER
        made.append(Prompt(text, facts))
    return made


@dataclass
class _Talk:
    """A conversation in the making; tokens: of all of it, mask and log_probs: after the prompt."""

    prompt: Prompt
    seed: int
    tokens: list[int]
    start: int
    mask: list[int] = field(default_factory=list)
    log_probs: list[float] = field(default_factory=list)
    calls: list[dict[str, Any]] = field(default_factory=list)
    last: Answer = field(default_factory=lambda: Answer([], [], True))

    def add(self, tokens: Sequence[int], log_probs: Sequence[float], mask: int) -> None:
        self.tokens += tokens
        self.log_probs += log_probs
        self.mask += [mask] * len(tokens)


class ToolPlayer(Player):
    """Lets the model answer with at most `most` rounds of calls before its last turn."""

    def __init__(self, tokenizer: Any, scorer: Scorer, limits: Limits, most: int) -> None:
        super().__init__(tokenizer, scorer, limits)
        self._most = most

    def _episodes(
        self, model: Any, prompts: Sequence[Prompt], seeds: Sequence[int]
    ) -> list[Episode]:
        given = [self.encode(prompt.text) for prompt in prompts]
        talks = [
            _Talk(prompt, seed, tokens, len(tokens))
            for prompt, seed, tokens in zip(prompts, seeds, given, strict=True)
        ]
        open_talks = talks
        for round_ in range(self._most + 1):
            seeds = [seed_of(talk.seed, round_) for talk in open_talks]
            answers = generate(model, [talk.tokens for talk in open_talks], self.limits, seeds)
            for talk, answer in zip(open_talks, answers, strict=True):
                talk.last = answer
                talk.add(answer.tokens, answer.log_probs, 1)
            last = round_ == self._most
            open_talks = [talk for talk in open_talks if not last and self._ran_tools(talk)]
            if not open_talks:
                break
        samples = [self._sample_of(talk) for talk in talks]
        return [
            Episode(talk.tokens, talk.start, talk.mask, talk.log_probs, talk.last.finished, rewards)
            for talk, rewards in zip(talks, self.scorer.score(samples), strict=True)
        ]

    def _ran_tools(self, talk: _Talk) -> bool:
        """Run the calls of the last turn, if any, and write their results into the talk."""
        texts = _CALL.findall(self.tokenizer.decode(talk.last.tokens, skip_special_tokens=False))
        if not texts or not talk.last.finished:
            return False
        made = [run_call(text, _context(talk.prompt.facts["user"])) for text in texts]
        talk.calls += [call for call, _ in made]
        turn = render_text([{"role": "tool", "content": result} for _, result in made])
        tokens = self.encode("\n" + turn + HEADER)
        talk.add(tokens, [0.0] * len(tokens), 0)
        return True

    def _sample_of(self, talk: _Talk) -> Sample:
        facts = {**talk.prompt.facts, "calls": talk.calls}
        sample = self.sample(talk.prompt, talk.last)
        return replace(sample, facts=facts)


def run_call(text: str, context: ToolContext) -> tuple[dict[str, Any], str]:
    """Run what stands between <tool_call> marks; what was called, and the text for the model.

    The first has "name", "arguments", "ok" and "headline", the figure that was asked for.
    """
    try:
        tool, arguments = parse_call(text, TOOLS)
        result = tool.run(context, arguments)
    except (KnownError, ValueError) as error:
        return {"name": "", "arguments": {}, "ok": False, "headline": ""}, f"error: {error}"
    plain = {k: v if isinstance(v, str) else float(v) for k, v in arguments.items()}
    asked = (figure.text for figure in result.figures if figure.label == tool.headline)
    headline = (result.headline or next(asked, "")).lstrip("+-")
    return {"name": tool.name, "arguments": plain, "ok": True, "headline": headline}, result.text


@lru_cache(maxsize=64)
def _context(user: int) -> ToolContext:
    return random_user(random.Random(user)).context
