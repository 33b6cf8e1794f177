"""What an analysis is: a tool with a place on the Analysis page and what its form needs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, TypeVar, get_args

from engine.analytics.scenarios import STABLECOINS
from engine.assistant.recognise import Mention, Recognised
from engine.assistant.tools.base import Arguments, Param, Tool
from engine.assistant.tools.context import ToolContext
from engine.assistant.tools.figures import Sheet
from engine.core.errors import KnownError
from engine.core.records import is_nft
from engine.core.words import counted

T = TypeVar("T")

Group = Literal["Risk", "Scenarios", "Allocation", "DeFi", "NFTs", "Tokens", "Portfolio", "Market"]
GROUPS: tuple[Group, ...] = get_args(Group)

Offers = Mapping[str, tuple[str, ...]]
"""For some parameters, by name, the values that the user's data make possible."""

Follows = Mapping[str, tuple[str, Mapping[str, Decimal]]]
"""Parameters, by name, whose value in a form follows the choice of another one, until the user
types another: its name, and the value for each of its choices."""

Read = Mapping[str, str | Decimal | None]
"""Values by parameter; None: the parameter is not given, whatever else was found for it."""


def _nothing(context: ToolContext) -> Offers:
    return {}


def _unread(found: Recognised) -> Read:
    return {}


def _as_declared(context: ToolContext) -> Arguments:
    return {}


def _alone(context: ToolContext) -> Follows:
    return {}


def _lacks_nothing(context: ToolContext) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Analysis:
    """A tool as the screens and the command line offer it.

    title: of its place on the page. intro: one sentence on what it answers. offers: see Offers.
    topics: texts a question contains if it asks for this, as regular expressions. reads: what only
    this analysis understands of a question, before what every parameter of a kind takes. defaults:
    values for a form to begin with, from the user's data, in place of those of the parameters.
    lacks: a sentence on what must be imported before there is anything to compute with, or "".
    follows: see Follows.
    """

    tool: Tool
    group: Group
    title: str
    intro: str
    topics: tuple[str, ...] = ()
    offers: Callable[[ToolContext], Offers] = _nothing
    reads: Callable[[Recognised], Read] = _unread
    defaults: Callable[[ToolContext], Arguments] = _as_declared
    lacks: Callable[[ToolContext], str] = _lacks_nothing
    follows: Callable[[ToolContext], Follows] = _alone

    @property
    def name(self) -> str:
        """The name of the tool."""
        return self.tool.name


def number_of(arguments: Arguments, param: Param) -> Decimal:
    """A numeric argument, or the default of its parameter."""
    value = arguments.get(param.name, param.default)
    assert isinstance(value, Decimal)  # checked against the schema before the call
    return value


def text_of(arguments: Arguments, param: Param) -> str:
    """An argument that is text, or the default of its parameter, or ""."""
    return str(arguments.get(param.name, param.default or ""))


def symbols_of(arguments: Arguments, name: str = "assets") -> tuple[str, ...]:
    """A list of symbols with commas or blanks between, each once, in upper case."""
    words = str(arguments.get(name, "")).replace(",", " ").upper().split()
    return tuple(dict.fromkeys(words))


def amounts_said(found: Recognised) -> list[Mention]:
    """Sums and numbers of a question in reading order; a year is none, nor is the 6m of a time."""
    times = [*found.of("period"), *found.of("date")]
    return [
        one for one in found.of("amount")
        if not any(one.start < time.end and time.start < one.end for time in times)
    ]  # fmt: skip


def held_coins(context: ToolContext) -> tuple[str, ...]:
    """What is held, has a value and a price of its own, the most valuable first."""
    return tuple(
        row.asset for row in context.valuation().rows
        if row.value and row.asset != context.currency and not is_nft(row.asset)
        and context.prices.quote(row.asset, context.currency, context.today)
    )  # fmt: skip


def first_coins(context: ToolContext) -> tuple[str, ...]:
    """Coins with prices, the most interesting first: the larger holdings, then others, then those
    that keep their value."""
    held = held_coins(context) if context.transactions else ()
    known = dict.fromkeys((*held, *context.library.priced()))
    return tuple(sorted(known, key=STABLECOINS.__contains__))


class Measures:
    """Takes measures of one series into a sheet; notes say which are rough and which lack data."""

    def __init__(self, sheet: Sheet, count: int) -> None:
        """count: daily returns of the series."""
        self._sheet = sheet
        self._count = count
        self._rough: list[str] = []
        self._refused: list[str] = []

    def take(self, name: str, measure: Callable[[], T]) -> T | None:
        """The measure, or None if the data are too few for it."""
        try:
            found = measure()
        except KnownError:
            self._refused.append(name)
            return None
        if getattr(found, "warning", ""):
            self._rough.append(name)
        return found

    def notes(self) -> None:
        """Add the notes."""
        count = counted(self._count, "daily return")
        verb = "does" if self._count == 1 else "do"
        if self._rough:
            names = ", ".join(self._rough)
            self._sheet.note(f"With {count} these are rough figures: {names}.")
        if self._refused:
            names = ", ".join(self._refused)
            self._sheet.note(f"The {count} {verb} not allow: {names}.")
