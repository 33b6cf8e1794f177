"""Reading a file by a mapping: each row is brought into Assay's own format."""

from decimal import Decimal

from engine.core.csvfile import Row, clean_text
from engine.core.fields import FieldError, read_number
from engine.core.money import to_text
from engine.core.records import FIAT, Transaction
from engine.ledger.importers.base import Importer
from engine.ledger.importers.dates import read_date
from engine.ledger.importers.generic import read_transaction
from engine.ledger.importers.mapping import KINDS, SKIP, Mapping, Role, checked
from engine.ledger.importers.pairs import QUOTES, split_pair
from engine.ledger.importers.rowwise import LeftOut, row_by_row, unknown
from engine.ledger.importers.trades import product

UNNAMED = "mapped file"
"""The name of an importer whose mapping is not stored yet."""

_SWAPPED = str.maketrans(",.", ".,")
_UNSEEN = str.maketrans("", "", " \u00a0\u202f\u2009'’")
"""What separates thousands beside commas and points."""
_QUOTES = QUOTES | FIAT
_RECEIVED = frozenset({"deposit", "income"})
_SENT = frozenset({"withdrawal", "transfer", "fee", "spend", "loss"})
_EITHER = frozenset({"gift", "correction"})
_TRADED = frozenset({"buy", "sell"})
_MOVED = frozenset({"", "deposit", "withdrawal"})

Side = tuple[str, Decimal]


def importer_of(mapping: Mapping, name: str = UNNAMED) -> Importer:
    """The importer of files with the mapping's columns. Raises KnownError if it cannot be used."""
    checked(mapping)
    return Importer(
        name=name,
        account=mapping.fixed.get("account") or "Main",
        columns=",".join(sorted(mapping.columns)),
        matches=lambda columns: frozenset(columns) - {""} == mapping.columns - {""},
        read=row_by_row(lambda row, account: [_Reader(mapping, row).transaction(account)]),
        # A mapping that is given another name finds its rows again.
        hashed_as=f"mapped {mapping.signature}",
    )


class _Reader:
    """Reads one row."""

    def __init__(self, mapping: Mapping, row: Row) -> None:
        self._mapping = mapping
        self._row = row

    def transaction(self, account: str) -> Transaction:
        """The row as a transaction. Raises FieldError, and LeftOut for a word that is skipped."""
        kind, _, income_kind = self._kind().partition(" ")
        when = " ".join(filter(None, (self._text("date"), self._text("time"))))
        time = read_date(when, self._mapping.order)
        if self._mapping.has("amount"):
            kind, received, sent = self._single(kind)
        else:
            kind, received, sent = self._both(kind)
        fields = {
            "date": f"{time:%Y-%m-%d %H:%M:%S}",
            "kind": kind,
            "account": self._column("account"),
            "to account": self._text("to_account"),
            "income kind": income_kind,
            "tag": self._text("tag"),
            "note": self._text("note"),
        }
        _put(fields, "asset in", "amount in", received)
        _put(fields, "asset out", "amount out", sent)
        _put(fields, "fee asset", "fee amount", self._fee())
        _put(fields, "value currency", "value", self._value() or self._worth(kind))
        return read_transaction(fields, account)

    def _kind(self) -> str:
        """A kind, with that of an income behind it; "" where the amounts say it."""
        word = self._text("kind")
        meaning = self._mapping.words.get(word.lower(), word.lower())
        if meaning == SKIP:
            raise LeftOut(f'rows of the kind "{clean_text(word, 40)}"')
        if meaning in KINDS:
            return meaning
        if word or self._mapping.has("kind"):
            raise unknown("kind", word)
        return ""

    def _both(self, kind: str) -> tuple[str, Side | None, Side | None]:
        """Sides that have amounts of their own; without a kind, they say what it is."""
        received = self._side("asset_in", "amount_in")
        sent = self._side("asset_out", "amount_out")
        if not kind:
            kind = "trade" if received and sent else "deposit" if received else "withdrawal"
        return kind, received, sent

    def _single(self, kind: str) -> tuple[str, Side | None, Side | None]:
        """The sides of a row with one amount, whose sign or kind says where it went."""
        amount = self._number("amount", signed=True)
        if amount is None:
            raise FieldError("the amount is missing or zero")
        came_in = amount > 0
        if not came_in and not self._mapping.signed:
            raise FieldError("the amount is negative")
        base = (self._base(), abs(amount))
        if kind in _TRADED or (not kind and self._mapping.has("price", "total")):
            kind = kind or ("buy" if came_in else "sell")
            quote = (self._currency(), self._total(abs(amount)))
            return (kind, base, quote) if kind == "buy" else (kind, quote, base)
        if self._mapping.signed and kind in _MOVED:
            kind = "deposit" if came_in else "withdrawal"
        if kind in _EITHER and not self._mapping.signed:
            raise FieldError(f"it does not say whether the {kind} came in or went out")
        if kind not in _RECEIVED | _SENT | _EITHER:
            raise FieldError(f"a {kind} needs what came in and what went out")
        if self._mapping.signed and came_in != (kind in _RECEIVED) and kind not in _EITHER:
            raise FieldError(f"the sign of the amount does not fit the kind {kind}")
        arrives = came_in if kind in _EITHER else kind in _RECEIVED
        return (kind, base, None) if arrives else (kind, None, base)

    def _side(self, asset: Role, amount: Role) -> Side | None:
        number = self._number(amount)
        return None if number is None else (self._text(asset), number)

    def _fee(self) -> Side | None:
        fee = self._number("fee_amount")
        return None if fee is None else (self._text("fee_asset") or self._currency(), fee)

    def _value(self) -> Side | None:
        value = self._number("value")
        currency = self._text("value_currency") or self._currency()
        return None if value is None else (currency, value)

    def _worth(self, kind: str) -> Side | None:
        """The total of an income: nothing was paid for it, so it says what it was worth."""
        total = self._number("total") if kind == "income" else None
        currency = self._currency()
        return None if total is None or not currency else (currency, total)

    def _total(self, amount: Decimal) -> Decimal:
        total = self._number("total")
        if total is not None:
            return total
        price = self._number("price")
        if price is None:
            raise FieldError("neither a total nor a price")
        return product(amount, price)

    def _base(self) -> str:
        return self._text("asset") or self._pair()[0]

    def _currency(self) -> str:
        return self._text("currency") or self._pair()[1]

    def _pair(self) -> tuple[str, str]:
        if not self._mapping.has("pair"):
            return "", ""
        hints = filter(None, (self._text("fee_asset").upper(),))
        return split_pair(self._text("pair"), _QUOTES, hints)

    def _number(self, role: Role, signed: bool = False) -> Decimal | None:
        """A number as the file writes it; None for nothing and zero.

        signed: keep its sign. Raises FieldError if it is negative where no sign is expected.
        """
        text = self._text(role).translate(_UNSEEN)
        if self._mapping.decimal_comma:
            text = text.translate(_SWAPPED)
        if not text.strip("-"):
            return None
        name = role.replace("_", " ")
        number = read_number(text.rstrip("€$£¥"), name)
        if number < 0 and not signed:
            if not self._mapping.signed:
                raise FieldError(f"the {name} is negative")
            number = -number
        return number or None

    def _text(self, role: Role) -> str:
        return self._column(role) or self._mapping.fixed.get(role, "")

    def _column(self, role: Role) -> str:
        column = self._mapping.roles.get(role)
        return self._row.fields[column].strip() if column else ""


def _put(fields: dict[str, str], asset: str, amount: str, side: Side | None) -> None:
    if side:
        fields[asset], fields[amount] = side[0], to_text(side[1])
