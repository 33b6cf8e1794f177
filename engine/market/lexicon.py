"""The lexicon of tone that ships with the program; see resources/sentiment/README.md."""

import csv
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from engine.core.resources import resource


@cache
def lexicon() -> Mapping[str, float]:
    """Valences, -4 to 4, by term."""
    with resource("sentiment", "lexicon.csv").open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        return MappingProxyType({row["term"]: float(row["valence"]) for row in rows})
