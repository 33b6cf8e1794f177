"""Which weights to run a model with, so that a search of a large one ends within an evening.

Each run costs as many multiplications as the model has weights, for each token. A small model can
afford a run for each matrix. In a large one some layers are measured for each kind of matrix,
evenly spread and always the first and the last, and those between get the geometric mean, weighted
by distance, of their neighbours.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from math import exp, log

import numpy as np

TOKENS = 4096
FEWEST_TOKENS = 1024
FEWEST_LAYERS = 4
WORK = 2e14  # multiplications; two cores do them in about an hour
_LAYER = re.compile(r"blk\.(\d+)\.(.+)")
_LEAST = 1e-30  # a price of nothing has no logarithm


def plan(names: Iterable[str], weights: int) -> tuple[int, list[str]]:
    """How many tokens to run over, and with which tensors changed.

    names: tensors to be stored in fewer bits; weights: of the whole model.
    """
    names = list(names)
    runs = WORK / weights
    tokens = int(min(TOKENS, max(FEWEST_TOKENS, runs / len(names))))
    kinds = _kinds(names)
    alone = [name for name in names if not _LAYER.fullmatch(name)]
    room = (runs / tokens - len(alone)) / max(len(kinds), 1)
    chosen = set(alone)
    for layers in kinds.values():
        order = sorted(layers)
        count = min(len(order), max(FEWEST_LAYERS, int(room)))
        places = np.linspace(0, len(order) - 1, count).round().astype(int)
        chosen |= {layers[order[place]] for place in places}
    return tokens, [name for name in names if name in chosen]


def spread(prices: Mapping[str, float], names: Iterable[str]) -> dict[str, float]:
    """A price for each of the names from those of the measured ones."""
    result = {name: prices[name] for name in names if name in prices}
    for layers in _kinds(names).values():
        measured = sorted(layer for layer, name in layers.items() if name in prices)
        logs = [log(max(prices[layers[layer]], _LEAST)) for layer in measured]
        for layer, name in layers.items():
            if name not in result:
                result[name] = exp(float(np.interp(layer, measured, logs)))
    return result


def _kinds(names: Iterable[str]) -> dict[str, dict[int, str]]:
    """Kind of matrix → layer → name of the tensor."""
    kinds: dict[str, dict[int, str]] = defaultdict(dict)
    for name in names:
        if match := _LAYER.fullmatch(name):
            kinds[match[2]][int(match[1])] = name
    return kinds
