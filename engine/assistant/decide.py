"""Chooses what to do with a question: call a tool, ask for something, offer a choice, or talk.

Two opinions are weighed: the linear router's and, when a model is loaded, the model's own
probability for each tool's name. What the recognisers found settles the rest: a tool that
cannot be called with the values at hand loses, and one that would ignore values loses a little.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from engine.assistant.candidates import Previous, Slots, candidates
from engine.assistant.prompting import Exchange
from engine.assistant.recognise import Recognised, recognise
from engine.assistant.router import NO_TOOL, Router
from engine.assistant.tools import TOOLS
from engine.assistant.tools.base import Tool
from engine.assistant.tools.context import ToolContext

MODEL_WEIGHT = 0.5  # share of the model's opinion in the log-linear mix
SURE = 0.45  # below this probability the user is asked what was meant
_MISSING = 1.5  # log-probability lost per required argument without a value
_UNUSED = 1.0  # … and per kind of value that the tool has no argument for

_CUE = re.compile(
    r"^\s*(?:and|also|what about|how about|same|ok(?:ay)?|now|then|but|only|just|or|no,|hmm|"
    r"instead|again|make (?:it|that)|sorry|i meant|plus|wbu|nd|n)\b",
    re.I,
)
_POINTS_BACK = re.compile(
    r"\b(?:it|its|it's|that|them|those|these|same|there|this one|the other)\b", re.I
)
_WHOLE = re.compile(
    r"\b(?:portfolio|everything|all (?:of it|my|together)|overall|total|whole)\b", re.I
)

Scores = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Option:
    """A tool with the values its arguments may take, and how likely it is meant."""

    tool: Tool
    slots: Slots
    probability: float


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do. kind "call", "ask" and "choose" have options, "reply" has a reply kind."""

    kind: str
    options: tuple[Option, ...]
    reply: str
    found: Recognised


def is_follow_up(text: str) -> bool:
    """Whether a text leans on the turn before."""
    if _CUE.search(text) or len(text.split()) <= 3:
        return True
    return bool(_POINTS_BACK.search(text)) and len(text.split()) <= 14


def decide(
    question: str,
    history: Sequence[Exchange],
    context: ToolContext,
    router: Router,
    model_scores: Callable[[Sequence[str]], Scores | None],
) -> Decision:
    """Decides on a question.

    model_scores: log-probabilities the model gives to each tool name and to "" (no tool),
    or None without a model.
    """
    found = recognise(question, context.today, context.assets, context.accounts)
    last = history[-1] if history else None
    before = last.tool if last else None
    previous = None
    if last and last.tool and is_follow_up(question):
        arguments = last.arguments
        if _WHOLE.search(question):
            arguments.pop("asset", None)
        previous = Previous(last.tool, arguments)
    slots = {
        tool.name: candidates(tool, found, previous, context.knowledge.terms, context.last_price)
        for tool in TOOLS.values()
    }
    scores = router.log_probabilities(found, before)
    opinion = model_scores(tuple(TOOLS))
    if opinion is not None:
        scores = _mix(scores, opinion)
    for name, slot in slots.items():
        scores[name] -= _MISSING * len(slot.missing) + _UNUSED * _unused(TOOLS[name], found)
    ranked = _normal(scores)
    winner = max(ranked, key=lambda name: ranked[name])
    options = tuple(
        Option(TOOLS[name], slots[name], probability)
        for name, probability in sorted(ranked.items(), key=lambda item: -item[1])
        if name in TOOLS
    )
    if ranked[winner] < SURE:
        offered = tuple(o for o in options if not o.slots.missing)[:3]
        if len(offered) > 1:
            return Decision("choose", offered, "", found)
    if winner in NO_TOOL:
        return Decision("reply", (), winner, found)
    best = options[0]
    return Decision("ask" if best.slots.missing else "call", (best,), "", found)


def _mix(router: Scores, model: Scores) -> dict[str, float]:
    """Log-linear mix; the model's "no tool" is shared among the router's kinds of reply."""
    talk = math.log(sum(math.exp(router[kind]) for kind in NO_TOOL) + 1e-12)
    mixed = {}
    for name, value in router.items():
        own = model[""] + value - talk if name in NO_TOOL else model[name]
        mixed[name] = (1 - MODEL_WEIGHT) * value + MODEL_WEIGHT * max(own, -20.0)
    return mixed


def _normal(scores: Scores) -> dict[str, float]:
    top = max(scores.values())
    weights = {name: math.exp(value - top) for name, value in scores.items()}
    total = sum(weights.values())
    return {name: weight / total for name, weight in weights.items()}


def _unused(tool: Tool, found: Recognised) -> int:
    """How many kinds of value in the question the tool has no argument for."""
    kinds = {param.kind for param in tool.parameters} | (
        {"compounding"} if any(p.name == "compounding" for p in tool.parameters) else set()
    )
    if tool.name == "explain_term":
        return 0
    lost = 0
    if found.of("account") and "account" not in kinds:
        lost += 1
    if found.of("percent") and not kinds & {"percent", "amount"}:
        lost += 1
    if found.of("compounding") and "compounding" not in kinds and found.of("percent"):
        lost += 1
    if found.of("date") and not kinds & {"date", "period"}:
        lost += 1
    if len(found.values("asset")) > 1 and tool.name not in ("correlation", "impermanent_loss"):
        lost += 1
    return lost


def fixed_arguments(slots: Slots) -> dict[str, str | Decimal]:
    """The first candidate of each argument."""
    return {name: values[0] for name, values in slots.values.items()}
