"""Target weights with the bands inside which a weight may drift, as the user sets them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from engine.core.errors import KnownError
from engine.core.fields import FieldError, read_number, read_symbol
from engine.core.money import to_text

_ZERO = Decimal(0)
_HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Target:
    """Weights as fractions of the whole; what they leave is cash. An asset not named has 0.

    absolute, relative: a weight may differ from its target by so much, or by such a part of it,
    whichever is less (0.05 and 0.25: five points and a quarter, the 5/25 rule). A band that is None
    does not count; with neither, every difference does. Raises KnownError for what makes no sense.
    """

    weights: Mapping[str, Decimal] = field(default_factory=dict)
    absolute: Decimal | None = Decimal("0.05")
    relative: Decimal | None = Decimal("0.25")

    def __post_init__(self) -> None:
        if any(weight < 0 for weight in self.weights.values()):
            raise KnownError("A target weight cannot be negative.", "Give weights from 0 to 100 %.")
        if sum(self.weights.values()) > 1:
            raise KnownError("The target weights come to more than 100 %.", "Lower some of them.")
        if not any(self.weights.values()):
            raise KnownError("There is no target weight.", "Give at least one asset a weight.")
        if any(band is not None and not 0 <= band <= 1 for band in (self.absolute, self.relative)):
            raise KnownError("A band must be from 0 to 100 %.", "Give another one.")

    @property
    def cash(self) -> Decimal:
        """The weight that is left for cash."""
        return 1 - sum(self.weights.values(), _ZERO)

    def band(self, weight: Decimal) -> tuple[Decimal, Decimal]:
        """The lowest and highest weight that is let be, for a target weight."""
        widths = [self.absolute] if self.absolute is not None else []
        widths += [self.relative * weight] if self.relative is not None else []
        width = min(widths, default=_ZERO)
        return max(weight - width, _ZERO), min(weight + width, Decimal(1))


def target_to_body(target: Target) -> dict[str, Any]:
    """The target as JSON can hold it: percents as texts."""
    return {
        "weights": {asset: to_text(weight * 100) for asset, weight in target.weights.items()},
        "absolute": _text(target.absolute),
        "relative": _text(target.relative),
    }


def target_from_body(body: Mapping[str, Any]) -> Target:
    """A target of {"weights": {"BTC": "60"}, "absolute": "5", "relative": "25"}, in percent.

    A band left out is the usual one, one that is None does not count. KnownError for what is none.
    """
    stated = body.get("weights", {})
    if not isinstance(stated, Mapping):
        raise KnownError("The target must give assets with a weight each.")
    try:
        weights = {read_symbol(str(asset)): _fraction(stated[asset]) for asset in stated}
        bands = {
            name: None if body[name] is None else _fraction(body[name])
            for name in ("absolute", "relative")
            if name in body
        }
    except FieldError as error:
        raise KnownError(
            f"The target cannot be read: {error}.", "Write weights in percent."
        ) from error
    return Target(weights, **bands)


def _fraction(value: object) -> Decimal:
    return read_number(str(value), "weight") / _HUNDRED


def _text(band: Decimal | None) -> str | None:
    return None if band is None else to_text(band * 100)
