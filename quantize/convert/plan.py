"""Which weights of the checkpoint go where in the file, and in what form."""

from collections.abc import Iterator
from math import prod

import numpy as np

from engine.core.errors import KnownError
from quantize.convert.family import Wanted
from quantize.jsonfile import FETCH_AGAIN
from quantize.numbers import BLOCKS, Floats, Unfit, encode
from quantize.weights import Weight
from quantize.writer import Tensor

Planned = tuple[Wanted, tuple[Weight, ...]]


def match(wanted: tuple[Wanted, ...], found: dict[str, Weight]) -> list[Planned]:
    """Every tensor with the weights it is made of. Raises KnownError for missing or unfit ones."""
    return [(one, tuple(_find(found, name, one.part) for name in one.sources)) for one in wanted]


def left_over(planned: list[Planned], found: dict[str, Weight]) -> set[str]:
    """Names of the weights that go nowhere."""
    return found.keys() - {name for one, _ in planned for name in one.sources}


def tensor(wanted: Wanted, weights: tuple[Weight, ...], kind: str) -> Tensor:
    """The tensor to write, of the file's kind as far as its shape allows."""
    stored = _stored(wanted, kind)

    def blocks() -> Iterator[bytes]:
        if wanted.values:
            yield encode(np.array(wanted.values, np.float32), stored)
        for name, weight in zip(wanted.sources, weights, strict=True):
            try:
                if wanted.heads:
                    numbers = _ordered(weight, wanted.heads)
                    yield from (encode(one, stored) for one in numbers)
                elif wanted.plus:
                    plus = np.float32(wanted.plus)
                    yield from (encode(one + plus, stored) for one in weight.blocks())
                else:
                    yield from weight.encoded(stored)
            except Unfit as error:
                raise error.within(name) from error

    return Tensor(wanted.name, wanted.shape, stored, blocks)


def _find(found: dict[str, Weight], name: str, shape: tuple[int, ...]) -> Weight:
    weight = found.get(name)
    if weight is None:
        raise KnownError(f"The model's weights lack {name}.", FETCH_AGAIN)
    if weight.shape != shape:
        raise KnownError(
            f"The model's weights do not fit its config.json: {name} has the shape "
            f"{list(weight.shape)} instead of {list(shape)}.",
            FETCH_AGAIN,
        )
    return weight


def _stored(wanted: Wanted, kind: str) -> str:
    if wanted.exact or len(wanted.shape) == 1:
        return "F32"
    return kind if wanted.shape[-1] % BLOCKS[kind] == 0 else "F16"


def _ordered(weight: Weight, heads: int) -> Iterator[Floats]:
    """The numbers one head at a time, in the order of llama.cpp's llama."""
    for numbers in weight.blocks(prod(weight.shape) // heads):
        yield for_rotation(numbers.reshape(weight.shape[0] // heads, -1)).reshape(-1)


def for_rotation(rows: Floats) -> Floats:
    """The rows of a head [rows, columns] in the order of llama.cpp's llama.

    transformers rotates the row i together with the row i + half, llama.cpp the rows 2i and 2i + 1.
    """
    halves = rows.reshape(2, len(rows) // 2, -1)
    return np.ascontiguousarray(halves.swapaxes(0, 1)).reshape(rows.shape)
