"""Exact amounts: reading, storing and showing them as Decimal, never as binary floating point.

Importing this module gives the importing thread and every later thread 50 significant digits.
"""

import decimal
import re
from decimal import ROUND_HALF_UP, Decimal

PRECISION = 50

decimal.DefaultContext.prec = PRECISION
decimal.setcontext(decimal.Context(prec=PRECISION))

_NUMBER = re.compile(
    r"[+-]?(?:(?P<whole>[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?"
)
_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}
_ZERO = Decimal(0)
_CENT = Decimal("0.01")
_AMOUNT_STEP = Decimal("1e-8")
# Less is what binary arithmetic leaves of nothing.
_LEAST_FRACTION = Decimal("1e-10")


def parse_amount(text: str) -> Decimal:
    """Read a number written with "." decimals and, if well-formed, "," thousands.

    text: for instance "1,250.50" or "-3e-8"; surrounding blanks are ignored.
    Raises ValueError for anything else ("0,5", "NaN", "", other scripts' digits), and for numbers
    of more than 50 digits or of a size no amount has (10^50 and more, under 10^-50).
    """
    stripped = text.strip()
    digits = stripped.removeprefix("-").replace(".", "", 1)
    if len(stripped) < PRECISION and digits.isdecimal() and digits.isascii():
        # The usual form, which cannot be out of range.
        return Decimal(stripped) or _ZERO
    if not _NUMBER.fullmatch(stripped):
        raise ValueError(f"not a number: {text[:40]!r}")
    value = Decimal(stripped.replace(",", ""))
    if value == 0:
        return _ZERO
    if len(value.as_tuple().digits) > PRECISION or abs(value.adjusted()) > PRECISION - 1:
        raise ValueError(f"a number out of range: {text[:40]!r}")
    return value


def to_text(x: Decimal) -> str:
    """Storage form, exact: no exponent, no trailing zeros. ValueError if x is not finite."""
    if not x:
        return "0"
    _require_finite(x)
    text = str(x)
    if "E" in text:
        text = format(x, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def format_amount(x: Decimal) -> str:
    """Amount of a coin for display: at most 8 decimals, "," thousands.

    An amount under 0.0001 keeps 4 significant digits instead, so that dust is never shown as 0.
    Raises ValueError if x is not finite.
    """
    _require_finite(x)
    step = _significant_step(x, 4) if 0 < abs(x) < Decimal("0.0001") else _AMOUNT_STEP
    return _trim(f"{_round(x, step):,f}", keep=0)


def format_money(x: Decimal, currency: str = "USD") -> str:
    """Money for display: "$1,234.56", "-$5.00", "1,234.56 CHF".

    Under one unit of the currency up to 4 significant digits are kept ("$0.3512",
    "$0.00001234"), because many coins cost less than a cent. Raises ValueError if not finite.
    """
    _require_finite(x)
    size = abs(x)
    step = min(_CENT, _significant_step(x, 4)) if 0 < size < 1 else _CENT
    digits = _trim(f"{_round(size, step):,f}", keep=2)
    return _with_currency(digits, currency, minus=x < 0)


def exact_money(x: Decimal, currency: str) -> str:
    """The same with every digit ("$100.125"), for what the user has set; at least two decimals."""
    _require_finite(x)
    return _with_currency(_trim(f"{abs(x):,f}", keep=2), currency, minus=x < 0)


def format_percent(x: Decimal | float, digits: int = 2, sign: bool = False) -> str:
    """Fraction as per cent for display: 0.1234 gives "12.34 %".

    digits: decimals shown; what would round to zero is shown to its first digit instead, unless
    it is under 0.00000001 %. sign: put "+" before a positive value.
    Raises ValueError if not finite.
    """
    value = x if isinstance(x, Decimal) else Decimal(repr(float(x)))
    _require_finite(value)
    shown = _round(value * 100, Decimal(1).scaleb(-digits))
    if shown == 0:
        tiny = abs(value) >= _LEAST_FRACTION
        shown = _round(value * 100, _significant_step(value * 100, 1)) if tiny else abs(shown)
    plus = "+" if sign and shown > 0 else ""
    return f"{plus}{shown:,f} %"


def exact_percent(x: Decimal) -> str:
    """Per cent with every digit, for what the user has set: 0.125 gives "0.125 %"."""
    _require_finite(x)
    return f"{_trim(f'{x:,f}', keep=0)} %"


def _with_currency(digits: str, currency: str, minus: bool) -> str:
    sign = "-" if minus and digits.strip("0.,") else ""
    symbol = _SYMBOLS.get(currency)
    return f"{sign}{symbol}{digits}" if symbol else f"{sign}{digits} {currency}"


def _require_finite(x: Decimal) -> None:
    if not x.is_finite():
        raise ValueError(f"not a finite number: {x}")


def _significant_step(x: Decimal, digits: int) -> Decimal:
    """The place value of the last of `digits` significant digits of x."""
    return Decimal(1).scaleb(x.adjusted() - digits + 1)


def _round(x: Decimal, step: Decimal) -> Decimal:
    """Round half up at the given place; exact whatever the size of x."""
    with decimal.localcontext() as context:
        context.prec = PRECISION + max(0, x.adjusted() - step.adjusted())
        return x.quantize(step, rounding=ROUND_HALF_UP)


def _trim(digits: str, keep: int) -> str:
    """Drop trailing zeros after the point, keeping at least `keep` decimals; "-0" becomes "0"."""
    whole, _, decimals = digits.partition(".")
    decimals = decimals.rstrip("0").ljust(keep, "0")
    text = f"{whole}.{decimals}" if decimals else whole
    return "0" if text == "-0" else text
