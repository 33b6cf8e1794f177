"""How llama.cpp writes down what a sequence holds, and the same and turns its values round.

Without flash attention the library keeps values as columns, with it as rows, and refuses a state of
the other kind. All numbers are little-endian (llama-kv-cache.cpp, state_write_*):

    magic u32 · sequence i32 · streams u32 (1) · cells u32
    for each cell: position i32 · sequences u32 (1) · sequence i32
    columns u32 (1: values are columns) · layers u32
    for each layer, keys: type i32 · bytes of a row u64 · a row for each cell
    for each layer, values as rows: the same
                 or as columns: type i32 · bytes of a number u32 · numbers u32 ·
                                for each number its values in all cells

Models whose values are a part of their keys have none. Rows and columns take the same bytes.
"""

import struct

import numpy as np
from numpy.typing import NDArray

MAGIC = 0xAF143CD8
F16, F16_BYTES = 1, 2  # ggml's number of the type, the only one that is turned
MAX_LAYERS = 4096
_HEAD = struct.Struct("<IiII")
_CELL = 12
_KIND = struct.Struct("<II")
_COLUMNS_FLAG = struct.Struct("<I")
_ROWS = struct.Struct("<iQ")
_COLUMNS = struct.Struct("<iII")
STRIP = 16  # cells that are turned at a time, which is twice as fast as all at once

State = NDArray[np.uint8]


class _Unknown(Exception):
    """The bytes are not what this module knows."""


def turn(state: State, columns: bool) -> bool:
    """Write a state's values as columns or as rows, in place; nothing is done if they are so.

    False for a layout that is not known here: the state is as it was.
    """
    try:
        found = _layers(state, columns)
    except (_Unknown, struct.error):
        return False
    if found is not None:
        kind, cells, blocks = found
        for start, numbers in blocks:
            _turn_layer(state, start, cells, numbers, columns)
        _COLUMNS_FLAG.pack_into(state.data, kind, columns)
    return True


def _layers(state: State, columns: bool) -> tuple[int, int, list[tuple[int, int]]] | None:
    """What is to be turned: where the flag is, how many cells there are, and for each layer where
    its values begin and how many there are of a cell; None for nothing. Raises _Unknown."""
    data = state.data
    magic, _, streams, cells = _HEAD.unpack_from(data)
    kind = at = _HEAD.size + _CELL * cells
    if magic != MAGIC or streams != 1 or at > state.size:
        raise _Unknown
    if not cells:
        return None
    if (state[_HEAD.size : at].view("<u4").reshape(cells, 3)[:, 1] != 1).any():
        raise _Unknown  # some models write more about each cell
    are_columns, layers = _KIND.unpack_from(data, at)
    if are_columns not in (0, 1) or layers > MAX_LAYERS:
        raise _Unknown
    if are_columns == columns:
        return None
    at += _KIND.size
    for _ in range(layers):
        _, row = _ROWS.unpack_from(data, at)
        at += _ROWS.size + row * cells
        if at > state.size:
            raise _Unknown
    blocks: list[tuple[int, int]] = []
    while at < state.size and len(blocks) < layers:
        if columns:
            form, row = _ROWS.unpack_from(data, at)
            size, numbers = F16_BYTES, row // F16_BYTES
        else:
            form, size, numbers = _COLUMNS.unpack_from(data, at)
        if (form, size) != (F16, F16_BYTES):
            raise _Unknown
        blocks.append((at, numbers))
        at += _ROWS.size + numbers * cells * F16_BYTES
    if at != state.size or len(blocks) not in (0, layers):
        raise _Unknown
    return kind, cells, blocks


def _turn_layer(state: State, at: int, cells: int, numbers: int, columns: bool) -> None:
    start = at + _ROWS.size
    there = state[start : start + numbers * cells * F16_BYTES]
    values, new = there.copy().view("<u2"), there.view("<u2")
    if columns:
        _COLUMNS.pack_into(state.data, at, F16, F16_BYTES, numbers)
        old, turned = values.reshape(cells, numbers), new.reshape(numbers, cells).T
    else:
        _ROWS.pack_into(state.data, at, F16, numbers * F16_BYTES)
        old, turned = values.reshape(numbers, cells).T, new.reshape(cells, numbers)
    for cell in range(0, cells, STRIP):
        turned[cell : cell + STRIP] = old[cell : cell + STRIP]
