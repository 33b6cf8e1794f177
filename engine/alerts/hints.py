"""What to tell the user of an alert on something of which nothing is stored."""

from collections.abc import Collection, Mapping

from engine.alerts.panel import SeriesId, Topic

_HOW: Mapping[Topic, tuple[str, str]] = {
    "price": ("price", "Import prices, or switch on a source in Settings"),
    "weight": ("weight", "Import your transactions and prices"),
    "yield": ("yield", "Import or fetch yields under Market data"),
    "health": ("health factor", "Import them under Market data"),
    "flags": ("scorecard", "Store one under Analysis"),
}


def missing_hint(series: Collection[SeriesId]) -> str:
    """Of what there are no data and how to bring some, as sentences; "" if nothing is missing."""
    return " ".join(
        f"There is no {what} of {one.name} yet, so the alert cannot fire. {how}."
        for one in sorted(series)
        for what, how in (_HOW[one.topic],)
    )
