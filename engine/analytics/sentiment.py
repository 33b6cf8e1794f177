"""The tone of short texts from a lexicon of words, by rules of the kind Hutto & Gilbert describe
("VADER: a parsimonious rule-based model for sentiment analysis of social media text", 2014), and
what it has to do with returns.

A word of the lexicon counts its valence, -4 to 4. A word in capitals in a text that is not adds
0.733 to its size; an intensifier among the three words before it adds 0.293, a dampener takes as
much, 5 % and 10 % less of it from further away; a negation there multiplies by -0.74. What stands
before the last "but" counts half, what stands after it half more. Each of up to four "!" adds 0.292
to the size of the sum s. The score is s / sqrt(s² + 15).
"""

import math
import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import numpy as np

from engine.analytics.correlation import Correlation, pearson
from engine.analytics.returns import Floats, daily_returns

CAPITALS = 0.733
INTENSITY = 0.293
NEGATION = -0.74
EXCLAMATION = 0.292
ALPHA = 15.0
REACH = 3
LONGEST_TERM = 3
"""Words of the longest term a lexicon may have."""

_NEARNESS = (1.0, 0.95, 0.9)
_MOST_EXCLAMATIONS = 4
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*|[\U0001F300-\U0001FAFF\u2600-\u27BF]")
_STRONGER = frozenset(
    "absolutely amazingly completely deeply enormously entirely especially extraordinarily "
    "extremely fully greatly heavily highly hugely incredibly insanely intensely massively "
    "particularly purely really remarkably seriously sharply so strongly super totally "
    "tremendously truly unusually utterly very".split()
)
_WEAKER = frozenset(
    "almost barely fairly hardly kinda less little marginally mildly modestly moderately partly "
    "scarcely slightly somewhat sorta".split()
)
_NEGATIONS = frozenset(
    "aint ain't arent aren't cannot cant can't couldnt couldn't didnt didn't doesnt doesn't dont "
    "don't hadnt hadn't hasnt hasn't havent haven't isnt isn't neither never no nobody none nor "
    "not nothing nowhere shouldnt shouldn't wasnt wasn't werent weren't without wont won't "
    "wouldnt wouldn't".split()
)


def score(text: str, lexicon: Mapping[str, float]) -> float:
    """The tone of a text, -1 (all bad) to 1 (all good); 0 if no word of it is known.

    lexicon: valences by lower-case term of up to LONGEST_TERM words.
    """
    words = _WORD.findall(text)
    lower = [word.lower().replace("’", "'") for word in words]
    shouted = [word.isupper() and len(word) > 1 for word in words]
    mixed = any(shouted) and any(word.islower() for word in words)
    turn = max((i for i, word in enumerate(lower) if word == "but"), default=None)
    total = 0.0
    i = 0
    while i < len(words):
        length = _term(lower, i, lexicon)
        if length:
            term = slice(i, i + length)
            value = _valence(lower, i, lexicon[" ".join(lower[term])], mixed and all(shouted[term]))
            total += value if turn is None else value * (0.5 if i < turn else 1.5)
        i += max(length, 1)
    if total:
        marks = min(text.count("!"), _MOST_EXCLAMATIONS)
        total += math.copysign(marks * EXCLAMATION, total)
    return total / math.sqrt(total * total + ALPHA)


def next_day_correlation(
    days: Sequence[date], scores: Floats, price_days: Sequence[date], closes: Floats
) -> Correlation:
    """Pearson's r of the score of a day and the simple return of the day after it.

    n, first and last are of the returns. It says nothing about cause. KnownError with fewer than
    three such pairs, or if one of the two never changes.
    """
    kept, returns = daily_returns(price_days, closes)
    after = dict(zip(kept, returns.tolist(), strict=True))
    tone = {day + timedelta(1): value for day, value in zip(days, scores.tolist(), strict=True)}
    common = sorted(after.keys() & tone.keys())
    return pearson(
        common, np.array([tone[day] for day in common]), np.array([after[day] for day in common])
    )


def _term(lower: Sequence[str], at: int, lexicon: Mapping[str, float]) -> int:
    """How many words the longest known term at this place has; 0 without one."""
    for length in range(min(LONGEST_TERM, len(lower) - at), 0, -1):
        if " ".join(lower[at : at + length]) in lexicon:
            return length
    return 0


def _valence(lower: Sequence[str], at: int, valence: float, shouted: bool) -> float:
    size = abs(valence) + (CAPITALS if shouted else 0.0)
    before = lower[max(at - REACH, 0) : at][::-1]
    for word, nearness in zip(before, _NEARNESS, strict=False):
        if word in _STRONGER:
            size += INTENSITY * nearness
        elif word in _WEAKER:
            size -= INTENSITY * nearness
    value = math.copysign(max(size, 0.0), valence)
    return value * NEGATION if any(word in _NEGATIONS for word in before) else value
