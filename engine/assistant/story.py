"""The values of a tool's arguments in a text that says more than its question."""

import re

from engine.assistant.candidates import Slots, candidates
from engine.assistant.focus import Reading
from engine.assistant.follow import ALL, Previous
from engine.assistant.recognise import Recognised
from engine.assistant.tools.base import Param, Tool
from engine.assistant.tools.context import ToolContext

_AT_COIN = re.compile(
    r"\b(?:it|its|it's|them)\b|"
    r"\b(?:that|this|those|these|the) (?:coin|one|holding|bag|token|lot|position)s?\b",
    re.I,
)
_AT_TIME = re.compile(r"\b(?:that|then|since|the same)\b", re.I)


def story_slots(
    tool: Tool, reading: Reading, earlier: Previous | None, context: ToolContext
) -> Slots:
    """Candidates from the sentence that asks for the tool; from the whole what it lacks.

    earlier: set only when the question is a follow-up. Left-out optional values are looked for in
    the whole only where the sentence points back: "I bought ether in May. What has it done since?"
    """
    terms = context.knowledge.terms
    part = reading.parts[tool.name]
    slots = candidates(tool, part, earlier, terms, context.last_price)
    if part is reading.whole:
        return slots
    whole = candidates(tool, reading.whole, earlier, terms, context.last_price)
    if slots.missing:
        return whole
    money = any(mention.signed for mention in part.of("amount"))
    taken = {
        param.name: whole.values[param.name]
        for param in tool.parameters
        if param.name in whole.values
        and (
            (param.kind == "amount" and not money)
            or (
                slots.values.get(param.name, (ALL,)) == (ALL,)  # unsaid: what-if takes all coins
                and _points_back(param, part)
            )
        )
    }
    values = {p.name: {**slots.values, **taken}.get(p.name) for p in tool.parameters}
    return Slots({name: v for name, v in values.items() if v}, ())


def _points_back(param: Param, part: Recognised) -> bool:
    """Whether a sentence refers to a value that its story told."""
    if param.name == "compounding":
        return True
    pattern = {"asset": _AT_COIN, "date": _AT_TIME, "period": _AT_TIME}.get(param.kind)
    return pattern is not None and bool(pattern.search(part.text))
