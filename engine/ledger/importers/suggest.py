"""A first guess of what the columns of a file mean, by their names and by what stands in them."""

import re
from collections.abc import Callable, Sequence

from engine.core.fields import FieldError, read_symbol
from engine.core.records import FIAT
from engine.ledger.importers.dates import order_of, read_date
from engine.ledger.importers.mapping import Mapping, Role

_MONEY = r"coin|currency|cur\.|asset|symbol|ticker|unit|währung|waehrung|devise|moneda|divisa"
_MUCH = (
    r"amount|quantity|qty|volume|size|units|shares|betrag|menge|anzahl|stück"
    r"|montant|quantité|quantite|cantidad|importe"
)
_IN = (
    r"receiv|\bbuy\b|bought|incoming|\bin\b|credit|to\b|erhalten|gekauft|eingang|reçu|recibid"
    r"|entrada"
)
_OUT = (
    r"\bsent\b|sell|sold|spen[dt]|outgoing|\bout\b|debit|from\b|gesendet|verkauft|ausgang"
    r"|envoyé|enviad|salida"
)
_FEE = r"fee|commission|gebühr|gebuehr|spesen|frais|comisi[oó]n"


def _both(first: str, second: str) -> str:
    """Names that both patterns are found in."""
    return rf"^(?=.*(?:{first}))(?=.*(?:{second}))"


_NAMES: tuple[tuple[Role, str], ...] = (
    ("fee_asset", _both(_FEE, _MONEY)),
    ("fee_amount", _FEE),
    ("asset_in", _both(_IN, _MONEY)),
    ("amount_in", _both(_IN, _MUCH)),
    ("asset_out", _both(_OUT, _MONEY)),
    ("amount_out", _both(_OUT, _MUCH)),
    ("date", r"date|datum|fecha|time|zeit|heure|utc|created|executed"),
    ("time", r"^time|uhrzeit|^zeit|heure|^hora"),
    ("to_account", r"(?:to|target|destination) (?:account|wallet)"),
    ("kind", r"side|seite|sens|lado"),
    ("kind", r"type|kind|action|operation|\btyp\b|\bart\b|vorgang|opération|tipo|operación"),
    ("pair", r"pair|market|instrument|handelspaar|paire|mercado|symbol|\bpar\b"),
    ("price", r"price|\brate\b|kurs|preis|prix|cours|precio"),
    ("total", r"total|cost|proceeds|funds|gesamt|summe|coste"),
    ("amount", _MUCH + r"|change|executed|filled"),
    ("currency", r"(?:quote|price|fiat|counter|total)[a-z ]*(?:" + _MONEY + ")"),
    ("asset", r"coin|asset|symbol|ticker|crypto|kryptowährung|activo|actif"),
    ("asset", _MONEY),
    ("currency", _MONEY),
    ("value_currency", _both("value|worth|wert|valeur|valor", _MONEY)),
    ("value", r"value|worth|\bwert\b|valeur|valor"),
    ("account", r"account|wallet|exchange|platform|konto|depot|compte|cuenta|location|portfolio"),
    ("note", r"note|comment|comentario|description|descripción|memo|notiz|kommentar|zweck|libellé"),
    ("tag", r"\btag\b|label|group|kategorie|étiquette|etiqueta"),
)
"""What columns are called, in the order in which roles are given away."""

_WORDS: tuple[tuple[str, str], ...] = (
    (r"staking|stake|reward", "income staking"),
    (r"airdrop", "income airdrop"),
    (r"mining|minage|minería", "income mining"),
    (r"interest|zins|intérêt|interés|lending", "income interest"),
    (r"income|earn|dividend|bonus|einkommen|revenu|ingreso", "income"),
    (r"withdraw|auszahlung|retrait|retir", "withdrawal"),
    (r"deposit|einzahlung|dépôt|depot|depósito", "deposit"),
    (r"sell|sold|verkauf|verkauft|vente|vendu|venta|vender", "sell"),
    (r"buy|bought|purchase|kauf|gekauft|achat|compra", "buy"),
    (r"trade|swap|exchange|convert|tausch|échange|intercambio|permuta", "trade"),
    (r"fee|gebühr|frais|comisi", "fee"),
    (r"receive|erhalten|reçu|recib", "deposit"),
    (r"send|sent|gesendet|envoy|envi", "withdrawal"),
    (r"spend|payment|zahlung|paiement|pago", "spend"),
    (r"gift|geschenk|cadeau|regalo|donation|spende", "gift"),
    (r"lost|loss|stolen|verlust|perte|pérdida", "loss"),
)
"""What words in a column of kinds stand for, the first that is found counts."""

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
    roles: dict[Role, str] = {}
    for role, pattern in _NAMES:
        if role in roles or (role == "amount" and roles.keys() & {"amount_in", "amount_out"}):
            continue
        free = (name for name in texts if name not in roles.values())
        found = next((n for n in free if re.search(pattern, n) and _fits(role, texts[n])), None)
        if found is not None:
            roles[role] = found
    numbers = [text for role in _NUMBERS & roles.keys() for text in texts[roles[role]]]
    kinds = texts[roles["kind"]] if "kind" in roles else []
    return Mapping(
        columns=frozenset(texts),
        roles=roles,
        words={word: kind for text in kinds if (kind := _meaning(word := text.lower()))},
        signed=any(text.startswith("-") and text.strip("-") for text in _of(roles, texts)),
        order=order_of(texts[roles["date"]] if "date" in roles else []) or "day",
        decimal_comma=_has_decimal_comma(numbers),
    )


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


def _meaning(word: str) -> str:
    return next((kind for pattern, kind in _WORDS if re.search(pattern, word)), "")


def _has_decimal_comma(numbers: list[str]) -> bool:
    """Whether numbers are written 1.234,5: some can only be, and none has a point for decimals."""
    return any(
        _COMMA.fullmatch(text) and not _THOUSANDS.fullmatch(text) for text in numbers
    ) and not any(text.rfind(".") > text.rfind(",") >= 0 for text in numbers)
