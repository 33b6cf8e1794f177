"""Comparing what the ledger says an account holds with what it really holds."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from engine.core.money import format_amount
from engine.core.records import Transaction
from engine.ledger.legs import legs

TOLERANCE = Decimal("1e-8")
"""Balances are often shown with eight decimals; a difference this small is rounding."""


@dataclass(frozen=True, slots=True)
class Balance:
    """One asset of an account at the end of a UTC day; amounts in the asset.

    ledger: what the transactions add up to. stated: what the account really holds. suspects: the
    transactions by which alone the two would agree, if one is there twice or does not belong there.
    """

    account: str
    asset: str
    day: date
    ledger: Decimal
    stated: Decimal
    suspects: tuple[Transaction, ...]

    @property
    def difference(self) -> Decimal:
        """By how much the ledger has too much, or too little if below zero."""
        return self.ledger - self.stated

    @property
    def agrees(self) -> bool:
        """Whether the two are the same but for rounding."""
        return abs(self.difference) <= TOLERANCE

    def sentence(self) -> str:
        """What was found, and where to look if the two differ."""
        has = f"{self.account} has {format_amount(self.ledger)} {self.asset} in the ledger"
        if self.agrees:
            return f"{has}, as stated."
        size = f"{format_amount(abs(self.difference))} {self.asset}"
        said = f"{has} and {format_amount(self.stated)} as stated on {self.day:%Y-%m-%d}"
        if self.difference > 0:
            cause = f"{size} too much: a withdrawal, a sale or a fee is missing, or a row is twice"
        else:
            cause = f"{size} too little: a deposit, a purchase or an income is missing"
        return f"{said}, which is {cause}.{self._hint()}"

    def _hint(self) -> str:
        if not self.suspects:
            return ""
        first = self.suspects[0]
        number = f"number {first.id}" if first.id is not None else "the one"
        return (
            f" Exactly this amount is in {len(self.suspects)} of its transactions: look at "
            f"{number} of {first.time:%Y-%m-%d} ({first.kind})."
        )


def reconcile(
    transactions: Iterable[Transaction], account: str, stated: Mapping[str, Decimal], day: date
) -> tuple[Balance, ...]:
    """Compare an account with what it holds at the end of a day (UTC), asset by asset.

    transactions: of all accounts, whatever import they came from; confirmed transfers may be
    joined. Money is compared as it stands, even where its deposits are not recorded.
    """
    until = [t for t in transactions if t.time.date() <= day]
    return tuple(
        _balance(until, account, asset, amount, day) for asset, amount in sorted(stated.items())
    )


def _balance(
    transactions: Sequence[Transaction], account: str, asset: str, stated: Decimal, day: date
) -> Balance:
    changes = [(t, change) for t in transactions if (change := _change(t, account, asset))]
    ledger = sum((change for _, change in changes), Decimal(0))
    difference = ledger - stated
    suspects = tuple(t for t, change in changes if difference and change == difference)
    return Balance(account, asset, day, ledger, stated, suspects)


def _change(transaction: Transaction, account: str, asset: str) -> Decimal:
    """By how much a transaction changes one balance."""
    return sum(
        (leg.change for leg in legs(transaction) if (leg.account, leg.asset) == (account, asset)),
        Decimal(0),
    )
