"""Guessing ahead: what the answer probably copies, and whether checking a guess pays.

Decoding several tokens at once costs less than one after the other, how much less depends on the
machine. A guess is checked by decoding it; every token up to the first wrong one is won. Nothing
here touches the model, so the answer is the same with and without.
"""

import bisect
from collections.abc import Iterable

LENGTHS = (16, 8, 4)  # n-grams that are looked up, the longest first
LONGEST = 32  # longer matches are as good as this
# Without a measurement: what two slow cores need, the worst case known.
CAREFUL_CURVE = ((2, 1.92), (4, 3.06), (8, 5.7), (16, 8.2))

# A copy of so many tokens that ended is remembered: what interrupts it is often an insertion or one
# changed token, after which it goes on.
INTERRUPTED = 8
BLIND, SEEN = 1, 2  # "matches" of a copy that may go on: nothing of it was seen yet, or something
PATIENCE = 48  # tokens after which it is forgotten
# How often the next token of a match of at least so many tokens is right, until it is known.
PRIORS = ((BLIND, 0.5), (SEEN, 0.6), (4, 0.70), (8, 0.85), (16, 0.93), (32, 0.97))
PRIOR_WEIGHT = 8.0  # observations a prior is worth
MEMORY = 0.97  # of an observation is left at the next one
GAIN = 1.05  # a guess has to promise this much, the estimate being uncertain
FIRST_PAUSE, LONGEST_PAUSE = 64, 4096  # plain steps after a loss
DEBT_STEPS = 1.5  # plain steps' time that may be lost before a pause
LEARNING = 0.1  # weight of one observed time
HELD = 5.0  # times longer than expected: the rest is somebody else's
WILD = 2.0  # a time further off than this factor is believed to be so far off only


class PromptLookup:
    """Finds what followed the last tokens when they last occurred, in prompt and answer alike."""

    def __init__(self, tokens: Iterable[int] = ()) -> None:
        self._tokens: list[int] = []
        self._ends: dict[int, dict[int, int]] = {length: {} for length in LENGTHS}
        self._source = -1  # where the last guess came from, while it keeps coming true
        self._run = 0  # length of that copy
        self._broken = -1  # where a long copy was left
        self._since = 0  # tokens since then
        self.extend(tokens)

    def extend(self, tokens: Iterable[int]) -> None:
        """Append tokens to the history; constant time for each."""
        history, ends = self._tokens, self._ends
        for token in tokens:
            end = len(history)
            # An n-gram is noted when it has a follower, so that no suffix finds itself.
            for length in LENGTHS:
                if end >= length:
                    ends[length][hash(tuple(history[end - length :]))] = end
            self._since += 1
            if self._source >= 0:
                self._follow(token)
            history.append(token)

    def draft(self, most: int) -> tuple[list[int], int]:
        """Up to `most` tokens that probably come next, and the length of the match (0 = none)."""
        history = self._tokens
        found = not 0 <= self._source < len(history)
        if found:
            self._source = self._find()
        start = self._source
        match = self._match(start) if start >= 0 else 0
        if found:
            self._run = match
            going_on, seen = self._going_on() if match < INTERRUPTED else (-1, 0)
            if going_on >= 0:
                self._source, self._run = going_on, 0
                return history[going_on : going_on + most], seen
        return (history[start : start + most], max(match, SEEN)) if start >= 0 else ([], 0)

    def _follow(self, token: int) -> None:
        """See whether the source has the token that came."""
        if self._tokens[self._source] == token:
            self._source += 1
            self._run += 1
            return
        if self._run >= INTERRUPTED:
            self._broken, self._since = self._source, 1
        self._source, self._run = -1, 0

    def _going_on(self) -> tuple[int, int]:
        """Where an interrupted copy may go on now, -1 if nowhere, and BLIND or SEEN."""
        history, left, since = self._tokens, self._broken, self._since
        if left < 0 or since > PATIENCE:
            return -1, 0
        changed = left + since  # if one token was another one, and all since were the same
        if (
            changed < len(history)
            and history[left + 1 : changed] == history[len(history) - since + 1 :]
        ):
            return changed, BLIND if since == 1 else SEEN
        # If something was put in: the token that was to come has come now.
        return (left + 1, SEEN) if history[left] == history[-1] else (-1, 0)

    def _find(self) -> int:
        """Where the history goes on after an earlier copy of its end, -1 if there is none."""
        history = self._tokens
        for length in LENGTHS:
            if len(history) > length:
                tail = history[-length:]
                end = self._ends[length].get(hash(tuple(tail)), -1)
                if end >= 0 and history[end - length : end] == tail:
                    return end
        return -1

    def _match(self, end: int) -> int:
        """How many tokens before `end` equal the last ones."""
        history = self._tokens
        length, most = 0, min(end, LONGEST)
        while length < most and history[end - 1 - length] == history[-1 - length]:
            length += 1
        return length


class Pays:
    """Decides how many tokens to guess, from how often guesses are right and what checking costs.

    cost_curve: (tokens decoded at once, cost as a multiple of one); guess_cost: of each guessed
    token, as a part of decoding one (0 for a lookup, more for a draft model). Costs are corrected
    by the times observed. One object serves all answers of a loaded model.
    """

    def __init__(
        self, cost_curve: tuple[tuple[int, float], ...] = (), guess_cost: float = 0.0
    ) -> None:
        points = {size: cost for size, cost in cost_curve or CAREFUL_CURVE if size > 1}
        self._sizes = [1, *sorted(points)]
        self._costs = [1.0, *(max(1.0, points[size]) for size in sorted(points))]
        self._guess_cost = guess_cost
        self._right = [rate * PRIOR_WEIGHT for _, rate in PRIORS]
        self._wrong = [(1 - rate) * PRIOR_WEIGHT for _, rate in PRIORS]
        self._step = 0.0  # seconds of a plain step, 0 = not known yet
        self._debt = 0.0  # seconds lost since guessing last broke even
        self._pause = FIRST_PAUSE
        self._paused = 0  # plain steps to go

    @property
    def most(self) -> int:
        """The longest guess there are costs for."""
        return self._sizes[-1] - 1

    def cost(self, size: int) -> float:
        """What decoding `size` tokens at once costs, as a multiple of one."""
        after = bisect.bisect_left(self._sizes, size)
        if after == len(self._sizes):
            return self._costs[-1] * size / self._sizes[-1]
        if self._sizes[after] == size:
            return self._costs[after]
        left, right = self._sizes[after - 1], self._sizes[after]
        way = (size - left) / (right - left)
        return self._costs[after - 1] * (1 - way) + self._costs[after] * way

    def length(self, match: int, most: int) -> int:
        """How many tokens to guess after a match of this many; 0 = decode plainly."""
        if match < PRIORS[0][0]:
            return 0
        if self._paused > 0:
            self._paused -= 1
            if not self._paused and self._guess_cost:
                self._forget()
            return 0
        group = _group(match)
        rate = self._right[group] / (self._right[group] + self._wrong[group])
        best, best_gain = 0, GAIN
        won = chance = 1.0
        for size in range(1, min(most, self.most) + 1):
            chance *= rate
            won += chance
            gain = won / (self.cost(size + 1) + size * self._guess_cost)
            if gain > best_gain:
                best, best_gain = size, gain
        if not best and self._guess_cost:
            self._rest()  # nothing is learnt about guesses that are not made
        return best

    def saw(self, match: int, guessed: int, right: int) -> None:
        """Of `guessed` tokens after such a match so many were right before the first wrong one.

        Also for a guess that was not decoded but turned out right or wrong: that costs nothing.
        """
        if guessed <= 0 or match < PRIORS[0][0]:
            return
        group = _group(match)
        self._right[group] = self._right[group] * MEMORY + right
        self._wrong[group] = self._wrong[group] * MEMORY + (right < guessed)

    def took(self, guessed: int, right: int, seconds: float) -> None:
        """A step that decoded one token and `guessed` more, `right` of which were right.

        Not to be called for steps that also decoded other things.
        """
        if not guessed:
            if self._step:
                believed = min(seconds, self._step * WILD)
                self._step += LEARNING * (believed - self._step)
            else:
                self._step = seconds
            return
        if not self._step:
            return
        # A moment in which another program held the processor is no loss by guessing.
        seconds = min(seconds, HELD * self.cost(guessed + 1) * self._step)
        self._learn(guessed + 1, seconds / self._step)
        self._debt = max(0.0, self._debt + seconds - (right + 1) * self._step)
        if self._debt > DEBT_STEPS * self._step * max(1.0, self.cost(guessed + 1)):
            self._rest()
        elif not self._debt:
            self._pause = max(FIRST_PAUSE, self._pause // 2)

    def _rest(self) -> None:
        self._debt = 0.0
        self._paused = self._pause
        self._pause = min(2 * self._pause, LONGEST_PAUSE)

    def _forget(self) -> None:
        for group, (_, rate) in enumerate(PRIORS):
            self._right[group] = rate * PRIOR_WEIGHT
            self._wrong[group] = (1 - rate) * PRIOR_WEIGHT

    def _learn(self, size: int, cost: float) -> None:
        """Move the curve towards an observed cost, the nearer point of it more."""
        factor = min(max(cost / self.cost(size), 1 / WILD), WILD)
        after = min(bisect.bisect_left(self._sizes, size), len(self._sizes) - 1)
        before = max(after - 1, 0)
        span = self._sizes[after] - self._sizes[before]
        way = min(1.0, (size - self._sizes[before]) / span) if span else 1.0
        for point, share in ((before, 1 - way), (after, way)):
            if point:  # a single token costs 1 by definition
                cost = self._costs[point] * factor ** (LEARNING * share)
                self._costs[point] = max(1.0, cost)


class Guesser:
    """Guesses for one answer by lookup: draft, decode, say what came of it.

    tokens: the prompt's; pays: shared by all answers.
    """

    def __init__(self, tokens: Iterable[int], pays: Pays) -> None:
        self._lookup = PromptLookup(tokens)
        self._pays = pays
        self._likely: list[int] = []
        self._match = 0
        self._guessed = 0

    def draft(self, most: int) -> list[int]:
        """The tokens to decode along with the next one, [] for a plain step."""
        self._likely, self._match = self._lookup.draft(max(1, min(most, self._pays.most)))
        wanted = self._pays.length(self._match, min(most, len(self._likely)))
        self._guessed = wanted
        return self._likely[:wanted]

    def took(self, tokens: list[int], seconds: float | None) -> None:
        """The step yielded these tokens (the guesses that were right and the one after them).

        seconds: it took, None if it did other things too.
        """
        looked_at = self._likely[: max(1, self._guessed)]
        right = 0
        for guess, token in zip(looked_at, tokens, strict=False):
            if guess != token:
                break
            right += 1
        self._pays.saw(self._match, min(len(looked_at), len(tokens)), right)
        if seconds is not None:
            self._pays.took(self._guessed, min(right, self._guessed), seconds)
        self._lookup.extend(tokens)
        self._likely, self._match, self._guessed = [], 0, 0


def _group(match: int) -> int:
    """Which of PRIORS a match belongs to."""
    return sum(match >= least for least, _ in PRIORS) - 1
