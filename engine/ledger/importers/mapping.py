"""What the columns of a file of an unknown format mean, as the user says it."""

import hashlib
from collections import abc
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from engine.core.csvfile import clean_text
from engine.core.errors import KnownError
from engine.core.records import INCOME_KINDS, TransactionKind
from engine.ledger.importers.dates import DateOrder

Role = Literal[
    "date",
    "time",
    "kind",
    "account",
    "to_account",
    "asset_in",
    "amount_in",
    "asset_out",
    "amount_out",
    "asset",
    "amount",
    "pair",
    "price",
    "total",
    "currency",
    "fee_asset",
    "fee_amount",
    "value",
    "value_currency",
    "note",
    "tag",
]
"""What a column can be. time: of the day, where it is not with the date. asset, amount: of a row
that names one amount; with pair or currency, and price or total, it is bought or sold. currency:
of price, total and fee."""
ROLES: tuple[Role, ...] = get_args(Role)

SKIP = "skip"
"""What a word stands for whose rows are left out."""
KINDS: tuple[str, ...] = (
    *get_args(TransactionKind),
    *(f"income {kind}" for kind in INCOME_KINDS if kind),
)
"""What a word can stand for: a kind of transaction, or one of income."""

_FORM = 1
_NAMES = 40
"""The longest name a column is shown with."""


@dataclass(frozen=True, slots=True)
class Mapping:
    """How a file with these columns is read.

    columns: the normalised names of its header. roles: the column that has each role. fixed: what
    a role is where there is no column for it, or the column is empty. words: what the words in the
    column of kinds stand for, in lower case. signed: amounts below zero went out (else the kind
    says it). order: of dates such as 5/9/2017. decimal_comma: 1.234,5 instead of 1,234.5.
    """

    columns: frozenset[str]
    roles: abc.Mapping[Role, str]
    fixed: abc.Mapping[Role, str] = field(default_factory=dict)
    words: abc.Mapping[str, str] = field(default_factory=dict)
    signed: bool = False
    order: DateOrder = "day"
    decimal_comma: bool = False

    def has(self, *roles: Role) -> bool:
        """Whether one of the roles has a column or a fixed text."""
        return any(role in self.roles or self.fixed.get(role) for role in roles)

    @property
    def signature(self) -> str:
        """A short word for the set of its columns."""
        return hashlib.sha256("\n".join(sorted(self.columns)).encode()).hexdigest()[:16]


def checked(mapping: Mapping) -> Mapping:
    """The same mapping. Raises KnownError, which names the column, if files cannot be read so."""
    for role, column in mapping.roles.items():
        if column not in mapping.columns:
            raise KnownError(
                f'The file has no column "{clean_text(column, _NAMES)}", which should be the '
                f"{_label(role)}.",
                "Choose another column.",
            )
    _require(mapping, "date" in mapping.roles, "date")
    _require(mapping, mapping.has("amount", "amount_in", "amount_out"), "amount")
    if "amount" in mapping.roles:
        _require(mapping, mapping.has("asset", "pair"), "asset")
        _require(mapping, mapping.signed or mapping.has("kind"), "kind")
        if mapping.has("price", "total"):
            _require(mapping, mapping.has("currency", "pair"), "currency")
    _require(mapping, "amount_in" not in mapping.roles or mapping.has("asset_in"), "asset_in")
    _require(mapping, "amount_out" not in mapping.roles or mapping.has("asset_out"), "asset_out")
    _require(
        mapping,
        "fee_amount" not in mapping.roles or mapping.has("fee_asset", "currency", "pair"),
        "fee_asset",
    )
    kinds = [*mapping.words.values(), *filter(None, [mapping.fixed.get("kind")])]
    wrong = next((kind for kind in kinds if kind not in (*KINDS, SKIP)), None)
    if wrong is not None:
        raise KnownError(
            f'"{clean_text(wrong, _NAMES)}" is no kind of transaction.',
            f"Use one of {', '.join(KINDS)}, or {SKIP}.",
        )
    return mapping


def require_columns(mapping: Mapping, columns: abc.Iterable[str], name: str) -> None:
    """Raises KnownError unless a file's columns are exactly those the mapping is for."""
    found = frozenset(columns) - {""}
    wanted = mapping.columns - {""}
    if found == wanted:
        return
    which, odd = (
        ("no column", wanted - found) if wanted - found else ("also a column", found - wanted)
    )
    raise KnownError(
        f'{name} has {which} "{clean_text(min(odd), _NAMES)}", so it is no file of this mapping.',
        "Say anew what its columns mean.",
    )


def mapping_to_body(mapping: Mapping) -> dict[str, Any]:
    """The mapping as a JSON document."""
    return {
        "form": _FORM,
        "columns": sorted(mapping.columns),
        "roles": dict(mapping.roles),
        "fixed": dict(mapping.fixed),
        "words": dict(mapping.words),
        "signed": mapping.signed,
        "order": mapping.order,
        "decimal_comma": mapping.decimal_comma,
    }


def mapping_from_body(body: Any) -> Mapping:
    """The mapping of a JSON document that anybody may have written. Raises KnownError."""
    if not isinstance(body, dict) or body.get("form") != _FORM:
        raise _damaged("it is not of a form that is known")
    columns = body.get("columns")
    if not isinstance(columns, list) or not all(isinstance(name, str) for name in columns):
        raise _damaged("its columns are no list of names")
    order = body.get("order", "day")
    if order not in get_args(DateOrder):
        raise _damaged('its order is neither "day" nor "month"')
    flags = [body.get("signed", False), body.get("decimal_comma", False)]
    if not all(isinstance(flag, bool) for flag in flags):
        raise _damaged("signed and decimal_comma are true or false")
    return checked(
        Mapping(
            columns=frozenset(columns),
            roles=_roles(body, "roles"),
            fixed=_roles(body, "fixed"),
            words=_texts(body, "words"),
            signed=flags[0],
            order=order,
            decimal_comma=flags[1],
        )
    )


def _roles(body: abc.Mapping[str, Any], name: str) -> dict[Role, str]:
    texts = _texts(body, name)
    unknown = next((role for role in texts if role not in ROLES), None)
    if unknown is not None:
        raise _damaged(f'"{clean_text(unknown, _NAMES)}" is not one of {", ".join(ROLES)}')
    return {role: texts[role] for role in ROLES if role in texts}


def _texts(body: abc.Mapping[str, Any], name: str) -> dict[str, str]:
    texts = body.get(name, {})
    if not isinstance(texts, dict) or not all(isinstance(text, str) for text in texts.values()):
        raise _damaged(f"its {name} are no texts by name")
    return texts


def _damaged(why: str) -> KnownError:
    return KnownError(f"This mapping of columns cannot be used: {why}.", "Make it anew.")


def _require(mapping: Mapping, fulfilled: bool, role: Role) -> None:
    if not fulfilled:
        raise KnownError(f"No column is chosen for the {_label(role)}.", "Choose one.")


def _label(role: Role) -> str:
    return role.replace("_", " ")
