"""What a build is to make: a type for the whole file, or a size to search the best types for."""

import re
from dataclasses import dataclass

from engine.core.errors import KnownError

BITS = {
    "Q8_0": 8.5,
    "Q6_K": 6.56,
    "Q5_K_M": 5.68,
    "Q5_K_S": 5.5,
    "Q5_1": 6.0,
    "Q5_0": 5.5,
    "Q4_K_M": 4.83,
    "Q4_K_S": 4.57,
    "IQ4_NL": 4.5,
    "IQ4_XS": 4.25,
    "Q4_1": 5.0,
    "Q4_0": 4.5,
    "Q3_K_L": 4.27,
    "Q3_K_M": 3.89,
    "Q3_K_S": 3.44,
    "Q2_K": 3.0,
    "IQ3_M": 3.66,
    "IQ3_S": 3.44,
    "IQ3_XS": 3.3,
    "IQ3_XXS": 3.06,
    "IQ2_M": 2.7,
    "Q2_K_S": 2.7,
    "IQ2_S": 2.5,
    "IQ2_XS": 2.31,
    "IQ2_XXS": 2.06,
    "IQ1_M": 1.75,
    "IQ1_S": 1.56,
}
"""Of each type of a file, roughly the bits its layers take for a weight."""
_UNCALIBRATED = frozenset({"Q8_0"})
_NUMBER = r"\d{1,12}(?:\.\d{1,12})?"
_BPW = re.compile(rf"({_NUMBER}) ?bpw", re.I)
_SIZE = re.compile(rf"({_NUMBER}) ?([KMG]i?)B", re.I)
_UNITS = {"k": 10**3, "m": 10**6, "g": 10**9, "ki": 1 << 10, "mi": 1 << 20, "gi": 1 << 30}
_LEAST_BITS, _MOST_BITS = 1.5, 16.0


@dataclass(frozen=True, slots=True)
class Aim:
    """A type, or for a search the bits of a weight or the bytes of the file; the others are 0."""

    type: str = ""
    bits: float = 0.0
    size: int = 0

    @property
    def is_search(self) -> bool:
        """Whether the types are to be searched for."""
        return not self.type

    @property
    def is_calibrated(self) -> bool:
        """Whether it matters which weights matter."""
        return self.type not in _UNCALIBRATED

    @property
    def flags(self) -> list[str]:
        """What `assay-quantize` is told."""
        if self.type:
            return ["--type", self.type]
        return ["--size", str(self.size)] if self.size else ["--bpw", f"{self.bits:g}"]


def parse_target(text: str) -> Aim:
    """Read "Q4_K_M", "4.5bpw" or "2.4GiB". Raises KnownError for anything else."""
    wanted = text.strip()
    if wanted.upper() in BITS:
        return Aim(wanted.upper())
    if match := _BPW.fullmatch(wanted):
        bits = float(match[1])
        if not _LEAST_BITS <= bits <= _MOST_BITS:
            raise KnownError(
                f"{match[1]} bits per weight cannot be had.", "Choose 1.5 to 16, such as 4.5bpw."
            )
        return Aim(bits=bits)
    match = _SIZE.fullmatch(wanted)
    if match and (size := int(float(match[1]) * _UNITS[match[2].lower()])):
        return Aim(size=size)
    raise KnownError(
        f"{wanted[:40]!r} is nothing that a build can aim at.",
        "Give a type such as Q4_K_M, bits per weight such as 4.5bpw, or a size such as 2.4GiB.",
    )
