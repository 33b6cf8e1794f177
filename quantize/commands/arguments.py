"""Types of arguments: each takes what a person can have meant, and refuses the rest in words."""

import argparse
import math
import re
from pathlib import Path

from quantize.output import parse_size

LEAST_PART = 10**5  # bytes; less would make a file of each tensor
_MOST_BITS = 32
_COUNT = re.compile(r"0*[1-9][0-9]{0,8}")


def path(text: str) -> Path:
    """The path of a file or folder."""
    if not text.strip():
        raise argparse.ArgumentTypeError("no file or folder is named")
    return Path(text)


def new_folder(text: str) -> Path:
    """The path of a folder to make, with a name even where it is given as "."."""
    return path(text).absolute()


def size(text: str) -> int:
    """Bytes, such as 2.4GiB."""
    try:
        found = parse_size(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no size, such as 2.4GiB") from error
    if not found:
        raise argparse.ArgumentTypeError("a file cannot have no bytes")
    return found


def part_size(text: str) -> int:
    """Bytes that one of several files may have."""
    found = size(text)
    if found < LEAST_PART:
        raise argparse.ArgumentTypeError(f"{text!r} is too small: 100kB is the least, 4GB is usual")
    return found


def bits(text: str) -> float:
    """Bits per weight."""
    found = _number(text)
    if not 0 < found <= _MOST_BITS:
        raise argparse.ArgumentTypeError(f"a weight has more than 0 bits and at most {_MOST_BITS}")
    return found


def rate(text: str) -> float:
    """Tokens a second."""
    found = _number(text)
    if not 0 <= found < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no speed, such as 8")
    return found


def count(text: str) -> int:
    """How many, at least one."""
    if not _COUNT.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 on")
    return int(text)


def tensor_type(text: str) -> tuple[str, str]:
    """PATTERN=TYPE."""
    pattern, _, kind = text.rpartition("=")
    if not pattern:
        raise argparse.ArgumentTypeError(f"{text!r} is not like ffn_down=Q6_K")
    return pattern, kind.upper()


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no number") from error
