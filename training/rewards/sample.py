"""What a reward looks at."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Sample:
    """An answer to be rewarded.

    prompt, answer: texts, the answer without its end mark. tokens: ids of the answer. finished:
    it ended by itself. limit: tokens it was allowed. facts: of the prompt, and what tools did.
    """

    prompt: str
    answer: str
    tokens: tuple[int, ...] = ()
    finished: bool = True
    limit: int = 0
    facts: Mapping[str, Any] = field(default_factory=dict)
