"""The kinds of transactions: what they are called, and which fields each has."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

from PySide6.QtCore import QCoreApplication

from engine.core.records import INCOME_KINDS, TransactionKind
from engine.core.words import capitalised

_translate = QCoreApplication.translate

KINDS: tuple[TransactionKind, ...] = get_args(TransactionKind)


@dataclass(frozen=True, slots=True)
class Sides:
    """What the two sides of a kind are called; "" for a side that it does not have."""

    sent: str
    received: str


def kind_name(kind: str) -> str:
    """A kind in words."""
    return _names().get(kind, kind.capitalize())


def income_name(kind: str) -> str:
    """A kind of income in words."""
    words = kind.replace("_", " ")
    return capitalised(words) if kind else _translate("kinds", "Not stated")


def kind_choices() -> list[tuple[str, str]]:
    """All kinds as choices."""
    return [(kind, kind_name(kind)) for kind in KINDS]


def income_choices() -> list[tuple[str, str]]:
    """All kinds of income as choices."""
    return [(kind, income_name(kind)) for kind in INCOME_KINDS]


def sides_of(kind: str) -> Sides:
    """What is asked for when a transaction of this kind is typed."""
    sent, received = _translate("kinds", "Sent"), _translate("kinds", "Received")
    bought, paid = _translate("kinds", "Bought"), _translate("kinds", "Paid")
    sold, spent = _translate("kinds", "Sold"), _translate("kinds", "Spent")
    sides = {
        "buy": Sides(paid, bought),
        "sell": Sides(sold, received),
        "trade": Sides(sent, received),
        "deposit": Sides("", received),
        "withdrawal": Sides(sent, ""),
        "transfer": Sides(_translate("kinds", "Moved"), ""),
        "income": Sides("", received),
        "fee": Sides(paid, ""),
        "spend": Sides(spent, ""),
        "gift": Sides(_translate("kinds", "Given"), received),
        "loss": Sides(_translate("kinds", "Lost"), ""),
        "nft_buy": Sides(paid, bought),
        "nft_sell": Sides(sold, received),
        "lp_add": Sides(_translate("kinds", "Put in"), _translate("kinds", "Shares received")),
        "lp_remove": Sides(_translate("kinds", "Shares given back"), received),
        "correction": Sides(_translate("kinds", "Too many"), _translate("kinds", "Missing")),
    }
    return sides[kind]


def _names() -> Mapping[str, str]:
    return {
        "nft_buy": _translate("kinds", "NFT buy"),
        "nft_sell": _translate("kinds", "NFT sell"),
        "lp_add": _translate("kinds", "LP add"),
        "lp_remove": _translate("kinds", "LP remove"),
    }
