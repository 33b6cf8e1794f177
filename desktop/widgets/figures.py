"""Short forms of numbers for axes and legends."""

import math
from datetime import date

_STEPS = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"))
_TINY = 0.001
"""Smaller figures keep four significant digits."""
_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}


def short(value: float, unit: str) -> str:
    """A number for an axis: "$12.5k", "-3 %", "1.2M CHF"; at most four digits."""
    size = abs(value)
    step, suffix = next(((s, t) for s, t in _STEPS if size >= s), (1.0, ""))
    digits = f"{size / step:,.{_decimals(size / step)}f}"
    if "." in digits:
        digits = digits.rstrip("0").rstrip(".")
    return _with_unit(value < 0 and digits.strip("0.") != "", digits + suffix, unit)


def tiny(value: float, unit: str, step: float) -> str:
    """A number on an axis whose lines lie a tiny step apart: "$0.000012"."""
    decimals = -math.floor(math.log10(step))
    return _with_unit(value < -step / 2, f"{abs(value):.{decimals}f}", unit)


def full(value: float, unit: str) -> str:
    """A number for a reading under the pointer: "$12,512.40", "-3.12 %"."""
    size = abs(value)
    decimals = 2 if size >= 1 or size == 0 else 4
    if 0 < size < _TINY:
        decimals = 3 - math.floor(math.log10(size))
    return _with_unit(value < 0, f"{size:,.{decimals}f}", unit)


def _with_unit(negative: bool, digits: str, unit: str) -> str:
    minus = "-" if negative else ""
    if unit in _SYMBOLS:
        return f"{minus}{_SYMBOLS[unit]}{digits}"
    return f"{minus}{digits} {unit}".rstrip()


def _decimals(size: float) -> int:
    if size >= 100 or size == 0:
        return 0
    if size >= 10:
        return 1
    return 2 if size >= 1 else 4


def as_day(text: str) -> date | None:
    """The day an ISO date names, or None if the text is something else."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def day_text(day: date) -> str:
    """A day as "12 Mar 2025"."""
    return f"{day.day} {day:%b %Y}"


def file_size(size: int) -> str:
    """Bytes as "24 MB" or "2.6 GB", by thousands as disks are sold."""
    if size >= 1e9:
        return f"{size / 1e9:.1f} GB"
    return f"{max(1, round(size / 1e6)):,} MB"
