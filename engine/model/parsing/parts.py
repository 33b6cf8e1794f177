"""What an answer consists of."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TextPart:
    """Text of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class ThinkPart:
    """Text of the thought before it."""

    text: str


@dataclass(frozen=True, slots=True)
class CallPart:
    """A tool call. Numbers with a fraction are Decimal, exactly as written."""

    name: str
    arguments: dict[str, object]
    raw: str


@dataclass(frozen=True, slots=True)
class BadCallPart:
    """Something between call marks that is not a call."""

    raw: str


Part = TextPart | ThinkPart | CallPart | BadCallPart
