"""When an answer gets a risk notice: by rule, never by the model's choice."""

import re

from engine.assistant.tools.base import Tool

NOTICE = (
    "Not investment advice. Crypto prices can fall to zero; "
    "past figures do not say what comes next."
)
_ADVICE = re.compile(
    r"\b(?:should|shall|ought|worth (?:buying|selling|holding)|good (?:time|idea|buy|entry|"
    r"investment)|"
    r"buy|sell|hold|hodl|invest|rebalance|recommend\w*|suggest\w*|advi[cs]e|better to|safe to|"
    r"take profits?|dca|ape in|all[- ]in|allocate|diversify)\b",
    re.I,
)


def risk_notice(question: str, answer: str, tool: Tool | None) -> str:
    """The notice that must follow this answer, or "" when it cannot be read as advice."""
    if tool is not None and tool.advice:
        return NOTICE
    if _ADVICE.search(question) or (tool is None and _ADVICE.search(answer)):
        return NOTICE
    return ""
