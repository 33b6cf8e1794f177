"""What a model is called, and what tells it from others of that name."""

import re
from collections import Counter
from pathlib import Path

from engine.core.csvfile import clean_text
from engine.model.gguf.header import MAX_SHOWN, GgufHeader

_CHECKSUM = re.compile(r"[0-9a-fA-F]{32,}")

_FILE_TYPES = {
    0: "F32",
    1: "F16",
    2: "Q4_0",
    3: "Q4_1",
    7: "Q8_0",
    8: "Q5_0",
    9: "Q5_1",
    10: "Q2_K",
    11: "Q3_K_S",
    12: "Q3_K_M",
    13: "Q3_K_L",
    14: "Q4_K_S",
    15: "Q4_K_M",
    16: "Q5_K_S",
    17: "Q5_K_M",
    18: "Q6_K",
    19: "IQ2_XXS",
    20: "IQ2_XS",
    21: "Q2_K_S",
    22: "IQ3_XS",
    23: "IQ3_XXS",
    24: "IQ1_S",
    25: "IQ4_NL",
    26: "IQ3_S",
    27: "IQ3_M",
    28: "IQ2_S",
    29: "IQ2_M",
    30: "IQ4_XS",
    31: "IQ1_M",
    32: "BF16",
    36: "TQ1_0",
    37: "TQ2_0",
    38: "MXFP4",
}
"""llama.cpp's numbers for general.file_type."""


def model_name(header: GgufHeader, path: Path) -> str:
    """The name the model gives itself, else that of its file."""
    return readable(
        header.name or clean_text(path.stem, MAX_SHOWN), f"Unnamed {header.architecture} model"
    )


def readable(name: str, instead: str) -> str:
    """The name, or other words in the place of a checksum, which tells nobody anything."""
    return instead if _CHECKSUM.fullmatch(name) else name


def quantization(header: GgufHeader) -> str:
    """How the weights are stored, such as "Q4_K_M".

    It is what the file says, else the type that holds most of its bytes.
    """
    number = header.metadata.get("general.file_type")
    if isinstance(number, int) and number in _FILE_TYPES:
        return _FILE_TYPES[number]
    bytes_of: Counter[str] = Counter()
    for tensor in header.tensors:
        bytes_of[tensor.type.name] += tensor.size
    return max(bytes_of, key=lambda name: bytes_of[name])
