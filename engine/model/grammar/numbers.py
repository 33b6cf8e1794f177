"""Ranges of numbers as GBNF."""

from decimal import Decimal

from engine.model.grammar.gbnf import GrammarError

DIGITS = 18  # of the longest whole number


def integers(least: int | None, most: int | None) -> str:
    """An expression for the whole numbers from `least` to `most`; None: no border."""
    limit = 10**DIGITS - 1
    low = -limit if least is None else least
    high = limit if most is None else most
    if low > high:
        raise GrammarError('"minimum" is above "maximum"')
    if max(abs(low), abs(high)) > limit:
        raise GrammarError(f'"minimum" or "maximum" has more than {DIGITS} digits')
    ways = []
    if low < 0:
        ways.append(f'"-" ({_between(max(1, -high), -low)})')
    if high >= 0:
        ways.append(_between(max(0, low), high))
    return f"({' | '.join(ways)})"


def numbers(least: Decimal | None, most: Decimal | None, above: bool, below: bool) -> str:
    """An expression for the numbers in a range; above, below: the border itself is outside.

    With borders, numbers are written without an exponent, and the borders must be whole.
    """
    if least is None and most is None:
        whole = f'"-"? ("0" | [1-9] [0-9]{{0,{DIGITS - 1}}})'
        return f'({whole} ("." [0-9]{{1,{DIGITS}}})? ([eE] [-+]? [0-9]{{1,2}})?)'
    for border in (least, most):
        if border is not None and border != border.to_integral_value():
            raise GrammarError('"minimum" and "maximum" of a number must be whole')
    low = None if least is None else int(least)
    high = None if most is None else int(most)
    if low is not None and high is not None and (low > high or (low == high and (above or below))):
        raise GrammarError('"minimum" is above "maximum"')
    ways = []
    if low is None or low < 0:
        sized = _sizes(
            0 if high is None or high >= 0 else -high,
            None if low is None else -low,
            below and high is not None and high <= 0,
            above,
        )
        ways.append(f'"-" ({sized})')
    if high is None or high >= 0:
        start = 0 if low is None or low < 0 else low
        excluded = above and low is not None and low >= 0
        if high is None or high > start or not (excluded or below):
            ways.append(_sizes(start, high, excluded, below))
    return f"({' | '.join(ways)})"


def _sizes(low: int, high: int | None, above: bool, below: bool) -> str:
    """Non-negative numbers from `low` to `high`; above, below: without the border itself."""
    top = 10**DIGITS - 1 if high is None else high
    fraction = f'("." [0-9]{{1,{DIGITS}}})?'
    more = f'"." [0-9]{{0,{DIGITS - 1}}} [1-9] [0-9]{{0,{DIGITS - 1}}}'  # a fraction above nothing
    ways = []
    last = top if high is None else top - 1  # of the whole numbers any fraction may follow
    first = low + 1 if above else low
    if first <= last:
        ways.append(f"({_between(first, last)}) {fraction}")
    if above and low <= last:
        ways.append(f'"{low}" {more}')
    if high is not None and not below and not (above and high == low):
        ways.append(f'"{high}" ("." "0"{{1,{DIGITS}}})?')
    if not ways:
        raise GrammarError('"minimum" is above "maximum"')
    return f"({' | '.join(ways)})"


def _between(low: int, high: int) -> str:
    """The non-negative whole numbers from `low` to `high`, by their number of digits."""
    ways = []
    for length in range(len(str(low)), len(str(high)) + 1):
        first = max(low, 10 ** (length - 1) if length > 1 else 0)
        last = min(high, 10**length - 1)
        ways.append(_same_length(str(first), str(last)))
    return " | ".join(ways)


def _same_length(low: str, high: str) -> str:
    """Numbers of as many digits as both borders have."""
    rest = len(low) - 1
    if set(low[1:]) <= {"0"} and set(high[1:]) <= {"9"}:
        return _digit(low[0], high[0]) + (f" [0-9]{{{rest}}}" if rest else "")
    if low[0] == high[0]:
        return f'"{low[0]}" ({_same_length(low[1:], high[1:])})'
    ways = []
    first, last = low[0], high[0]
    if set(low[1:]) != {"0"}:
        ways.append(f'"{first}" ({_same_length(low[1:], "9" * rest)})')
        first = chr(ord(first) + 1)
    top = last if set(high[1:]) == {"9"} else chr(ord(last) - 1)
    if first <= top:
        ways.append(f"{_digit(first, top)} [0-9]{{{rest}}}")
    if top != last:
        ways.append(f'"{last}" ({_same_length("0" * rest, high[1:])})')
    return " | ".join(ways)


def _digit(first: str, last: str) -> str:
    return f'"{first}"' if first == last else f"[{first}-{last}]"
