"""Withdrawals and deposits that may be one transfer: proposed ones to decide, decided ones."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal

from desktop.portfolio.transaction_rows import side_text
from desktop.safetext import label
from desktop.widgets.buttons import button
from desktop.widgets.card import CardFrame
from desktop.widgets.listing import Line, Listing
from engine.core.records import Transaction
from engine.core.words import capitalised

if TYPE_CHECKING:
    from engine.service import Candidate, Decision

_SHOWN = 50


class ProposedCard(CardFrame):
    """Pairs that wait for the user's word."""

    confirmed = Signal(object)
    """A pair."""
    rejected = Signal(object)
    all_confirmed = Signal()

    def __init__(self) -> None:
        super().__init__(
            self.tr("Transfers between your accounts?"),
            self.tr(
                "Joined to one transfer, coins keep their cost and their holding period. Until you "
                "decide, they count as gone from the one account and as come in at the other."
            ),
        )
        self.all_button = button(self.tr("Confirm all"), self.all_confirmed.emit, kind="primary")
        self.header.addWidget(self.all_button)
        self._listing = Listing(self.tr("Proposed transfers"), "")
        self._rest = label("", "small")
        self.body.addWidget(self._listing)
        self.body.addWidget(self._rest)
        self.hide()

    def show_proposed(self, proposed: "Sequence[Candidate]") -> None:
        """Show these; nothing at all if there are none."""
        self.setVisible(bool(proposed))
        self._listing.show_lines([self._line(one) for one in proposed[:_SHOWN]])
        self.all_button.setText(self.tr("Confirm all {}").format(f"{len(proposed):,}"))
        self.all_button.setVisible(len(proposed) > 1)
        rest = len(proposed) - _SHOWN
        self._rest.setText(self.tr("and {} more").format(f"{rest:,}"))
        self._rest.setVisible(rest > 0)

    def _line(self, one: "Candidate") -> Line:
        actions = (
            ("", self.tr("Confirm"), partial(self.confirmed.emit, one.pair)),
            ("", self.tr("Not a transfer"), partial(self.rejected.emit, one.pair)),
        )
        why = capitalised(one.why)
        text = f"{_way(one.withdrawal, one.deposit)}\n{why}"
        return Line("transfer", _moved(one.withdrawal), text, actions=actions)


class DecidedCard(CardFrame):
    """What has been decided, each with a way back."""

    def __init__(self, on_forget: Callable[["Decision"], object]) -> None:
        super().__init__(self.tr("Decided transfers"))
        self._on_forget = on_forget
        self._listing = Listing(self.tr("Decided transfers"), "")
        self._rest = label("", "small")
        self.body.addWidget(self._listing)
        self.body.addWidget(self._rest)
        self.hide()

    def show_decided(self, decided: "Sequence[Decision]") -> None:
        """Show these, the newest first; nothing at all if there are none."""
        self.setVisible(bool(decided))
        self._listing.show_lines([self._line(one) for one in list(reversed(decided))[:_SHOWN]])
        rest = len(decided) - _SHOWN
        self._rest.setText(self.tr("and {} older ones").format(f"{rest:,}"))
        self._rest.setVisible(rest > 0)

    def _line(self, one: "Decision") -> Line:
        joined = one.state == "confirmed" and one.fits
        text = _way(one.withdrawal, one.deposit)
        if joined:
            tag = self.tr("Transfer")
        elif one.state == "confirmed":
            tag = self.tr("Not used")
            text += f"\n{capitalised(one.said)}"
        else:
            tag = self.tr("Not a transfer")
        undo = (("undo", self.tr("Undo decision"), partial(self._on_forget, one)),)
        return Line("check" if joined else "close", _moved(one.withdrawal), text, tag, "tag", undo)


def _moved(withdrawal: Transaction) -> str:
    return side_text(withdrawal.amount_out, withdrawal.asset_out)


def _way(withdrawal: Transaction, deposit: Transaction) -> str:
    """ "Coinbase 2025-01-02 10:00 → Ledger 2025-01-02 11:30"."""
    ends = (f"{t.account} {t.time:%Y-%m-%d %H:%M}" for t in (withdrawal, deposit))
    return " → ".join(ends)
