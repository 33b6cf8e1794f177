"""Changes of transactions by hand, each with a way back."""

from collections.abc import Callable
from threading import Lock
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from desktop.portfolio.part import Desk
from desktop.portfolio.transaction_rows import summary

if TYPE_CHECKING:
    from engine.service import Change, LedgerArea


class Changes(QObject):
    """Makes changes and takes them back; only the last one can be."""

    def __init__(self, desk: Desk, owner: QWidget) -> None:
        super().__init__(owner)
        self._desk = desk
        # What is newest after a change must be that change: two clicks run side by side.
        self._one_at_a_time = Lock()

    def make(
        self,
        change: Callable[[], object],
        said: str,
        done: Callable[[], object] = lambda: None,
        failed: Callable[[str], object] | None = None,
    ) -> None:
        """Make a change, say so and offer to undo it. failed: gets the reason if it cannot be."""
        ledger = self._desk.service.ledger

        def work() -> int | None:
            with self._one_at_a_time:
                before = _newest(ledger)
                change()
                now = _newest(ledger)
            return None if now == before else now

        def after(change_id: int | None) -> None:
            done()
            # None: what was saved is what was there.
            if change_id is not None:
                undo = (self.tr("Undo"), lambda: self.undo(change_id))
                self._desk.toasts.show(said, undo)

        self._desk.bridge.run(work, after, failed, owner=self)

    def undo(self, change_id: int, done: Callable[[], object] = lambda: None) -> None:
        """Take a change back, if none has come after it."""
        ledger = self._desk.service.ledger

        def work() -> "Change":
            with self._one_at_a_time:
                return ledger.undo(change_id)

        def after(change: "Change") -> None:
            done()
            self._desk.toasts.show(self.tr("Undone: {}").format(described(change)))

        self._desk.bridge.run(work, after, owner=self)


def _newest(ledger: "LedgerArea") -> int | None:
    """The number of the last change."""
    changes = ledger.changes()
    return changes[0].id if changes else None


def described(change: "Change") -> str:
    """What was changed, in a few words."""
    transaction = change.after or change.before
    return summary(transaction) if transaction is not None else ""
