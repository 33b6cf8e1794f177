"""From values to places in a plot, and the round numbers beside its axes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """Maps low … high to the pixels start … end; logarithmic: equal factors are equally far."""

    low: float
    high: float
    start: float
    end: float
    logarithmic: bool = False

    def at(self, value: float) -> float:
        """The place of a value; of one beyond the ends, that of the end."""
        value = min(max(value, self.low), self.high)
        low, high = self.low, self.high
        if self.logarithmic:
            value, low, high = math.log(value), math.log(low), math.log(high)
        return self.start + (value - low) / (high - low) * (self.end - self.start)

    def ticks(self) -> list[float]:
        """Round numbers on it."""
        if self.logarithmic:
            first = math.ceil(math.log10(self.low) - 1e-9)
            last = math.floor(math.log10(self.high) + 1e-9)
            return [10.0**power for power in range(first, last + 1)]
        raw = (self.high - self.low) / 4
        power = 10.0 ** math.floor(math.log10(raw))
        step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw * 0.999)
        first = math.ceil(self.low / step - 1e-9)
        return [
            round(number * step, 12) for number in range(first, int(self.high / step + 1e-9) + 1)
        ]


def decades(values: Sequence[float], start: float, end: float, least: float) -> Scale:
    """A logarithmic scale of whole powers of ten around values; least: smaller ones count as it."""
    low = max(min(values, default=least), least)
    high = max(*values, low) if values else low
    first = math.floor(math.log10(low) + 1e-9)
    last = max(math.ceil(math.log10(high) - 1e-9), first + 1)
    return Scale(10.0**first, 10.0**last, start, end, True)


def power_text(value: float) -> str:
    """A power of ten as it stands beside an axis."""
    if 1e-4 <= value < 1e4:
        return f"{value:g}"
    digits = str(round(math.log10(value))).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"10{digits}"
