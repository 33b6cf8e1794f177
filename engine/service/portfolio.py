"""The portfolio: importing transactions, taking imports back, what it is worth."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from engine.assistant.tools import TOOLS
from engine.core.cards import Card
from engine.core.clock import Clock
from engine.core.errors import KnownError
from engine.core.events import DataChanged, Event
from engine.core.jobs import Job, JobPool, Progress
from engine.ledger.history import History
from engine.ledger.importers import ImportPreview, preview_import
from engine.ledger.valuation import Valuation
from engine.service.demo import SOURCE, read_demo
from engine.service.view import View
from engine.store.batches import Batch
from engine.store.prices import PriceRepo
from engine.store.transactions import TransactionRepo

_REPORT = ("portfolio_value", "profit_loss")


class PortfolioArea:
    """Real and simulated transactions never stand side by side: the demo goes when those come."""

    def __init__(
        self,
        repo: TransactionRepo,
        prices: PriceRepo,
        view: View,
        jobs: JobPool,
        clock: Clock,
        publish: Callable[[Event], None],
    ) -> None:
        self._repo = repo
        self._prices = prices
        self._view = view
        self._jobs = jobs
        self._clock = clock
        self._publish = publish

    def preview(self, path: Path, account: str | None = None) -> Job[ImportPreview]:
        """Dry run of an import; account: its name, the source's name if None."""

        def read(progress: Progress) -> ImportPreview:
            existing, clock = self._repo.existing_hashes, self._clock
            return self._warned(preview_import(path, existing, clock, account, progress.step))

        return self._jobs.submit(f"Reading {path.name}", read)

    def confirm(self, preview: ImportPreview) -> Job[int]:
        """Store the rows of a dry run; gives the number of the import, or KnownError.

        Once begun it is not stopped: what was confirmed is stored, and can be taken back.
        """

        def store(progress: Progress) -> int:
            batch_id = self._repo.add_batch(
                preview.source,
                preview.file_name,
                preview.file_hash,
                preview.rows,
                simulated=False,
                replace_simulated=True,
                step=progress.report,
            )
            self._changed()
            return batch_id

        return self._jobs.submit(f"Storing {preview.file_name}", store)

    def undo(self, batch_id: int) -> None:
        """Take an import back; KnownError if there is none. Of the demo everything goes."""
        if any(batch.id == batch_id and batch.simulated for batch in self.batches()):
            self._repo.delete_simulated()
        else:
            self._repo.undo(batch_id)
        self._changed()

    def batches(self) -> list[Batch]:
        """All imports of transactions, newest first."""
        return self._repo.batches()

    def valuation(self) -> Valuation:
        """Holdings and values now; KnownError without a portfolio."""
        return self._view.context().valuation()

    def history(self) -> History:
        """Value and flows day by day since the first transaction; KnownError without one."""
        context = self._view.context()
        return context.history(context.first_day, context.today)

    def report(self) -> tuple[Card, ...]:
        """Holdings, value and gains as cards; KnownError without a portfolio."""
        context = self._view.context()
        return tuple(card for name in _REPORT for card in TOOLS[name].run(context, {}).cards)

    def load_demo(self) -> None:
        """Load the simulated portfolio and its prices; KnownError if there is a real one."""
        context = self._view.context()
        if context.transactions and not context.simulated:
            raise KnownError(
                "Your own transactions are loaded, and the demo must not mix with them.",
                "Take your imports back first.",
            )
        demo = read_demo(context.today)
        self._repo.delete_simulated()
        # The prices first: cut off in between, there is no portfolio instead of a worthless one.
        self._prices.add_batch(SOURCE, "prices.csv", demo.prices, simulated=True)
        self._repo.add_batch(
            SOURCE, "transactions.csv", demo.file_hash, demo.transactions, simulated=True
        )
        self._changed()

    def remove_demo(self) -> None:
        """Remove everything simulated; harmless if there is nothing."""
        self._repo.delete_simulated()
        self._changed()

    def has_data(self) -> bool:
        """Whether there are any transactions, real or simulated."""
        return bool(self._view.context().transactions)

    def is_simulated(self) -> bool:
        """Whether the portfolio is the demo."""
        return any(batch.simulated for batch in self.batches())

    def _warned(self, preview: ImportPreview) -> ImportPreview:
        """The preview with a word on the demo, which goes, and on a file stored before."""
        if not preview.rows:
            return preview
        warnings = list(preview.warnings)
        if self.is_simulated():
            warnings.append("The demo portfolio is removed when these rows are stored.")
        before = self._repo.import_of(preview.file_hash)
        if before is not None:
            warnings.append(
                f"The same file is stored as import {before}; under another account name its rows "
                "would count twice."
            )
        return replace(preview, warnings=tuple(warnings))

    def _changed(self) -> None:
        # Simulated prices come and go with the demo, and alerts on them go with it.
        self._publish(DataChanged(frozenset({"transactions", "prices", "alerts"})))
