"""What columns can be and kinds are called in the mapping of a file."""

from collections.abc import Mapping

from PySide6.QtCore import QCoreApplication

from desktop.portfolio.kinds import income_name, kind_name
from engine.service import MAPPING_KINDS, MAPPING_ROLES, MAPPING_SKIP

_translate = QCoreApplication.translate


def role_name(role: str) -> str:
    """A role in words."""
    return _roles().get(role, role)


def role_choices() -> list[tuple[str, str]]:
    """What a column can be; first that it is not used."""
    return [
        ("", _translate("mapping", "Not used")),
        *((role, role_name(role)) for role in MAPPING_ROLES),
    ]


def meaning_choices() -> list[tuple[str, str]]:
    """What a word in the column of kinds can stand for."""
    return [
        ("", _translate("mapping", "Not known")),
        *((kind, _kind_name(kind)) for kind in MAPPING_KINDS),
        (MAPPING_SKIP, _translate("mapping", "Leave out")),
    ]


def _kind_name(kind: str) -> str:
    name, _, income = kind.partition(" ")
    return f"{kind_name(name)}: {income_name(income).lower()}" if income else kind_name(name)


def _roles() -> Mapping[str, str]:
    tr = _translate
    return {
        "date": tr("mapping", "Date and time"),
        "time": tr("mapping", "Time of the day"),
        "kind": tr("mapping", "Kind of transaction"),
        "account": tr("mapping", "Account"),
        "to_account": tr("mapping", "Account it goes to"),
        "asset_in": tr("mapping", "Received: asset"),
        "amount_in": tr("mapping", "Received: amount"),
        "asset_out": tr("mapping", "Sent: asset"),
        "amount_out": tr("mapping", "Sent: amount"),
        "asset": tr("mapping", "Asset"),
        "amount": tr("mapping", "Amount"),
        "pair": tr("mapping", "Pair, such as BTC/USD"),
        "price": tr("mapping", "Price of one"),
        "total": tr("mapping", "Total paid or received"),
        "currency": tr("mapping", "Currency of the price"),
        "fee_asset": tr("mapping", "Fee: asset"),
        "fee_amount": tr("mapping", "Fee: amount"),
        "value": tr("mapping", "Worth in all"),
        "value_currency": tr("mapping", "Worth in all: currency"),
        "note": tr("mapping", "Note"),
        "tag": tr("mapping", "Tag"),
    }
