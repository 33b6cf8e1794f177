"""The sentences of the builder: what each kind of condition reads like, with a gap per field."""

import re
from collections.abc import Iterator

from PySide6.QtCore import QCoreApplication

TITLES = {
    "price": "Price",
    "move": "Percent move",
    "drawdown": "Drawdown",
    "volatility": "Volatility regime",
    "correlation": "Correlation jump",
    "weight": "Weight drift",
    "depeg": "Stablecoin depeg",
    "yield": "Yield drop",
    "range": "LP out of range",
    "health": "Health factor",
    "stale": "Stale data",
    "red_flag": "New red flag",
}

SENTENCES = {
    "price": "{asset} {direction} {level} {currency}",
    "move": "{asset} {direction} by {percent} % within {days} days, in {currency}",
    "drawdown": "{asset} is {percent} % below its highest of {days} days, in {currency}",
    "volatility": (
        "the volatility of {asset} over {days} days is {direction} {times} times that of the "
        "{base_days} days before, in {currency}"
    ),
    "correlation": (
        "the correlation of {asset} and {other} over {days} days changes by {change} in {currency}"
    ),
    "weight": "the weight of {asset} is {points} points off its target of {target} %",
    "depeg": "{asset} is {percent} % off its peg of {peg} {currency}",
    "yield": "the yield of {pool} is {percent} % below its average of {days} days",
    "range": "{asset} leaves the range {lower} to {upper} {currency}",
    "health": "the health factor of {position} is below {level}",
    "stale": "there is no new {topic} of {name} for {days} days",
    "red_flag": "the scorecard of {token} has a new red flag",
}

_CHOICES = {
    ("price", "above"): "rises above",
    ("price", "below"): "falls below",
    ("move", "up"): "rises",
    ("move", "down"): "falls",
    ("volatility", "above"): "above",
    ("volatility", "below"): "below",
    ("stale", "price"): "price",
    ("stale", "weight"): "weight",
    ("stale", "yield"): "yield",
    ("stale", "health"): "health factor",
    ("stale", "flags"): "scorecard",
}

STARTS = {
    ("move", "direction"): "down",
    ("move", "percent"): "10",
    ("drawdown", "percent"): "20",
    ("correlation", "change"): "0.5",
    ("weight", "points"): "5",
    ("depeg", "percent"): "1",
    ("yield", "percent"): "30",
}
"""What the gaps hold at first where the kind itself has no default."""

NOTHING = {
    "pool": "No yields are stored yet. Import or fetch some under Market data.",
    "position": "No health factors are stored yet. Import some under Market data.",
    "token": "No scorecard is kept yet. Make one under Analysis.",
}
"""What is said of a gap for which there is nothing to choose."""

_PIECE = re.compile(r"([^\s{}]+)?\s*(?:\{(\w+)\}|(?=\s|$))")


def pieces(kind: str) -> Iterator[tuple[str, str]]:
    """The sentence of a kind: each word, and the field that comes right after it or ""."""
    sentence = QCoreApplication.translate("alerts", SENTENCES[kind])
    for found in _PIECE.finditer(sentence):
        if found[0].strip():
            yield found[1] or "", found[2] or ""


def choice_words(kind: str, choice: str) -> str:
    """What a choice is called in the sentence of its kind."""
    return QCoreApplication.translate("alerts", _CHOICES.get((kind, choice), choice))
