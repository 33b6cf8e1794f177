"""Prompts to answer: rendered as for instruction tuning, drawn in a new order each epoch.

Rows of {"messages": […]} or {"prompt": "…"}, and if wanted "tools": […] and
"facts": {…}, which the rewards look at. An answer at the end of the messages is left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from engine.core.words import counted
from training.data import rows
from training.data.dialogue_formats import Dialogue
from training.data.template import Form

THINK, NO_THOUGHT = "<think>\n", "<think>\n\n</think>\n\n"


@dataclass(frozen=True)
class Prompt:
    """A rendered dialogue whose next turn is the assistant's, and what is known about it.

    opening: how the answer begins, written for the model.
    """

    text: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    opening: str = ""


def prompt_of(row: Mapping[str, Any], form: Form) -> Prompt:
    """The prompt of a row; KeyError, TypeError or ValueError if it is none."""
    messages: list[dict[str, Any]] = row.get("messages") or [
        {"role": "user", "content": row["prompt"]}
    ]
    if not isinstance(messages, list):
        raise ValueError("messages is not a list")
    if messages[-1]["role"] == "assistant":
        messages = messages[:-1]
    return Prompt(form.prompt(Dialogue(messages, row.get("tools", []), [])), row.get("facts", {}))


def read_prompts(
    path: Path, tokenizer: Tokenizer, longest: int, folder: Path | None = None
) -> list[Prompt]:
    """All prompts of at most longest tokens; ValueError that names a row that is none.

    path: a file, a folder or a pattern.
    folder: the tokenizer's, whose chat template is used unless the vocabulary is ours.
    """
    form = Form(tokenizer, folder)
    found: list[Prompt] = []
    left_out = 0
    for where, row in (one for file in rows.find(path) for one in rows.read(file)):
        try:
            prompt = prompt_of(rows.as_object(row), form)
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            raise ValueError(f"{where}: not a prompt ({rows.reason(error)})") from error
        fits = len(tokenizer.encode(prompt.text, add_special_tokens=False).ids) <= longest
        left_out += not fits
        found += [prompt] if fits else []
    if not found:
        raise rows.nothing_left(path, left_out, "prompt", longest)
    print(f"{path.name}: {counted(len(found), 'prompt')}, {left_out} too long", flush=True)
    return found


class PromptStream:
    """Numbers of prompts without end, each once per epoch."""

    def __init__(self, count: int, seed: int) -> None:
        self._count, self._seed = count, seed
        self._drawn, self._epoch = 0, -1
        self._order: list[int] = []  # of this epoch

    def draw(self, count: int) -> list[int]:
        """The next prompts."""
        numbers = []
        for place in range(self._drawn, self._drawn + count):
            epoch, index = divmod(place, self._count)
            if epoch != self._epoch:
                generator = np.random.default_rng([self._seed, epoch])
                self._epoch, self._order = epoch, generator.permutation(self._count).tolist()
            numbers.append(self._order[index])
        self._drawn += count
        return numbers

    def state(self) -> int:
        """Prompts drawn so far."""
        return self._drawn

    def restore(self, drawn: int) -> None:
        """Go on after so many."""
        self._drawn = drawn
