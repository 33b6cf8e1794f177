"""The same statement in other words, by rules that leave every figure as it is."""

import random
import re

# Pairs that may stand for each other, whatever is around them.
_PAIRS = """
purchased bought / sharply steeply / roughly approximately / nearly almost / often frequently
however nevertheless / shows indicates / usually generally / mainly mostly / large big
essential vital / rapidly quickly / volatile unsteady / fluctuations swings / holders owners
begins starts / therefore thus / drawback downside / drawbacks downsides / obtain acquire
"""
_OTHERS = {"rose": ["climbed"], "fell": ["declined", "dropped"], "traders": ["market participants"]}
_words = _PAIRS.replace("/", " ").split()
for _one, _two in zip(_words[::2], _words[1::2], strict=True):
    _OTHERS |= {_one: [_two], _two: [_one]}
# Not after an article, which may not go with the other word; not in links and code.
_WORD = re.compile(r"(?<![\w/.@`-])(?<!\ba )(?<!\ban )[a-z]+(?![\w/@`-]|\.\w)")
_SENTENCE_END = re.compile(r"(?<=[.!?])(\s+)")
# "When A, B." with no other comma; not where B refers back to A.
_CLAUSES = re.compile(
    r"(When|If|Although|While|Because|After|Before|Until) ((?:[^,:;()\"]|,(?=\d))+), "
    r"((?!(?:then|it|its|they|them|their|this|that|these|those|he|she)\b)"
    r"(?:[^,:;()\"]|,(?=\d))+)([.!])"
)


def paraphrase(text: str, seed: int) -> str:
    """Some words exchanged for synonyms, some "When A, B." for "B when A."; the same for the same
    seed, and unchanged where no rule fits."""
    rng = random.Random(seed)
    parts = _SENTENCE_END.split(text)
    return "".join(_WORD.sub(lambda m: _other(m[0], rng), _reorder(part, rng)) for part in parts)


def _other(word: str, rng: random.Random) -> str:
    others = _OTHERS.get(word)
    return rng.choice(others) if others and rng.random() < 0.6 else word


def _reorder(sentence: str, rng: random.Random) -> str:
    match = _CLAUSES.fullmatch(sentence)
    if match is None or rng.random() < 0.4:
        return sentence
    joint, condition, main, end = match.groups()
    return f"{main[0].upper()}{main[1:]} {joint.lower()} {condition}{end}"
