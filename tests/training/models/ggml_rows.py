"""A program that has ggml quantize rows: `ggml_rows.py IN.npz OUT.npz`.

IN: rows [count, length], importance [length]. OUT: of each type its bytes and what ggml reads them
as. It is a program because llama.cpp's libraries are only loaded in processes apart.
"""

import ctypes
import sys

import numpy as np
from llama_cpp._ggml import libggml


def main() -> None:
    given = np.load(sys.argv[1])
    rows, importance = given["rows"], given["importance"]
    kinds = dict(zip(given["names"].tolist(), given["numbers"].tolist(), strict=True))
    libggml.ggml_row_size.restype = ctypes.c_size_t
    libggml.ggml_row_size.argtypes = [ctypes.c_int, ctypes.c_int64]
    libggml.ggml_quantize_chunk.argtypes = [
        ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, *[ctypes.c_int64] * 3, ctypes.c_void_p,
    ]  # fmt: skip
    made = {}
    for name, number in kinds.items():
        size = libggml.ggml_row_size(number, rows.shape[1]) * len(rows)
        packed, values = np.zeros(size, np.uint8), np.zeros_like(rows)
        libggml.ggml_quantize_init(number)
        libggml.ggml_quantize_chunk(
            number, rows.ctypes.data, packed.ctypes.data, 0, *rows.shape, importance.ctypes.data
        )
        read = getattr(libggml, "dequantize_row_" + name.lower().replace("_k", "_K"))
        read.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64]
        read(packed.ctypes.data, values.ctypes.data, rows.size)
        made |= {f"{name} bytes": packed, f"{name} values": values}
    np.savez(sys.argv[2], **made)


main()
