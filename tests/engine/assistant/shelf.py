"""A library of hand-made documents, measurements and NFT sales."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import numpy as np

from engine.analytics.nft import Sale
from engine.assistant.analyses import ANALYSES
from engine.assistant.calls import check_arguments
from engine.assistant.tools.base import ToolResult
from engine.assistant.tools.context import ToolContext
from engine.assistant.tools.library import Traits
from engine.core.cards import ChartCard, TableCard
from engine.ledger.pricing import Floats
from tests.engine.assistant.world import TODAY, world


@dataclass(frozen=True)
class Shelf:
    """What a test puts in; measured values are of the last days, one each."""

    stored: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict)
    values: Mapping[tuple[str, str, str], Sequence[float]] = field(default_factory=dict)
    sold: Mapping[str, tuple[Sequence[Sale], Traits]] = field(default_factory=dict)

    def documents(self, kind: str) -> Mapping[str, Mapping[str, Any]]:
        return self.stored.get(kind, {})

    def measured(self, topic: str) -> Sequence[tuple[str, str]]:
        return [(name, field) for of, name, field in self.values if of == topic]

    def measurements(self, topic: str, name: str, field: str) -> tuple[list[date], Floats]:
        found = self.values.get((topic, name, field), ())
        first = TODAY - timedelta(len(found) - 1)
        return [first + timedelta(n) for n in range(len(found))], np.array(found, dtype=np.float64)

    def collections(self) -> Sequence[str]:
        return tuple(self.sold)

    def sales(self, collection: str) -> tuple[Sequence[Sale], Traits, str, int]:
        return (*self.sold[collection], "ETH", 2)

    def priced(self) -> Sequence[str]:
        return ("BTC", "ETH")


def with_shelf(shelf: Shelf, context: ToolContext | None = None) -> ToolContext:
    """The hand-made portfolio, or another one, beside a library."""
    return replace(context or world(), library=shelf)


def run(name: str, context: ToolContext | None = None, **arguments: Any) -> ToolResult:
    """Run an analysis on the hand-made portfolio, or another one."""
    tool = ANALYSES[name].tool
    return tool.run(context or world(), check_arguments(tool, arguments))


def table(result: ToolResult, title: str = "") -> TableCard:
    """The table of that title, or the first."""
    tables = [card for card in result.cards if isinstance(card, TableCard)]
    return next(card for card in tables if title in card.title)


def chart(result: ToolResult, title: str = "") -> ChartCard:
    """The chart of that title, or the first."""
    charts = [card for card in result.cards if isinstance(card, ChartCard)]
    return next(card for card in charts if title in card.title)
