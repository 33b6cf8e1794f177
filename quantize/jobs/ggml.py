"""ggml's own quantizers and tensors, which the package's bindings leave out.

Layouts are those of ggml 0.25, the version that is pinned; tests compare what is read through them
with independent values.
"""

import ctypes
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.model.child.api import api as _api  # loads the library first
from engine.model.gguf.types import TENSOR_TYPES
from quantize.numbers import Floats

Bytes = NDArray[np.uint8]

NUMBERS = {kind.name: number for number, kind in TENSOR_TYPES.items()}  # ggml's, by name


class Tensor(ctypes.Structure):
    """struct ggml_tensor, up to its name."""

    ne: Any
    nb: Any
    src: Any
    op: int
    data: int
    name: bytes


Tensor._fields_ = [
    ("type", ctypes.c_int),
    ("buffer", ctypes.c_void_p),
    ("ne", ctypes.c_int64 * 4),
    ("nb", ctypes.c_size_t * 4),
    ("op", ctypes.c_int),
    ("op_params", ctypes.c_int32 * 16),
    ("flags", ctypes.c_int32),
    ("src", ctypes.POINTER(Tensor) * 10),
    ("view_src", ctypes.c_void_p),
    ("view_offs", ctypes.c_size_t),
    ("data", ctypes.c_void_p),
    ("name", ctypes.c_char * 64),
]


class _Traits(ctypes.Structure):
    """struct ggml_type_traits."""

    to_float: Any
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("block", ctypes.c_int64),
        ("interleave", ctypes.c_int64),
        ("size", ctypes.c_size_t),
        ("is_quantized", ctypes.c_bool),
        ("to_float", ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)),
    )


@cache
def _library() -> Any:
    assert _api is not None
    from llama_cpp._ggml import libggml  # noqa: PLC0415 (after the bindings)

    libggml.ggml_op_name.restype = ctypes.c_char_p
    libggml.ggml_quantize_requires_imatrix.restype = ctypes.c_bool
    libggml.ggml_get_type_traits.restype = ctypes.POINTER(_Traits)
    libggml.ggml_quantize_chunk.restype = ctypes.c_size_t
    libggml.ggml_quantize_chunk.argtypes = [
        ctypes.c_int,
        ctypes.c_void_p,
        ctypes.c_void_p,
        *[ctypes.c_int64] * 3,
        ctypes.c_void_p,
    ]
    return libggml


@cache
def operation(number: int) -> str:
    """The name of an operation, such as MUL_MAT."""
    return str(_library().ggml_op_name(number).decode())


@cache
def prepare(kind: str) -> None:
    """Compute a type's tables; to be called before rounded() is used from threads."""
    _library().ggml_quantize_init(NUMBERS[kind])


def rounded(rows: Floats, kind: str, importance: Floats | None) -> Floats:
    """The rows [count, length] as a type can hold them: quantized and read back.

    importance: of each column [length], None = all alike.
    """
    return unpacked(packed(rows, kind, importance), kind)


def packed(rows: Floats, kind: str, importance: Floats | None) -> Bytes:
    """The rows [count, length] quantized: the bytes of each [count, ...]."""
    prepare(kind)
    info = TENSOR_TYPES[NUMBERS[kind]]
    rows = np.ascontiguousarray(rows, np.float32)
    count, length = rows.shape
    data = np.empty((count, length // info.block * info.size), np.uint8)
    weights = None if importance is None else np.ascontiguousarray(importance, np.float32)
    _library().ggml_quantize_chunk(
        NUMBERS[kind],
        rows.ctypes.data,
        data.ctypes.data,
        0,
        count,
        length,
        None if weights is None else weights.ctypes.data,
    )
    return data


def unpacked(data: Bytes, kind: str) -> Floats:
    """What packed() made, read back."""
    info = TENSOR_TYPES[NUMBERS[kind]]
    data = np.ascontiguousarray(data)
    result = np.empty((len(data), data.shape[1] // info.size * info.block), np.float32)
    traits = _library().ggml_get_type_traits(NUMBERS[kind]).contents
    traits.to_float(data.ctypes.data, result.ctypes.data, result.size)
    return result


def needs_importance(kind: str) -> bool:
    """Whether a type cannot be made without importances."""
    return bool(_library().ggml_quantize_requires_imatrix(NUMBERS[kind]))


def view(tensor: Tensor, kind: "type[np.generic]" = np.float32) -> NDArray[Any]:
    """A tensor's numbers where they lie, slowest dimension first."""
    ne, nb = list(tensor.ne)[::-1], list(tensor.nb)[::-1]
    span = sum((count - 1) * step for count, step in zip(ne, nb, strict=True))
    size = span + np.dtype(kind).itemsize
    memory = np.ctypeslib.as_array((ctypes.c_uint8 * size).from_address(tensor.data))
    return np.ndarray(ne, kind, memory.data, strides=nb)
