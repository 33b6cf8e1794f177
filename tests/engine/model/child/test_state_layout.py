"""States as llama.cpp writes them, built by hand from its source, and their values turned round."""

import struct

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.model.child.state_layout import turn

F32, F16, Q8_0 = 0, 1, 8
Halves = NDArray[np.uint16]


def state(
    columns: bool,
    keys: list[Halves],
    values: list[Halves],
    kind: int = F16,
    meta: tuple[int, ...] = (1, 0),
    streams: int = 1,
    magic: int = 0xAF143CD8,
) -> NDArray[np.uint8]:
    """llama_kv_cache::state_write: keys and values are [cell, number]."""
    cells = len(keys[0])
    data = struct.pack("<IiII", magic, 3, streams, cells)
    for position in range(cells):
        data += struct.pack(f"<i{len(meta)}I", 40 + position, *meta)
    data += struct.pack("<II", columns, len(keys))
    for layer in keys:
        data += struct.pack("<iQ", kind, 2 * layer.shape[1]) + layer.tobytes()
    for layer in values:
        if columns:
            data += struct.pack("<iII", kind, 2, layer.shape[1]) + layer.T.tobytes()
        else:
            data += struct.pack("<iQ", kind, 2 * layer.shape[1]) + layer.tobytes()
    return np.frombuffer(data, np.uint8).copy()


def layers(cells: int, *widths: int, seed: int = 1) -> list[Halves]:
    random = np.random.default_rng(seed)
    return [random.integers(0, 1 << 16, (cells, width), np.uint16) for width in widths]


def test_a_state_of_two_cells_byte_for_byte() -> None:
    """One layer, a key of one number and a value of three in each of two cells."""
    head = "d83c14af 00000000 01000000 02000000" + "00000000 01000000 00000000" * 1
    head += "01000000 01000000 00000000"
    keys = "01000000 0200000000000000 aaaa bbbb"
    rows = (
        head
        + "00000000 01000000"
        + keys
        + "01000000 0600000000000000 1111 2222 3333 4444 5555 6666"
    )
    columns = (
        head + "01000000 01000000" + keys
        + "01000000 02000000 03000000 1111 4444 2222 5555 3333 6666"
    )  # fmt: skip
    one, other = (np.frombuffer(bytes.fromhex(text), np.uint8) for text in (rows, columns))
    found = one.copy()
    assert turn(found, columns=True)
    assert found.tobytes() == other.tobytes()
    assert turn(found, columns=False)
    assert found.tobytes() == one.tobytes()


@pytest.mark.parametrize("cells", [1, 2, 15, 16, 17, 100])
def test_layers_of_several_widths(cells: int) -> None:
    keys, values = layers(cells, 8, 4, 6), layers(cells, 8, 6, 2, seed=2)
    rows, columns = state(False, keys, values), state(True, keys, values)
    found = rows.copy()
    assert turn(found, columns=False)
    assert np.array_equal(found, rows)
    assert turn(found, columns=True)
    assert np.array_equal(found, columns)
    assert turn(found, columns=True)
    assert np.array_equal(found, columns)
    assert turn(found, columns=False)
    assert np.array_equal(found, rows)


def test_a_model_whose_values_are_in_its_keys() -> None:
    keys = layers(5, 8, 8)
    found = state(False, keys, [])
    assert turn(found, columns=True)
    assert np.array_equal(found, state(True, keys, []))


def test_nothing_held() -> None:
    empty = np.frombuffer(struct.pack("<IiII", 0xAF143CD8, 0, 1, 0), np.uint8).copy()
    assert turn(empty, columns=True)
    assert turn(empty, columns=False)


KEYS, VALUES = layers(3, 4, 4), layers(3, 6, 6, seed=2)


@pytest.mark.parametrize(
    "unknown",
    [
        state(False, KEYS, VALUES, magic=0xAF143CD9),
        state(False, KEYS, VALUES, streams=2),
        state(False, KEYS, VALUES, meta=(2, 0, 1)),
        state(False, KEYS, VALUES, meta=(7, 7, 7, 1, 0)),  # models that write more of each cell
        state(False, KEYS, VALUES, kind=F32),
        state(False, KEYS, VALUES, kind=Q8_0),
        state(False, KEYS, [*VALUES, *VALUES]),
        np.concatenate([state(False, KEYS, VALUES)] * 2),
        np.zeros(100, np.uint8),
        np.full(100, 255, np.uint8),
    ],
)
def test_what_is_not_known_is_left_alone(unknown: NDArray[np.uint8]) -> None:
    found = unknown.copy()
    assert not turn(found, columns=True)
    assert np.array_equal(found, unknown)


@pytest.mark.parametrize("columns", [False, True])
def test_no_part_of_a_state_is_one(columns: bool) -> None:
    whole = state(columns, KEYS, VALUES)
    keys_end = len(whole) - 2 * (12 + 3 * 12)  # which is a state of a model without values
    for length in set(range(len(whole))) - {keys_end}:
        found = whole[:length].copy()
        assert not turn(found, columns=not columns)
        assert np.array_equal(found, whole[:length])


def test_absurd_numbers_cost_nothing() -> None:
    whole = state(False, KEYS, VALUES)
    for at in range(0, len(whole), 2):
        changed = whole.copy()
        changed[at : at + 8] = 255
        before = changed.copy()
        if not turn(changed, columns=True):
            assert np.array_equal(changed, before)
