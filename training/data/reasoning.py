"""Chains of thought: their steps, forks, crypto terms, and what kind of question they answer."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from training.data.chat import Piece
from training.objectives.dpcd import Task
from training.vocabulary import TURN_END, TURN_START

_TERMS = Path(__file__).parent / "terms.txt"
_QUESTION, _TURN = f"{TURN_START}user\n", f"{TURN_START}assistant\n"
_OPEN, _CLOSE = "<think>\n", "\n</think>"
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


def thought(dialogue: str) -> str:
    """The think span of the last answer of a rendered dialogue; "" if it has none."""
    answer = dialogue.rpartition(_TURN)[2]
    inner, closed, _ = answer.removeprefix(_OPEN).partition(_CLOSE)
    return inner if closed and answer.startswith(_OPEN) else ""


def question(dialogue: str) -> str:
    """What the user asked last, before the last answer of a rendered dialogue."""
    asked = dialogue.rpartition(_TURN)[0].rpartition(_QUESTION)[2]
    return asked.partition(TURN_END)[0]


def numbered(dialogue: str, with_answer: bool) -> list[Piece]:
    """The dialogue cut so that the weight of a piece is the number of its step, from 1; else 0.

    <think> belongs to the first step and </think> to the last one, as does the answer to the end
    of its turn if with_answer. It joins to the same text, so that it gives the same tokens.
    """
    steps = split(thought(dialogue)).steps
    if not steps:
        return [Piece(dialogue)]
    start = dialogue.rindex(_TURN) + len(_TURN)
    begin = start + len(_OPEN)
    end = begin + sum(map(len, steps)) + len(_CLOSE)
    pieces = [Piece(dialogue[:start]), Piece(_OPEN, 1.0)]
    pieces += [Piece(step, float(number)) for number, step in enumerate(steps, 1)]
    last = float(len(steps))
    answer, turn_end, rest = dialogue[end:].rpartition(TURN_END)
    pieces += [Piece(_CLOSE, last), Piece(answer + turn_end, last if with_answer else 0.0)]
    return [piece for piece in (*pieces, Piece(rest)) if piece.text]


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
