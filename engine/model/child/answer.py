"""Turns the tokens of an answer into text events, and knows when it is over."""

from collections.abc import Callable

import numpy as np

from engine.model.child.context import Row
from engine.model.child.model import Model
from engine.model.child.text import TextStream
from engine.model.messages import Event, Generate, Text, Token

LEAST = -1e9  # a log-probability in place of none: weights may be damaged, messages hold numbers


class Answer:
    """Takes tokens, sends text; `count` of them so far, `finish` is "" until it is over."""

    def __init__(self, model: Model, request: Generate, send: Callable[[Event], None]) -> None:
        self.count = 0
        self.finish = ""
        self._model = model
        self._request = request
        self._send = send
        self._text = TextStream(request.stop)
        self._thought = _Thought(model, request)

    def take(self, token: int | None) -> list[int]:
        """Add the next token, None where the grammar allows none; the tokens that must follow."""
        request = self._request
        if token is None or self.is_end(token):
            self.finish = "stop"
            return []
        self.count += 1
        piece = self._model.piece(token)
        if text := self._text.feed(piece):
            self._send(Text(request.id, text))
        if self._text.stopped:
            self.finish = "stop"
        elif self.count >= request.max_tokens:
            self.finish = "length"
        return [] if self.finish else self._thought.forced(piece, self._text.whole)

    def is_end(self, token: int) -> bool:
        """Whether the answer is over with this token, which is no part of it."""
        return not self._request.ignore_end and self._model.ends_answer(token)

    def tell(self, token: int, logits: Row) -> None:
        """Send the token's log-probability under the model, and those of the likeliest."""
        values = np.nan_to_num(logits - log_sum_exp(logits), nan=LEAST, neginf=LEAST)
        most = min(self._request.logprobs, values.size)
        top: list[int] = np.argpartition(values, -most)[-most:].tolist() if most else []
        top.sort(key=lambda one: -float(values[one]))
        self._send(
            Token(
                self._request.id,
                token,
                self._spelled(token),
                float(values[token]),
                tuple(top),
                tuple(self._spelled(one) for one in top),
                tuple(float(values[one]) for one in top),
            )
        )

    def end(self, finish: str) -> None:
        """Send what was held back; `finish` counts unless there is a reason already."""
        self.finish = self.finish or finish
        if rest := self._text.finish():
            self._send(Text(self._request.id, rest))

    def _spelled(self, token: int) -> str:
        return self._model.piece(token).decode("latin-1")


class _Thought:
    """Ends a thought that has used up its budget."""

    def __init__(self, model: Model, request: Generate) -> None:
        self._model = model
        self._start, self._end = request.thought_start.encode(), request.thought_end.encode()
        self._left = request.thought_budget
        self._open = request.thought_opened
        self._limited = bool(self._end) and self._left >= 0
        self._tail = b""

    def forced(self, piece: bytes, whole: bool) -> list[int]:
        """The tokens that end the thought now, if it has to end after this piece.

        whole: a character ends here; no thought is ended within one.
        """
        if not self._limited:
            return []
        self._tail = (self._tail + piece)[-64:]
        if not self._open:
            if self._tail.endswith(self._start):
                self._open, self._tail = True, b""
            return []
        if self._end in self._tail:
            self._limited = False
            return []
        self._left -= 1
        if self._left > 0 or not whole:
            return []
        self._limited = False
        return self._model.tokenize(f"\n{self._end.decode()}\n\n", start=False)


def log_sum_exp(logits: Row) -> float:
    """The logarithm of the sum of the exponentials."""
    largest = float(logits.max())
    return largest + float(np.log(np.exp(logits - np.float32(largest)).sum(dtype=np.float64)))
