"""How values are written in the database: decimals, times and days as TEXT."""

from datetime import UTC, date, datetime
from decimal import Decimal

from engine.core.money import to_text


def amount_text(value: Decimal | None) -> str | None:
    """Exact plain notation, or None."""
    return None if value is None else to_text(value)


def amount(text: str | None) -> Decimal | None:
    """A stored amount, or None."""
    return None if text is None else Decimal(text)


def time_text(moment: datetime) -> str:
    """ISO 8601 in UTC, always of the same length so that text order is time order."""
    utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return utc.isoformat("T", "microseconds")


def time(text: str) -> datetime:
    """A stored time, aware, in UTC."""
    return datetime.fromisoformat(text)


def day(text: str) -> date:
    """A stored day."""
    return date.fromisoformat(text)
