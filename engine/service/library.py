"""What analyses read beside transactions and prices, from the store."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, cast

import numpy as np

from engine.analytics.nft import Sale
from engine.assistant.tools.library import Traits
from engine.ledger.pricing import Floats
from engine.market.nftfile import as_sales
from engine.store.documents import DocumentRepo, Kind
from engine.store.measurements import MeasurementRepo
from engine.store.nft_sales import NftSaleRepo
from engine.store.prices import PriceRepo


class StoredLibrary:
    """Reads on demand; whoever keeps it forgets it when data change."""

    def __init__(
        self,
        documents: DocumentRepo,
        measurements: MeasurementRepo,
        prices: PriceRepo,
        sales: NftSaleRepo,
    ) -> None:
        self._documents = documents
        self._measurements = measurements
        self._prices = prices
        self._sales = sales

    def documents(self, kind: str) -> Mapping[str, Mapping[str, Any]]:
        """The bodies of all documents of a kind by name."""
        return self._documents.all(cast(Kind, kind))

    def measured(self, topic: str) -> Sequence[tuple[str, str]]:
        """The (name, field) pairs of a topic that have values."""
        return self._measurements.names(topic)

    def measurements(self, topic: str, name: str, field: str) -> tuple[list[date], Floats]:
        """The days and values of one measured series."""
        rows = self._measurements.series(topic, name, field)
        return [row.day for row in rows], np.array([float(row.value) for row in rows])

    def priced(self) -> Sequence[str]:
        """All assets that have prices, sorted."""
        return sorted(self._prices.assets())

    def collections(self) -> Sequence[str]:
        """The NFT collections that have sales."""
        return tuple(dict.fromkeys(one.collection for one in self._sales.collections()))

    def sales(self, collection: str) -> tuple[Sequence[Sale], Traits, str, int]:
        """The sales of a collection by time, the traits of its items, the currency of the sales,
        and how many were left out because they are in another."""
        return as_sales(self._sales.sales(collection))
