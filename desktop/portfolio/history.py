"""What has been added, changed and deleted by hand, the newest of which can be taken back."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QWidget

from desktop.portfolio.changes import Changes, described
from desktop.portfolio.kinds import income_name, kind_name
from desktop.portfolio.part import Desk
from desktop.portfolio.transaction_rows import (
    account_text,
    fee_text,
    received_text,
    sent_text,
    worth_text,
)
from desktop.safetext import label
from desktop.widgets.buttons import button
from desktop.widgets.layout import column, row
from desktop.widgets.listing import Line, Listing
from desktop.widgets.scroll import ScrollColumn
from desktop.widgets.tiles import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.service import Change

_SIZE = (640, 520)
_SHOWN = 200
_ICONS = {"add": "plus", "edit": "pencil", "delete": "trash"}


class HistoryDialog(QDialog):
    """The changes, newest first."""

    def __init__(self, desk: Desk, parent: QWidget, changes: Changes) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("History of changes"))
        self.resize(*_SIZE)
        self._desk = desk
        self._changes = changes
        self.listing = Listing(
            self.windowTitle(), self.tr("No transaction has been changed by hand.")
        )
        scroll = ScrollColumn(self.windowTitle(), _SIZE[0], gap=0, margin=0)
        scroll.column.addWidget(self.listing)
        scroll.column.addStretch(1)
        close = button(self.tr("Close"), self.accept, kind="primary")
        lines = column(
            label(self.windowTitle(), "title"),
            label(self.tr("Changes are taken back one after the other, newest first."), "muted"),
            4,
            gap=4,
            margins=(24, 20, 24, 20),
        )
        lines.addWidget(scroll, 1)
        lines.addLayout(row(None, close))
        self.setLayout(lines)
        self.load()

    def load(self) -> None:
        """Read the changes."""
        self._desk.bridge.run(self._desk.service.ledger.changes, self._show, owner=self)

    def _show(self, changes: "Sequence[Change]") -> None:
        shown = changes[:_SHOWN]
        self.listing.show_lines(
            [self._line(change, first=number == 0) for number, change in enumerate(shown)]
        )

    def _line(self, change: "Change", first: bool) -> Line:
        words = {
            "add": self.tr("Added"),
            "edit": self.tr("Changed"),
            "delete": self.tr("Deleted"),
        }
        made = f"{words[change.action]} {change.made:%Y-%m-%d %H:%M} UTC"
        text = f"{made} · {_where(change)}"
        differences = self._differences(change)
        if differences:
            text += f"\n{differences}"
        undo = (("", self.tr("Undo"), lambda: self._changes.undo(change.id, self.load)),)
        return Line(_ICONS[change.action], described(change), text, actions=undo if first else ())

    def _differences(self, change: "Change") -> str:
        """What an edited one was before: "Note: – → rent"."""
        before, after = change.before, change.after
        if before is None or after is None:
            return ""
        texts = (
            (self.tr("Kind"), kind_name(before.kind), kind_name(after.kind)),
            (
                self.tr("Time"),
                f"{before.time:%Y-%m-%d %H:%M:%S}",
                f"{after.time:%Y-%m-%d %H:%M:%S}",
            ),
            (self.tr("Account"), account_text(before), account_text(after)),
            (self.tr("Sent"), sent_text(before), sent_text(after)),
            (self.tr("Received"), received_text(before), received_text(after)),
            (self.tr("Fee"), fee_text(before), fee_text(after)),
            (self.tr("Worth"), worth_text(before), worth_text(after)),
            (self.tr("Income"), income_name(before.income_kind), income_name(after.income_kind)),
            (self.tr("Tag"), before.tag, after.tag),
            (self.tr("Note"), before.note, after.note),
        )
        return "; ".join(
            f"{name}: {was or UNKNOWN} → {now or UNKNOWN}" for name, was, now in texts if was != now
        )


def _where(change: "Change") -> str:
    """Where and when it happened."""
    transaction = change.after or change.before
    assert transaction is not None
    return f"{account_text(transaction)}, {transaction.time:%Y-%m-%d %H:%M}"
