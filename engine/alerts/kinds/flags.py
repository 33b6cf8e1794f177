"""A scorecard with a red flag that the one before it did not have."""

from decimal import Decimal

from engine.alerts.kinds.base import Field, Kind, Signal, View
from engine.alerts.panel import SeriesId


def _signal(view: View) -> Signal:
    """How many red flags are new."""
    count = view.close()
    return Signal(count, count)


RED_FLAG = Kind(
    "red_flag",
    "New red flag of a token",
    (Field("token", "name", "token"),),
    series=lambda check: (SeriesId("flags", check.text("token")),),
    level=lambda _: 1.0,
    signal=_signal,
    describe=lambda check: f"a new red flag of {check.text('token')}",
    tell=lambda check, count: (
        f"{check.text('token')} had {count:.0f} new red flag{'' if count == 1 else 's'}"
    ),
    hysteresis=Decimal(0),
    pulse=True,
)
