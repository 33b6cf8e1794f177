"""Which transactions a list shows."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from engine.core.records import Transaction


@dataclass(frozen=True, slots=True)
class Selection:
    """What a transaction must have; "" and None ask for nothing.

    text: found anywhere in its note, tag, kind, accounts or assets, in any case. account: as either
    end of a transfer. asset: received, sent or paid as a fee. start, end: days, both included.
    """

    text: str = ""
    kind: str = ""
    asset: str = ""
    account: str = ""
    tag: str = ""
    start: date | None = None
    end: date | None = None

    def of(self, transactions: Iterable[Transaction]) -> list[Transaction]:
        """Those that fit, in the order given."""
        return [t for t in transactions if self._fits(t)]

    def _fits(self, t: Transaction) -> bool:
        day = t.time.date()
        return (
            self.kind in ("", t.kind)
            and self.tag in ("", t.tag)
            and self.account in ("", t.account, t.to_account)
            and self.asset in ("", t.asset_in, t.asset_out, t.fee_asset)
            and (self.start is None or day >= self.start)
            and (self.end is None or day <= self.end)
            and (not self.text or self.text.casefold() in _words(t))
        )


def _words(t: Transaction) -> str:
    texts = (t.note, t.tag, t.kind, t.account, t.to_account, t.asset_in, t.asset_out, t.fee_asset)
    return "\n".join(text for text in texts if text).casefold()
