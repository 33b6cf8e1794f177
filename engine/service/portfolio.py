"""The portfolio: importing transactions, taking imports back, what it is worth."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from engine.assistant.tools import TOOLS
from engine.core.cards import Card
from engine.core.clock import Clock
from engine.core.csvfile import clean_text
from engine.core.errors import KnownError
from engine.core.events import DataChanged, Event
from engine.core.jobs import Job, JobPool, Progress
from engine.ledger.history import History
from engine.ledger.importers import ImportPreview, preview_import
from engine.ledger.importers.base import Importer
from engine.ledger.importers.mapped import UNNAMED, importer_of
from engine.ledger.importers.mapping import (
    Mapping,
    checked,
    mapping_from_body,
    mapping_to_body,
    require_columns,
)
from engine.ledger.importers.peek import Peek, column_words, peek
from engine.ledger.importers.suggest import suggest
from engine.ledger.valuation import Valuation
from engine.service.demo import SOURCE, read_demo
from engine.service.view import View
from engine.store.batches import Batch
from engine.store.documents import DocumentRepo
from engine.store.prices import PriceRepo
from engine.store.transactions import TransactionRepo

NAME_LENGTH = 60
"""Characters of a mapping's name that are kept."""

_REPORT = ("portfolio_value", "profit_loss")


class PortfolioArea:
    """Real and simulated transactions never stand side by side: the demo goes when those come."""

    def __init__(
        self,
        repo: TransactionRepo,
        prices: PriceRepo,
        documents: DocumentRepo,
        view: View,
        jobs: JobPool,
        clock: Clock,
        publish: Callable[[Event], None],
    ) -> None:
        self._repo = repo
        self._prices = prices
        self._documents = documents
        self._view = view
        self._jobs = jobs
        self._clock = clock
        self._publish = publish

    def preview(self, path: Path, account: str | None = None) -> Job[ImportPreview]:
        """Dry run of an import; account: its name, the source's name if None."""

        def importers() -> list[Importer]:
            return [importer_of(mapping, name) for name, mapping in self.mappings().items()]

        return self._read(path, account, importers)

    def peek(self, path: Path) -> Peek:
        """The columns and the first rows of a file of any format; KnownError if it has none."""
        return peek(path)

    def column_words(self, path: Path, column: str) -> Job[tuple[str, ...]]:
        """The different words of one column, for the kinds they stand for; KnownError."""
        return self._jobs.submit(
            f"Reading {path.name}", lambda progress: column_words(path, column, progress.step)
        )

    def suggest_mapping(self, seen: Peek) -> Mapping:
        """What the columns probably mean; it need not be complete."""
        return suggest(seen.columns, seen.rows)

    def preview_mapped(
        self, path: Path, mapping: Mapping, account: str | None = None
    ) -> Job[ImportPreview]:
        """Dry run of an import by a mapping; KnownError if it is incomplete or for other files."""

        def importers() -> list[Importer]:
            names = (name for name, one in self.mappings().items() if one == mapping)
            importer = importer_of(mapping, next(names, UNNAMED))
            require_columns(mapping, peek(path).columns, path.name)
            return [importer]

        return self._read(path, account, importers)

    def save_mapping(self, name: str, mapping: Mapping) -> None:
        """From now on files with these columns are read so, before all other formats.

        It takes the place of a mapping of that name. KnownError if it is incomplete.
        """
        title = clean_text(name, NAME_LENGTH)
        if not title:
            raise KnownError("The mapping has no name.", "Give it one.")
        self._documents.put("importer", title, mapping_to_body(checked(mapping)))
        self._publish(DataChanged(frozenset({"documents"})))

    def mappings(self) -> dict[str, Mapping]:
        """The user's mappings by name."""
        stored = self._documents.all("importer")
        return {name: mapping_from_body(body) for name, body in stored.items()}

    def delete_mapping(self, name: str) -> None:
        """Forget a mapping; what was imported by it stays. KnownError if there is none."""
        self._documents.delete("importer", name)
        self._publish(DataChanged(frozenset({"documents"})))

    def _read(
        self, path: Path, account: str | None, importers: Callable[[], list[Importer]]
    ) -> Job[ImportPreview]:
        def read(progress: Progress) -> ImportPreview:
            existing, clock = self._repo.existing_hashes, self._clock
            return self.warned(
                preview_import(path, existing, clock, account, progress.step, importers())
            )

        return self._jobs.submit(f"Reading {path.name}", read)

    def confirm(self, preview: ImportPreview) -> Job[int]:
        """Store the rows of a dry run; gives the number of the import, or KnownError.

        Cancelled, nothing of it is stored; stored, it can be taken back.
        """

        def store(progress: Progress) -> int:
            batch_id = self._repo.add_batch(
                preview.source,
                preview.file_name,
                preview.file_hash,
                preview.rows,
                simulated=False,
                replace_simulated=True,
                step=progress.step,
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

    def valuation(self, account: str | None = None) -> Valuation:
        """Holdings and values now, of one account or all; KnownError without a portfolio."""
        return self._view.context().valuation(account=account)

    def accounts(self) -> tuple[str, ...]:
        """The names of all accounts."""
        return self._view.context().accounts

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
        # Rows that the user has deleted can come back as well.
        if any(not batch.simulated for batch in self.batches()):
            raise KnownError(
                "Your own transactions are loaded, and the demo must not mix with them.",
                "Take your imports back first.",
            )
        demo = read_demo(self._clock.today())
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

    def warned(self, preview: ImportPreview) -> ImportPreview:
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
