"""The transactions themselves: listing and changing them, transfers, cost basis, export."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path

from engine.core.clock import Clock
from engine.core.errors import KnownError
from engine.core.events import DataChanged, Event
from engine.core.jobs import Job, JobPool, Progress
from engine.core.records import Transaction
from engine.ledger import basis_settings
from engine.ledger.entry import checked
from engine.ledger.export import export_transactions
from engine.ledger.methods import CostBasis
from engine.ledger.reconcile import Balance, reconcile
from engine.ledger.selection import Selection
from engine.ledger.transfers import Candidate, Decision, decisions
from engine.service.view import View
from engine.store.documents import DocumentRepo
from engine.store.edits import Change, EditRepo
from engine.store.pairs import Pair, PairRepo


class LedgerArea:
    """Every change is stored at once and told as DataChanged("transactions")."""

    def __init__(
        self,
        edits: EditRepo,
        pairs: PairRepo,
        documents: DocumentRepo,
        view: View,
        jobs: JobPool,
        clock: Clock,
        publish: Callable[[Event], None],
    ) -> None:
        self._edits = edits
        self._pairs = pairs
        self._documents = documents
        self._view = view
        self._jobs = jobs
        self._clock = clock
        self._publish = publish

    def transactions(
        self,
        text: str = "",
        *,
        kind: str = "",
        asset: str = "",
        account: str = "",
        period: str | None = None,
        tag: str = "",
    ) -> list[Transaction]:
        """The transactions that fit all that is asked for, newest first.

        period: as in questions, "2025" or "30d", None for all. Raises KnownError for one that is
        none.
        """
        context = self._view.context()
        start, end, _ = context.window(period) if period else (None, None, "")
        chosen = Selection(text, kind, asset, account, tag, start, end)
        return chosen.of(reversed(context.transactions))

    def add(self, transaction: Transaction) -> int:
        """Store a transaction that the user has typed; returns its id.

        Raises KnownError if it cannot be, or beside the demo.
        """
        if self._view.context().simulated:
            raise KnownError(
                "The demo portfolio is loaded, and your own transactions must not mix with it.",
                "Remove the demo first.",
            )
        row_id = self._edits.add(checked(transaction, self._clock.now()))
        self._changed()
        return row_id

    def edit(self, row_id: int, transaction: Transaction) -> None:
        """Put other values in a transaction's place; KnownError if they cannot be or it is gone."""
        self._edits.edit(row_id, checked(transaction, self._clock.now()))
        self._changed()

    def delete(self, row_id: int) -> None:
        """Delete a transaction; importing its file again does not bring it back. KnownError."""
        self._edits.delete(row_id)
        self._changed()

    def undo(self, change_id: int | None = None) -> Change:
        """Take the last change back and return it.

        change_id: the change that must be the last, None for whichever is. Raises KnownError if
        there is none, if that one is gone, or if others have come after it.
        """
        change = self._edits.undo(change_id)
        self._changed()
        return change

    def changes(self) -> list[Change]:
        """What the user has added, changed and deleted, newest first."""
        return self._edits.history()

    def proposed(self) -> tuple[Candidate, ...]:
        """Withdrawals and deposits that look like one transfer and wait for a decision."""
        return self._view.context().proposed

    def decided(self) -> list[Decision]:
        """What the user has decided of withdrawals and deposits that are there, by time."""
        context = self._view.context()
        return decisions(context.transactions, context.pairs)

    def confirm(self, pair: Pair) -> None:
        """A withdrawal and a deposit are one transfer; KnownError if one is part of another."""
        self._pairs.confirm(pair)
        self._changed()

    def confirm_all(self, pairs: Iterable[Pair]) -> None:
        """The same for many at once; those before one that cannot be are confirmed."""
        try:
            for pair in pairs:
                self._pairs.confirm(pair)
        finally:
            self._changed()

    def reject(self, pair: Pair) -> None:
        """A withdrawal and a deposit have nothing to do with each other."""
        self._pairs.reject(pair)
        self._changed()

    def forget(self, pair: Pair) -> None:
        """Take a decision back; KnownError if there is none."""
        self._pairs.forget(pair)
        self._changed()

    def reconcile(
        self, account: str, stated: Mapping[str, Decimal], day: date | None = None
    ) -> tuple[Balance, ...]:
        """Compare an account with what it really held at the end of a day, today if None.

        stated: amounts by asset. Raises KnownError if no transaction names the account.
        """
        context = self._view.context()
        if account not in context.accounts:
            known = ", ".join(context.accounts) or "none"
            raise KnownError(f"There is no account {account}.", f"Accounts: {known}.")
        return reconcile(context.transactions, account, stated, day or context.today)

    def export(self, path: Path) -> Job[int]:
        """Write all transactions into a new CSV file; gives their number. KnownError."""

        def write(progress: Progress) -> int:
            transactions = self._view.context().transactions
            export_transactions(path, transactions, progress.step)
            return len(transactions)

        return self._jobs.submit(f"Writing {path.name}", write)

    def basis(self) -> CostBasis:
        """How cost is worked out."""
        return self._view.context().basis

    def set_basis(self, basis: CostBasis) -> None:
        """Work cost out in another way from now on, for all years past too."""
        body = basis_settings.basis_to_body(basis)
        self._documents.put("cost_basis", basis_settings.NAME, body)
        self._changed()

    def _changed(self) -> None:
        self._publish(DataChanged(frozenset({"transactions"})))
