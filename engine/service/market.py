"""Price history: importing it and taking it back."""

from collections.abc import Callable
from pathlib import Path

from engine.core.clock import Clock
from engine.core.events import DataChanged, Event
from engine.core.jobs import Job, JobPool, Progress
from engine.market.prices import PricePreview, preview_prices
from engine.service.settings import Settings
from engine.store.batches import Batch
from engine.store.prices import PriceRepo


class MarketArea:
    """Imports of daily prices."""

    def __init__(
        self,
        repo: PriceRepo,
        settings: Settings,
        jobs: JobPool,
        clock: Clock,
        publish: Callable[[Event], None],
    ) -> None:
        self._repo = repo
        self._settings = settings
        self._jobs = jobs
        self._clock = clock
        self._publish = publish

    def preview_prices(
        self, path: Path, asset: str | None = None, currency: str | None = None
    ) -> Job[PricePreview]:
        """Dry run of a price import.

        asset, currency: used where the file names none; the currency of the settings if None.
        """
        unit = currency or self._settings.text("currency")
        return self._jobs.submit(
            f"Reading {path.name}",
            lambda progress: preview_prices(path, unit, asset, self._clock, progress.step),
        )

    def confirm_prices(self, preview: PricePreview) -> Job[int]:
        """Store the prices of a dry run; gives the number of the import, or KnownError."""

        def store(progress: Progress) -> int:
            name, rows = preview.file_name, preview.rows
            batch_id = self._repo.add_batch("prices", name, rows, step=progress.report)
            self._changed()
            return batch_id

        return self._jobs.submit(f"Storing {preview.file_name}", store)

    def undo(self, batch_id: int) -> None:
        """Take an import back; KnownError if there is none."""
        self._repo.undo(batch_id)
        self._changed()

    def batches(self) -> list[Batch]:
        """All imports of prices, newest first."""
        return self._repo.batches()

    def _changed(self) -> None:
        self._publish(DataChanged(frozenset({"prices"})))
