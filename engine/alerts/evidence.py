"""The rows behind a firing as JSON, as the store keeps them."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import cast

from engine.alerts.firing import DataRow
from engine.alerts.panel import SeriesId, Topic

_NUMBERS = ("close", "high", "low", "measured")


def evidence_to_json(rows: Sequence[DataRow]) -> str:
    """The rows; what is not known (NaN) becomes null."""
    data = [
        asdict(row)
        | {"series": [row.series.topic, row.series.name], "day": row.day.isoformat()}
        | {name: _or_none(getattr(row, name)) for name in _NUMBERS}
        for row in rows
    ]
    return json.dumps(data, ensure_ascii=False, allow_nan=False)


def evidence_from_json(text: str) -> tuple[DataRow, ...]:
    """The rows that evidence_to_json() wrote; alerts of older versions have none."""
    found = []
    for data in json.loads(text):
        topic, name = data["series"]
        numbers = {one: math.nan if data[one] is None else data[one] for one in _NUMBERS}
        found.append(
            DataRow(
                SeriesId(cast(Topic, topic), name),
                date.fromisoformat(data["day"]),
                note=data["note"],
                simulated=data["simulated"],
                **numbers,
            )
        )
    return tuple(found)


def _or_none(number: float) -> float | None:
    return number if math.isfinite(number) else None
