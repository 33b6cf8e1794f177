"""How often a host may be asked: a bucket of tokens, and what a Retry-After header says."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


@dataclass(frozen=True, slots=True)
class Rate:
    """At most so many requests at once, and as many again over so many seconds."""

    requests: int
    seconds: float


class Bucket:
    """Tokens that come back with time; each request takes one, on credit if need be."""

    def __init__(self, rate: Rate, now: float) -> None:
        self._tokens = float(rate.requests)
        self._at = now

    def take(self, rate: Rate, now: float) -> float:
        """Take a token at a time in seconds; returns the seconds until it is there."""
        back = (now - self._at) * rate.requests / rate.seconds
        self._tokens = min(float(rate.requests), self._tokens + back) - 1
        self._at = now
        return max(0.0, -self._tokens * rate.seconds / rate.requests)


def retry_after(text: str, now: datetime) -> float:
    """The seconds a Retry-After header asks for, as a number or as a date; 0 if it is neither."""
    if re.fullmatch(r"[0-9]{1,9}", text):
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return 0.0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())
