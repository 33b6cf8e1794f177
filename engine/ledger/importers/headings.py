"""What columns and kinds of transactions are called in English, German, French and Spanish.

The patterns meet folded text: lower case without accents, ä, ö, ü, ß as a, o, u, ss.
"""

import re
import unicodedata

from engine.core.records import FIAT
from engine.ledger.importers.mapping import Role

_MONEY = (
    r"coin|currency|cur\.|asset|symbol|simbolo|ticker|token|unit\b|wa(?:e|)hrung|munze|"
    r"monnaie|devise|jeton|moneda|divisa"
)
_QUANTITY = (
    r"quantity|qty|units|shares|menge|anzahl|stuck|quantite|nombre|cantidad|unidades|"
    r"executed|filled"
)
_MUCH = r"amount|volume|size|betrag|umsatz|montant|importe|monto|" + _QUANTITY
_IN = (
    r"receiv|\bbuy\b|bought|incoming|\bin\b|credit|to\b|erhalten|gekauft|eingang|zugang|recu|"
    r"achete|entrant|recibid|comprad|entrada"
)
_OUT = (
    r"\bsent\b|sell|sold|spen[dt]|outgoing|\bout\b|debit|from\b|gesendet|verkauft|ausgang|abgang|"
    r"envoye|vendu|sortant|enviad|vendid|salida"
)
_FEE = r"fee|commission|gebue?hr|spesen|provision|frais|comision"
_KIND_OF = "transaktions|umsatz|geschafts|buchungs|auftrags"
_DATE = (
    r"date|datum|fecha|time|zeit|heure|utc|created|executed|\btag\b|buchungstag|valuta|"
    r"\bjour\b|\bdia\b"
)
_KIND = (
    rf"type|kind|action|operation|typ\b|\bart\b|(?:{_KIND_OF})art\b|vorgang|tipo|operacion|"
    r"nature\b|movimiento"
)
_NOTE = (
    r"note|comment|comentario|description|descripcion|memo|notiz|kommentar|zweck|libelle|"
    r"buchungstext|bemerkung|bezeichnung|beschreibung|concepto|observaci|remarque|intitule"
)


def _both(first: str, second: str) -> str:
    """Names that both patterns are found in."""
    return rf"^(?=.*(?:{first}))(?=.*(?:{second}))"


NAMES: tuple[tuple[Role, str], ...] = (
    ("fee_asset", _both(_FEE, _MONEY)),
    ("fee_amount", _FEE),
    ("asset_in", _both(_IN, _MONEY)),
    ("amount_in", _both(_IN, _MUCH)),
    ("asset_out", _both(_OUT, _MONEY)),
    ("amount_out", _both(_OUT, _MUCH)),
    ("date", _DATE),
    ("time", r"^time|uhrzeit|^zeit|heure|^hora"),
    ("to_account", r"(?:to|target|destination) (?:account|wallet)"),
    ("kind", r"side|seite|sens|lado"),
    ("kind", _KIND),
    ("pair", r"pair|market|instrument|handelspaar|paire|mercado|symbol|\bpar\b"),
    ("price", r"price|\brate\b|kurs|preis|prix|cours|precio|cotizacion"),
    (
        "total",
        r"total|cost|proceeds|funds|gesamt|summe|coste|gegenwert|contre-?valeur|contravalor",
    ),
    ("amount", _QUANTITY),
    ("amount", _MUCH + "|change"),
    ("currency", r"(?:quote|price|fiat|counter|total)[a-z ]*(?:" + _MONEY + ")"),
    (
        "asset",
        r"coin|asset|symbol|simbolo|ticker|token|crypto|krypto|cripto|activo|actif|wertpapier",
    ),
    ("asset", _MONEY),
    ("currency", _MONEY),
    ("value_currency", _both("value|worth|wert|valeur|valor", _MONEY)),
    ("value", r"value|worth|\bwert\b|valeur|valor"),
    ("total", r"betrag|umsatz|amount|montant|importe|monto"),
    ("account", r"account|wallet|exchange|platform|konto|depot|compte|cuenta|location|portfolio"),
    ("note", _NOTE),
    ("tag", r"\btag\b|label|group|kategorie|etiquette|etiqueta"),
)
"""What columns are called, in the order in which roles are given away."""

_WORDS: tuple[tuple[str, str], ...] = (
    (r"staking|stake|reward|belohnung|recompens", "income staking"),
    (r"airdrop", "income airdrop"),
    (r"mining|minage|mineria", "income mining"),
    (r"interest|zins|interet|interes|lending|rendimiento", "income interest"),
    (r"income|earn|dividend|bonus|einkommen|revenu|ingreso", "income"),
    (r"withdraw|auszahlung|abhebung|retrait|retir", "withdrawal"),
    (r"deposit|einzahlung|gutschrift|depot|deposito|abono", "deposit"),
    (r"sell|sold|verkauf|vente|vendu|venta|vender", "sell"),
    (r"buy|bought|purchase|kauf|sparplan|achat|achete|compra", "buy"),
    (r"trade|swap|exchange|convert|tausch|echange|intercambio|permuta", "trade"),
    (r"fee|gebue?hr|frais|comisi", "fee"),
    (r"receive|erhalten|eingang|recu|recib", "deposit"),
    (r"send|sent|gesendet|ausgang|envoy|envi", "withdrawal"),
    (r"spend|payment|zahlung|paiement|pago", "spend"),
    (r"gift|geschenk|schenkung|cadeau|regalo|donation|spende", "gift"),
    (r"lost|loss|stolen|verlust|perte|perdida", "loss"),
)
"""What words in a column of kinds stand for, the first that is found counts."""

_SIGNS = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY"}
_UNIT = re.compile(
    rf"[ ,/]*(?:\b(?:in|en)\s+)?[(\[]?(?:\b({'|'.join(sorted(map(str.lower, FIAT)))})\b|([$€£¥]))"
    r"[)\]]?"
)


def unit_of(name: str) -> tuple[str, str]:
    """A column's name without the currency in it, and that currency or "".

    "betrag eur", "amount (usd)" and "price in €" name one; a column called "usd" is not one that
    does.
    """
    match = _UNIT.search(name)
    rest = name if match is None else f"{name[: match.start()]} {name[match.end() :]}".strip()
    if match is None or not rest:
        return name, ""
    return rest, _SIGNS[match[2]] if match[2] else match[1].upper()


def folded(text: str) -> str:
    """The text as the patterns are written."""
    plain = unicodedata.normalize("NFKD", text.lower().replace("ß", "ss"))
    return "".join(char for char in plain if not unicodedata.combining(char))


def kind_of(word: str) -> str:
    """What kind of transaction a word stands for, "" if it is not known."""
    plain = folded(word)
    return next((kind for pattern, kind in _WORDS if re.search(pattern, plain)), "")
