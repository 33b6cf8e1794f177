"""What an answer cost: the figures shown quietly under it."""

import json
from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class AnswerFigures:
    """What the model did for one answer; kept with it.

    model: its name. tokens, seconds: written for the answer, withdrawn attempts included.
    prompt_tokens: read for the last attempt, of which cached_tokens were still in memory.
    thinking_seconds: part of the time in which it thought. context_tokens: room for prompt and
    answer together, 0 if unknown; context_used: of which the last attempt took so many.
    dropped_turns: earlier questions of the chat that the model was not told of. drafted: tokens
    that were guessed ahead, of which accepted were right.
    """

    model: str = ""
    tokens: int = 0
    seconds: float = 0.0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    thinking_seconds: float = 0.0
    context_tokens: int = 0
    context_used: int = 0
    dropped_turns: int = 0
    drafted: int = 0
    accepted: int = 0

    @property
    def tokens_per_second(self) -> float:
        """Speed of writing; 0 if nothing was written."""
        return self.tokens / self.seconds if self.seconds > 0 else 0.0

    def to_json(self) -> str:
        """One JSON object, as from_json reads it."""
        return json.dumps(asdict(self), ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> "AnswerFigures | None":
        """What to_json wrote; None for "{}" and for what is none of ours.

        Fields of a newer version are left out.
        """
        try:
            data: Any = json.loads(text)
            known = {one.name: data[one.name] for one in fields(cls) if one.name in data}
        except (ValueError, TypeError, RecursionError):
            return None
        defaults = cls()
        if not known or not all(_alike(v, getattr(defaults, k)) for k, v in known.items()):
            return None
        return cls(**known)


def _alike(value: object, default: object) -> bool:
    """Whether a value is of the kind of a field; a whole number may stand for a fraction."""
    if isinstance(default, float):
        return isinstance(value, int | float) and not isinstance(value, bool)
    return type(value) is type(default)
