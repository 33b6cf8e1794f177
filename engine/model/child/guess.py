"""Who guesses ahead: a lookup in the text so far, or a smaller model of the same vocabulary."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from engine.core.errors import Cancelled
from engine.model.child.api import AbortFlag
from engine.model.child.context import Context, Full, Part
from engine.model.child.model import Model
from engine.model.child.speculation import Guesser, Pays
from engine.model.messages import Load

MODEL_MATCH = 8  # a model's guess counts as a match of so many tokens


class Guesses(Protocol):
    """Guesses for one answer."""

    def draft(self, most: int) -> list[int]:
        """Up to `most` tokens that may come next, [] for none."""
        ...

    def took(self, tokens: list[int], seconds: float | None) -> None:
        """The tokens that came, and how long the step took, if it did nothing else."""
        ...


class Guessing:
    """Makes the guessers of a loaded model."""

    def __init__(self, context: Context, wanted: Load, abort: AbortFlag) -> None:
        """Raises LoadFailed if there is a draft model that cannot be loaded."""
        curve = tuple(zip(wanted.curve_sizes, wanted.curve_costs, strict=True))
        self._possible = context.partial
        self._pays = Pays(curve)
        self._small: _Small | None = None
        if wanted.draft and self._possible:
            self._small = _Small(wanted, abort)
            self._small_pays = Pays(curve, guess_cost=self._small.cost(context))

    def guesser(self, tokens: Sequence[int], on: bool) -> Guesses | None:
        """A guesser for an answer to these tokens; None where it is off or cannot work."""
        if not on or not self._possible:
            return None
        if self._small is not None:
            return _ModelGuesser(tokens, self._small, self._small_pays)
        return Guesser(tokens, self._pays)


class _Small:
    """The smaller model: what it would say after some tokens."""

    def __init__(self, wanted: Load, abort: AbortFlag) -> None:
        self._model = Model(wanted.draft, lambda _: None, abort)
        own = replace(wanted, sequences=1, kv_type="f16", flash_until=0)
        self._context = Context(self._model, own, abort)
        self._held: list[int] = []

    def cost(self, big: Context) -> float:
        """Roughly what one of its tokens costs, as a part of one of the big model's."""
        return min(0.9, self._model.weight / max(big.weight, 1))

    def next(self, tokens: list[int], most: int) -> list[int]:
        """Its likeliest next tokens, up to `most`. Raises Cancelled."""
        common = 0
        for mine, other in zip(self._held, tokens[:-1], strict=False):
            if mine != other:
                break
            common += 1
        if not self._context.cut(0, common):
            self._context.cut(0, 0)
            common = 0
        del self._held[common:]
        said: list[int] = []
        new = tokens[common:]
        while len(said) < most:
            row = 0
            for start in range(0, len(new), self._context.batch):
                piece = new[start : start + self._context.batch]
                at = len(self._held)
                last = at + len(piece) - 1
                row = self._context.decode([Part(0, at, piece, last)])[0][last]
                self._held += piece
            token = int(self._context.logits(row).argmax())
            said.append(token)
            if self._model.ends_answer(token):
                break
            new = [token]
        return said


class _ModelGuesser:
    """Lets the smaller model guess as long as it pays."""

    def __init__(self, tokens: Sequence[int], small: _Small, pays: Pays) -> None:
        self._tokens = list(tokens)
        self._small = small
        self._pays = pays
        self._guess: list[int] = []
        self._alone = True  # two answers would make it read their texts over and over

    def draft(self, most: int) -> list[int]:
        """As Guesses.draft."""
        if most <= 0 or not self._alone:
            return []
        wanted = self._pays.length(MODEL_MATCH, most)
        try:
            self._guess = self._small.next(self._tokens, wanted) if wanted else []
        except (Cancelled, Full):
            self._guess = []
        return self._guess

    def took(self, tokens: list[int], seconds: float | None) -> None:
        """As Guesses.took."""
        right = 0
        for guess, token in zip(self._guess, tokens, strict=False):
            if guess != token:
                break
            right += 1
        self._alone = seconds is not None
        self._pays.saw(MODEL_MATCH, min(len(self._guess), len(tokens)), right)
        if seconds is not None:
            self._pays.took(len(self._guess), right, seconds)
        self._tokens += tokens
        self._guess = []
