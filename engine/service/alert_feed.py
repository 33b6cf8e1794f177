"""Where alerts get their data from: one provider per topic, over what is stored."""

from collections.abc import Callable, Sequence
from datetime import date

import numpy as np

from engine.alerts import providers
from engine.alerts.feed import Feed
from engine.alerts.providers import Portfolio
from engine.ledger.pricing import Floats
from engine.market.series import PriceBook
from engine.store.documents import DocumentRepo
from engine.store.measurements import MeasurementRepo
from engine.store.prices import PriceRepo

FIELDS = {"yield": "apy", "health": "factor"}
"""The field of a measured topic that alerts watch."""


def alert_feed(
    prices: PriceBook,
    stored: PriceRepo,
    portfolio: Callable[[], Portfolio],
    measurements: MeasurementRepo,
    documents: DocumentRepo,
) -> Feed:
    """Everything that a rule can be about."""

    def measured(topic: str) -> Callable[[str], tuple[Sequence[date], Floats]]:
        def read(name: str) -> tuple[Sequence[date], Floats]:
            rows = measurements.series(topic, name, FIELDS[topic])
            return [row.day for row in rows], np.array([float(row.value) for row in rows])

        return read

    def scorecards(token: str) -> Sequence[tuple[date, frozenset[str]]]:
        body = documents.get("scorecard", token) or {}
        return [
            (date.fromisoformat(card["day"]), frozenset(card["flags"]))
            for card in body.get("history", [])
        ]

    return {
        "price": providers.prices(prices, stored),
        "weight": providers.weights(portfolio),
        "yield": providers.measured("yield", measured("yield")),
        "health": providers.measured("health", measured("health")),
        "flags": providers.flags(scorecards),
    }
