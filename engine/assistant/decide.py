"""Chooses what to do with a question: call a tool, ask for something, offer a choice, or talk.

Two opinions are weighed: the linear router's and, when a model is loaded, the model's own
probability for each tool's name. What the recognisers found settles the rest: a tool that
cannot be called with the values at hand loses, and one that would ignore values loses a little.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from engine.assistant.analyses.price_extremes import PRICE_EXTREMES
from engine.assistant.candidates import Slots
from engine.assistant.focus import read
from engine.assistant.follow import Previous, is_follow_up, relative
from engine.assistant.leaning import leans_on
from engine.assistant.ledger_questions import asks_for_sums
from engine.assistant.prompting import Exchange
from engine.assistant.recognise import Recognised, recognise
from engine.assistant.router import NO_TOOL, Router, masked
from engine.assistant.story import story_slots
from engine.assistant.tools import TOOLS
from engine.assistant.tools.base import Tool
from engine.assistant.tools.context import ToolContext

_MOVED = 6.0  # log-probability gained by the tool before when a text changes its values
_SAME_TOOL = 4.0  # … when it holds nothing but values
_LIKELY_SAME = 1.0  # … when one or two other words stand beside them
_TERM_ONLY = 2.0  # … by the glossary when a text is just a term it knows
_VAGUE = 2.0  # … lost by the glossary when a long text names no known term
MODEL_WEIGHT = 0.15  # share of the model's opinion in the log-linear mix
SURE = 0.58  # below this probability the user is asked what was meant
LOST = 0.3  # below this sum even the choice of three would be a guess
IDLE = 0.03  # what is less likely is not offered beside the others
_MISSING = 1.5  # log-probability lost when a required argument has no value
_OWN_WORDS = 3  # words beside values that make a text a question of its own
_STORY_UNUSED = 0.3  # share of that loss in a story, which names more than it asks for
_UNUSED = 1.0  # … and per kind of value that the tool has no argument for

# A price of a day that is to come: no one knows it.
_AHEAD = re.compile(
    r"\b(?:will|gonn?a|going to|'ll)\b.{0,40}\b(?:be|b|trade|cost|hit|reach|stand|go|sit|do)\b|"
    r"\b(?:gonn?a|next (?:week|month|year|quarter)|tomorrow)\b",
    re.I,
)
_WHOLE = re.compile(
    r"\b(?:portfolio|everything|all (?:of it|my|together)|overall|total|whole)\b", re.I
)

_FILLER = frozenset(
    "and also what about how same ok okay now then but only just or instead again please pls "
    "for of the a an n nd with in on at over make it that say lets let's try do if to is was "
    "by when compounding compounded interest sorry oh no yes hmm rather well so wbu as too "
    "k".split()
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
    last = history[-1] if history else None
    if last and last.tool is None and _answers_back(question, history, context, router):
        question = f"{last.question} {question}"
    # A chat may be older than the set of tools.
    before = last.tool if last and last.tool in TOOLS else None
    reading = read(
        question,
        lambda text: recognise(text, context.today, context.assets, context.accounts),
        router,
        before,
    )
    found, scores = reading.whole, reading.scores
    previous, moved = None, False
    if last and before:
        arguments = last.arguments
        moved = bool(relative(TOOLS[before], found, Previous(before, arguments))[0])
        if moved or is_follow_up(question):
            if _WHOLE.search(question):
                arguments.pop("asset", None)
            previous = Previous(before, arguments)

    def slots_of(tool: Tool, earlier: Previous | None) -> Slots:
        return story_slots(tool, reading, earlier, context)

    slots = {tool.name: slots_of(tool, previous) for tool in TOOLS.values()}
    if last and before and slots[before].missing:  # it may only fill a gap
        slots[before] = slots_of(TOOLS[before], Previous(before, last.arguments))
    opinion = model_scores(tuple(TOOLS))
    if opinion is not None:
        scores = _mix(scores, opinion)
    for name, slot in slots.items():
        unused = _unused(TOOLS[name], reading.parts[name]) * (_STORY_UNUSED if reading.story else 1)
        scores[name] -= _MISSING * bool(slot.missing) + _UNUSED * unused
    if previous and (tool := leans_on(previous, found)):
        scores[tool] += _MOVED
    if asks_for_sums(question):
        scores["transactions"] += 2 * _MOVED  # the router knows no such questions
    rest = _content_words(found)
    if before and (moved or (found.mentions and len(rest) <= 2)):
        scores[before] += _MOVED if moved else _LIKELY_SAME if rest else _SAME_TOOL
    said = question.lower().strip(" ?!.")
    if previous and before == "explain_term" and context.knowledge.has(" ".join(rest)):
        scores[before] += _MOVED
    elif context.knowledge.has(said) and said not in TOOLS:
        scores["explain_term"] += _TERM_ONLY
    elif len(rest) > 6 and not any(
        context.knowledge.has(str(t)) for t in slots["explain_term"].values.get("term", ())
    ):
        scores["explain_term"] -= _VAGUE
    ranked = _normal(scores)
    winner = max(ranked, key=lambda name: ranked[name])
    talk = sum(ranked[kind] for kind in NO_TOOL)
    if talk > ranked[winner]:
        winner = max(NO_TOOL, key=lambda kind: ranked[kind])
        return Decision("reply", (), winner, found)
    options = tuple(
        Option(TOOLS[name], slots[name], probability)
        for name, probability in sorted(ranked.items(), key=lambda item: -item[1])
        if name in TOOLS
    )
    if ranked[winner] < SURE:
        offered = tuple(o for o in options if not o.slots.missing and o.probability > IDLE)[:3]
        if sum(o.probability for o in offered) < LOST:
            return Decision("reply", (), "off_topic", found)
        if len(offered) > 1:
            return Decision("choose", offered, "", found)
    best = options[0]
    if best.tool.name == "price":
        if _is_ahead(found):
            return Decision("reply", (), "refuse", found)
        best = _over_time(best, reading.parts["price"])
    if len(ways := _both_ways(best)) == 2:
        return Decision("choose", ways, "", found)
    return Decision("ask" if best.slots.missing else "call", (best,), "", found)


def _is_ahead(found: Recognised) -> bool:
    """Whether a text speaks of the time to come."""
    years = map(int, re.findall(r"\b20\d\d\b", found.text))
    return bool(_AHEAD.search(found.text)) or any(year > found.today.year for year in years)


def _over_time(option: Option, found: Recognised) -> Option:
    """ "The price in March 2026" asks for the closes of a period, not for the last one."""
    periods = found.values("period")
    if option.slots.missing or "date" in option.slots.values or len(periods) != 1:
        return option
    values = {"asset": option.slots.values["asset"], "period": periods}
    return replace(option, tool=PRICE_EXTREMES.tool, slots=Slots(values, ()))


def _both_ways(option: Option) -> tuple[Option, ...]:
    """ "what if btc moves 30 %": the rise and the fall, when nobody said which."""
    for name in ("change_percent", "condition"):
        ways = option.slots.values.get(name, ())
        if option.slots.missing or len(ways) != 2:
            continue
        if set(ways) == {"up_percent", "down_percent"} or ways[0] == _negative(ways[1]):
            return tuple(
                replace(option, slots=Slots({**option.slots.values, name: (way,)}, ()))
                for way in ways
            )
    return ()


def _negative(value: str | Decimal) -> Decimal | None:
    return -value if isinstance(value, Decimal) else None


def _answers_back(
    question: str, history: Sequence[Exchange], context: ToolContext, router: Router
) -> bool:
    """Whether the earlier question lacked a value, and this text gives it rather than asks anew."""

    def alone(text: str) -> Decision:
        # Only one turn back: the turns before would each be decided twice as often as the next.
        return decide(text, history[-2:-1], context, router, lambda names: None)

    if alone(history[-1].question).kind != "ask":
        return False
    anew = alone(question)
    return anew.kind != "call" or len(_content_words(anew.found)) < _OWN_WORDS


def _content_words(found: Recognised) -> list[str]:
    """Words of the question that are neither values nor filler."""
    text = re.sub(r"<\w+>", " ", masked(found))
    return [word for word in re.findall(r"[a-z']+", text) if word not in _FILLER]


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
