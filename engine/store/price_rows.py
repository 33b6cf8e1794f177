"""A daily price as a row of its table, and back."""

from decimal import Decimal
from typing import Any

from engine.core.money import to_text
from engine.core.records import PricePoint
from engine.store import codec

_DECIMALS = ("open", "high", "low", "volume")
COLUMNS = ("asset", "currency", "day", "rank", "batch_id", "close", "source", *_DECIMALS)


def values(point: PricePoint, batch_id: int, rank: int) -> tuple[object, ...]:
    """The values of COLUMNS. rank: of several rows of a day the one with the highest counts."""
    return (
        point.asset,
        point.currency,
        point.day.isoformat(),
        rank,
        batch_id,
        to_text(point.close),
        point.source,
        *(codec.amount_text(getattr(point, name)) for name in _DECIMALS),
    )


def read(row: dict[str, Any]) -> PricePoint:
    """The price that a row holds."""
    return PricePoint(
        asset=row["asset"],
        currency=row["currency"],
        day=codec.day(row["day"]),
        close=Decimal(row["close"]),
        source=row["source"],
        **{name: codec.amount(row[name]) for name in _DECIMALS},
    )
