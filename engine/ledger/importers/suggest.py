"""A first guess of what the columns of a file mean, by their names and by what stands in them."""

import re
from collections.abc import Callable, Sequence

from engine.core.fields import FieldError, read_symbol
from engine.core.records import FIAT
from engine.ledger.importers.dates import order_of, read_date
from engine.ledger.importers.headings import NAMES, folded, kind_of, unit_of
from engine.ledger.importers.mapping import Mapping, Role

_NUMBER = re.compile(r"[-+]?[$€£¥]?[-+]?[0-9][0-9.,' \u00a0\u202f]*(?:[eE][-+]?[0-9]+)?[€$£¥]?|-?")
_COMMA = re.compile(
    r"[-+]?[0-9]{1,3}(?:[. '\u00a0\u202f][0-9]{3})*,[0-9]+[€]?|[-+]?[0-9]+,[0-9]+[€]?"
)
_THOUSANDS = re.compile(r"[-+]?[1-9][0-9]{0,2}(?:,[0-9]{3})+")
_CLOCK = re.compile(r"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?.*")
_NUMBERS: frozenset[Role] = frozenset(
    {"amount", "amount_in", "amount_out", "price", "total", "fee_amount", "value"}
)


def suggest(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Mapping:
    """What the columns probably mean; the user has the last word.

    columns: normalised names. rows: some of the first rows, a text for each column.
    """
    texts = {
        name: [row[place].strip() for row in rows if row[place].strip()]
        for place, name in enumerate(columns)
        if name
    }
    roles = _roles(texts)
    numbers = [text for role in _NUMBERS & roles.keys() for text in texts[roles[role]]]
    kinds = texts[roles["kind"]] if "kind" in roles else []
    return Mapping(
        columns=frozenset(texts),
        roles=roles,
        fixed=_units(roles),
        words={word: kind for text in kinds if (kind := kind_of(word := text.lower()))},
        signed=any(text.startswith("-") and text.strip("-") for text in _of(roles, texts)),
        order=order_of(texts[roles["date"]] if "date" in roles else []) or "day",
        decimal_comma=_has_decimal_comma(numbers),
    )


def _roles(texts: dict[str, list[str]]) -> dict[Role, str]:
    names = {name: unit_of(folded(name)) for name in texts}
    # Of two columns of amounts, coins are in the one that names no currency.
    order = sorted(texts, key=lambda name: bool(names[name][1]))
    roles: dict[Role, str] = {}
    for role, pattern in NAMES:
        if role in roles or (role == "amount" and roles.keys() & {"amount_in", "amount_out"}):
            continue
        free = (n for n in (order if role == "amount" else texts) if n not in roles.values())
        found = next(
            (n for n in free if re.search(pattern, names[n][0]) and _fits(role, texts[n])), None
        )
        if found is not None:
            roles[role] = found
    return roles


def _units(roles: dict[Role, str]) -> dict[Role, str]:
    """The currencies that stand in the names of columns, where none has a column of its own."""
    places: tuple[tuple[Role, Role], ...] = (
        ("total", "currency"),
        ("price", "currency"),
        ("fee_amount", "fee_asset"),
        ("value", "value_currency"),
        ("amount", "asset"),
        ("amount_in", "asset_in"),
        ("amount_out", "asset_out"),
    )
    fixed: dict[Role, str] = {}
    for amount, currency in places:
        unit = unit_of(folded(roles[amount]))[1] if amount in roles else ""
        if unit and currency not in roles:
            fixed.setdefault(currency, unit)
    return fixed


def _of(roles: dict[Role, str], texts: dict[str, list[str]]) -> list[str]:
    """The amounts whose sign could say where they went."""
    sides: tuple[Role, ...] = ("amount", "amount_out")
    return [text for role in sides if role in roles for text in texts[roles[role]]]


def _fits(role: Role, texts: list[str]) -> bool:
    """Whether a column holds what the role needs; one that is empty here may."""
    if role in _NUMBERS:
        return all(map(_NUMBER.fullmatch, texts))
    checks: dict[Role, Callable[[str], bool]] = {
        "date": _is_date,
        "time": lambda text: _CLOCK.fullmatch(text) is not None,
        "pair": lambda text: re.search(r"[A-Za-z0-9]{2}[/_:-][A-Za-z0-9]{2}", text) is not None,
        "asset": _is_symbol,
        "asset_in": _is_symbol,
        "asset_out": _is_symbol,
        "fee_asset": _is_symbol,
        "currency": lambda text: _is_symbol(text) and not text.isdigit(),
        "value_currency": lambda text: text.upper() in FIAT,
        "kind": lambda text: _NUMBER.fullmatch(text) is None,
    }
    check = checks.get(role)
    return check is None or all(map(check, texts))


def _is_date(text: str) -> bool:
    for order in ("day", "month"):
        try:
            read_date(text, "day" if order == "day" else "month")
        except FieldError:
            continue
        return True
    return False


def _is_symbol(text: str) -> bool:
    try:
        read_symbol(text)
    except FieldError:
        return False
    return True


def _has_decimal_comma(numbers: list[str]) -> bool:
    """Whether numbers are written 1.234,5: some can only be, and none has a point for decimals."""
    return any(
        _COMMA.fullmatch(text) and not _THOUSANDS.fullmatch(text) for text in numbers
    ) and not any(text.rfind(".") > text.rfind(",") >= 0 for text in numbers)
