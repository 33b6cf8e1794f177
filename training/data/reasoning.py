"""Chains of thought: their steps, forks, crypto terms, and what kind of question they answer."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from training.data.chat import Piece
from training.objectives.dpcd import Task
from training.vocabulary import TURN_END, TURN_START

_TERMS = Path(__file__).parent / "terms.txt"
_QUESTION, _TURN = f"{TURN_START}user\n", f"{TURN_START}assistant\n"
_OPEN, _CLOSE = "<think>\n", "\n</think>"
_OPENED = re.compile(r"\s*<think>\n?")
_NEXT_STEP = re.compile(r"(?<=\n)(?=\S)|(?<=[.!?] )(?=\S)")
_FORK = re.compile(
    r"\b(alternatively|otherwise|or else|instead|on the other hand|wait|unless|either|suppose|"
    r"case \d+|option \d+|another (?:way|option|possibility)|what if|if not)\b",
    re.IGNORECASE,
)
# The first kind whose words occur decides, so the more special ones stand first.
_KINDS = (
    (Task.RISK, r"risk\w*|safe|safety|audit\w*|rug ?pulls?|scams?|liquidat\w+|exploit\w*|hack\w*"),
    (
        Task.DEFI,
        r"defi|yields?|liquidity|pools?|lend\w*|borrow\w*|stak\w+|ap[yr]|amm|tvl|vaults?|protocols?",
    ),
    (Task.PRICE, r"price\w*|cost|worth|quotes?|trading at"),
    (Task.MARKET, r"market cap\w*|volume|supply|dominance|market data|all-time high|order book"),
)
_TASKS = [(task, re.compile(rf"\b(?:{words})\b", re.IGNORECASE)) for task, words in _KINDS]


@dataclass(frozen=True)
class Chain:
    """The reasoning of an answer as steps; joined they are its text, with closing blanks."""

    steps: tuple[str, ...]

    @property
    def branching(self) -> float:
        """b: ways to go on per step: 1, and one more for each fork that a step mentions."""
        forks = sum(len(_FORK.findall(step)) for step in self.steps)
        return 1 + forks / len(self.steps) if self.steps else 1.0


def split(text: str) -> Chain:
    """A chain's steps: its lines, and within a line its sentences; an indented line goes on."""
    return Chain(tuple(_NEXT_STEP.split(text)) if text.strip() else ())


def last_answer(dialogue: str, learnt: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """Where the last answer of a rendered dialogue begins and ends.

    learnt: where the stretches with a loss weight do, by which it is found in any format but ours.
    """
    begin, end = learnt[-1] if learnt else (len(dialogue), len(dialogue))
    return (dialogue.rindex(_TURN) + len(_TURN) if _TURN in dialogue else begin), end


def thought(dialogue: str, begin: int) -> slice:
    """The think span of the answer that begins there; empty if it has none.

    <think> stands at the beginning of the answer or at the end of its prompt.
    """
    if opened := _OPENED.match(dialogue, begin):
        begin = opened.end()
    elif not dialogue[:begin].rstrip().endswith(_OPEN.strip()):
        return slice(begin, begin)
    close = dialogue.find(_CLOSE.strip(), begin)
    return slice(begin, max(begin, close - dialogue.startswith(_CLOSE, close - 1)))


def question(dialogue: str, begin: int, before: int) -> str:
    """What the user asked last before the answer that begins there.

    before: where the answer before ends; in a format that is not ours all text since then counts.
    """
    _, ours, asked = dialogue[:begin].rpartition(_QUESTION)
    return asked.partition(TURN_END)[0] if ours else dialogue[before:begin]


def numbered(dialogue: str, begin: int, end: int, with_answer: bool) -> list[Piece]:
    """The dialogue cut so that the weight of a piece is the number of its step, from 1; else 0.

    begin, end: of the last answer. <think> belongs to the first step and </think> to the last one,
    as does the answer to the end of its turn if with_answer. It joins to the same text, so that it
    gives the same tokens.
    """
    inner = thought(dialogue, begin)
    steps = split(dialogue[inner]).steps
    if not steps:
        return [Piece(dialogue)]
    last, tag = float(len(steps)), _CLOSE.strip()
    closed = dialogue.index(tag, inner.stop) + len(tag)
    pieces = [Piece(dialogue[:begin]), Piece(dialogue[begin : inner.start], 1.0)]
    pieces += [Piece(step, float(number)) for number, step in enumerate(steps, 1)]
    pieces += [
        Piece(dialogue[inner.stop : closed], last),
        Piece(dialogue[closed:end], last if with_answer else 0.0),
        Piece(dialogue[end:]),
    ]
    return [piece for piece in pieces if piece.text]


def answer_message(text: str) -> dict[str, str]:
    """What a model wrote as a message: reasoning apart from the content."""
    inner, closed, content = text.removeprefix(_OPEN).partition(_CLOSE)
    if not closed or not text.startswith(_OPEN):
        return {"role": "assistant", "content": text}
    return {"role": "assistant", "reasoning_content": inner, "content": content.lstrip("\n")}


def classify(question: str) -> Task:
    """T(x): the kind of a question, by its words."""
    return next((task for task, words in _TASKS if words.search(question)), Task.OTHER)


def term_share(text: str) -> float:
    """S(c) / |V_crypto|: different terms of the crypto vocabulary in a text, over all there are."""
    words, owners = _vocabulary()
    found = {owners[match.lower()] for match in words.findall(text)}
    return len(found) / len(set(owners.values()))


@cache
def _vocabulary() -> tuple[re.Pattern[str], dict[str, str]]:
    """A pattern that finds every term, longer ones first, and the term of each spelling."""
    owners: dict[str, str] = {}
    for line in _TERMS.read_text(encoding="utf-8").splitlines():
        spellings = [word.strip() for word in line.split("|")]
        if not line.startswith("#") and spellings[0]:
            owners |= {spelling: spellings[0] for spelling in spellings if spelling}
    longest_first = sorted(owners, key=len, reverse=True)
    pattern = rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)"
    return re.compile(pattern, re.IGNORECASE), owners
