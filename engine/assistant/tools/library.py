"""What the user has set up or measured beside transactions and prices, as analyses read it."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Protocol

import numpy as np

from engine.analytics.nft import Sale
from engine.ledger.pricing import Floats

Traits = Mapping[str, Mapping[str, str]]
"""The traits of each item of a collection."""


class Library(Protocol):
    """Stored documents, measured series and NFT sales; `engine.service.library` is one."""

    def documents(self, kind: str) -> Mapping[str, Mapping[str, Any]]:
        """The bodies of all documents of a kind by name."""
        ...

    def measured(self, topic: str) -> Sequence[tuple[str, str]]:
        """The (name, field) pairs of a topic that have values."""
        ...

    def measurements(self, topic: str, name: str, field: str) -> tuple[list[date], Floats]:
        """The days and values of one measured series."""
        ...

    def collections(self) -> Sequence[str]:
        """The NFT collections that have sales."""
        ...

    def sales(self, collection: str) -> tuple[Sequence[Sale], Traits, str, int]:
        """The sales of a collection by time, the traits of its items, the currency of the sales,
        and how many were left out because they are in another."""
        ...

    def priced(self) -> Sequence[str]:
        """All assets that have prices, sorted."""
        ...


class EmptyLibrary:
    """The library of somebody who has set up nothing."""

    def documents(self, kind: str) -> Mapping[str, Mapping[str, Any]]:
        """None."""
        return {}

    def measured(self, topic: str) -> Sequence[tuple[str, str]]:
        """None."""
        return ()

    def measurements(self, topic: str, name: str, field: str) -> tuple[list[date], Floats]:
        """Empty."""
        return [], np.empty(0)

    def collections(self) -> Sequence[str]:
        """None."""
        return ()

    def sales(self, collection: str) -> tuple[Sequence[Sale], Traits, str, int]:
        """None."""
        return (), {}, "", 0

    def priced(self) -> Sequence[str]:
        """None."""
        return ()
