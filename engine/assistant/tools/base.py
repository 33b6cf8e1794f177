"""What a tool is: a typed function with a JSON schema, and what it returns."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from engine.core.cards import Card, Draft

if TYPE_CHECKING:
    from engine.assistant.tools.context import ToolContext

ParamKind = Literal[
    "asset", "account", "period", "date", "percent", "amount", "years", "enum", "term",
    "assets", "number", "text",
]  # fmt: skip
Arguments = Mapping[str, str | Decimal]

_JSON_TYPES = {"percent": "number", "amount": "number", "years": "number", "number": "number"}


@dataclass(frozen=True, slots=True)
class Param:
    """One argument of a tool.

    help: what it means, for models that read schemas. choices: the values of an "enum". label,
    default, least, most and long (several lines of text): for a form; "assets" are symbols with
    commas between. when: another parameter and those of its choices with which this one matters;
    empty: it always does. omitted: what leaving it out means, as the first of a form's choices.
    """

    name: str
    kind: ParamKind
    required: bool
    help: str
    choices: tuple[str, ...] = ()
    label: str = ""
    default: str | Decimal | None = None
    least: Decimal | None = None
    most: Decimal | None = None
    long: bool = False
    when: tuple[str, ...] = ()
    omitted: str = "all"

    def schema(self) -> dict[str, Any]:
        """The JSON schema of the value."""
        schema: dict[str, Any] = {
            "type": _JSON_TYPES.get(self.kind, "string"),
            "description": self.help,
        }
        if self.choices:
            schema["enum"] = list(self.choices)
        return schema


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a result.

    value: the exact number in the unit shown (12.34 for "12.34 %"). text: as displayed.
    """

    label: str
    value: Decimal
    text: str


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool found.

    text: compact lines for the model, and the plain answer when the model's own words fail.
    figures: every number an answer may contain. sources: cited knowledge entries. plain: the text
    is to be shown as it is, because there is nothing to put into words. headline: the figure that
    was asked for; an answer without it is no answer.
    """

    text: str
    cards: tuple[Card, ...]
    figures: tuple[Figure, ...]
    draft: Draft | None = None
    sources: tuple[str, ...] = ()
    plain: bool = False
    headline: str = ""


@dataclass(frozen=True, slots=True)
class Tool:
    """A named function the model may call.

    noun: how the "did you mean" chooser calls it, with argument names in braces.
    advice: whether an answer from it can be read as investment advice. headline: the label of the
    figure that is always asked for.
    """

    name: str
    description: str
    parameters: tuple[Param, ...]
    run: "Callable[[ToolContext, Arguments], ToolResult]"
    noun: str
    advice: bool = False
    headline: str = ""

    def schema(self) -> dict[str, Any]:
        """The function schema in the form Qwen3 and the OpenAI API use."""
        return {
            "type": "function",
            "function": {
                "name": self.name,
                "description": self.description,
                "parameters": {
                    "type": "object",
                    "properties": {p.name: p.schema() for p in self.parameters},
                    "required": [p.name for p in self.parameters if p.required],
                },
            },
        }
