"""Market data: importing it and taking it back, what is stored, and how good it is."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np

from engine.analytics.correlation import Correlation
from engine.analytics.sentiment import next_day_correlation
from engine.core.clock import Clock
from engine.core.errors import KnownError
from engine.core.events import DataChanged, Event
from engine.core.jobs import Job, JobPool, Progress
from engine.core.records import PricePoint
from engine.market import sentimentfile
from engine.market.anyfile import Preview, preview_file
from engine.market.files.tables import Given
from engine.market.manual import entered_price
from engine.market.nftfile import SalePreview
from engine.market.prices import PricePreview, preview_prices
from engine.market.quality import Quality, examine
from engine.market.resample import Candle, Span, resample
from engine.market.series import PriceBook
from engine.service.settings import Settings
from engine.store.batches import Batch, BatchKind
from engine.store.measurements import MeasurementRepo
from engine.store.nft_sales import CollectionInfo, NftSaleRepo
from engine.store.prices import PriceRepo, SeriesInfo


class MarketArea:
    """Prices, yields, sentiment and NFT sales; everything that changes them says "prices"."""

    def __init__(
        self,
        prices: PriceRepo,
        measurements: MeasurementRepo,
        sales: NftSaleRepo,
        book: PriceBook,
        settings: Settings,
        jobs: JobPool,
        clock: Clock,
        publish: Callable[[Event], None],
    ) -> None:
        self._prices = prices
        self._measurements = measurements
        self._sales = sales
        self._book = book
        self._settings = settings
        self._jobs = jobs
        self._clock = clock
        self._publish = publish
        self._repos: dict[BatchKind, PriceRepo | MeasurementRepo | NftSaleRepo] = {
            "prices": prices,
            "measurements": measurements,
            "nft_sales": sales,
        }

    def preview_file(
        self, path: Path, asset: str | None = None, currency: str | None = None
    ) -> Job[Preview]:
        """Dry run of importing a file of any kind of market data; its content says which.

        asset: whose data they are (an asset, a pool, a collection), where the file does not say.
        currency: of prices; that of the settings if None, except for NFT sales.
        """
        given = Given(asset, currency, self._settings.text("currency"))
        return self._jobs.submit(
            f"Reading {path.name}",
            lambda progress: preview_file(
                path, given, self._sales.existing_hashes, self._clock.now(), progress.step
            ),
        )

    def preview_prices(
        self, path: Path, asset: str | None = None, currency: str | None = None
    ) -> Job[PricePreview]:
        """The same for a file that must hold prices."""
        unit = currency or self._settings.text("currency")
        return self._jobs.submit(
            f"Reading {path.name}",
            lambda progress: preview_prices(path, unit, asset, self._clock, progress.step),
        )

    def confirm(self, preview: Preview) -> Job[int]:
        """Store the rows of a dry run; gives the number of the import, or KnownError."""

        def store(progress: Progress) -> int:
            name, step = preview.file_name, progress.report
            if isinstance(preview, PricePreview):
                batch_id = self._prices.add_batch("prices", name, preview.rows, step=step)
            elif isinstance(preview, SalePreview):
                rows, sha256 = preview.rows, preview.file_hash
                batch_id = self._sales.add_batch("NFT sales", name, rows, sha256, step)
            else:
                batch_id = self._measurements.add_batch(preview.topic, name, preview.rows, step)
            self._changed()
            return batch_id

        return self._jobs.submit(f"Storing {preview.file_name}", store)

    def undo(self, batch_id: int) -> None:
        """Take an import back, of any kind of market data; KnownError if there is none."""
        kind: BatchKind = next(
            (kind for kind, one in self.imports() if one.id == batch_id), "prices"
        )
        self._repos[kind].undo(batch_id)
        self._changed()

    def batches(self) -> list[Batch]:
        """All imports of prices, newest first."""
        return self._prices.batches()

    def imports(self) -> list[tuple[BatchKind, Batch]]:
        """All imports of market data with their kinds, newest first."""
        found = [(kind, one) for kind, repo in self._repos.items() for one in repo.batches()]
        return sorted(found, key=lambda pair: pair[1].id, reverse=True)

    def series(self) -> list[SeriesInfo]:
        """All stored price series."""
        return self._prices.series_list()

    def collections(self) -> list[CollectionInfo]:
        """The NFT collections that have sales."""
        return self._sales.collections()

    def history(self, asset: str, currency: str | None = None) -> list[PricePoint]:
        """The prices of one stored series that count, by day; KnownError if there are none."""
        unit = currency or self._settings.text("currency")
        points = self._prices.series(asset, unit)
        if not points:
            raise KnownError(
                f"There are no stored {unit} prices of {asset}.",
                "Import its price history; `assay series` lists what is there.",
            )
        return points

    def quality(self, asset: str, currency: str | None = None) -> Quality:
        """Gaps, outliers and other doubts of one stored series; KnownError if there is none."""
        return examine(self.history(asset, currency), self._clock.today())

    def qualities(self) -> Job[dict[tuple[str, str], Quality]]:
        """The same for all stored series, by asset and currency."""

        def work(progress: Progress) -> dict[tuple[str, str], Quality]:
            found = {}
            stored, today = self.series(), self._clock.today()
            for number, one in enumerate(stored):
                progress.step(number / len(stored), one.asset)
                points = self._prices.series(one.asset, one.currency)
                if points:
                    found[one.asset, one.currency] = examine(points, today)
            return found

        return self._jobs.submit("Examining prices", work)

    def candles(self, asset: str, span: Span, currency: str | None = None) -> tuple[Candle, ...]:
        """One stored series by week or month; KnownError if there is none."""
        return resample(self.history(asset, currency), span)

    def sentiment(self, asset: str, currency: str | None = None) -> Correlation:
        """The correlation of a day's sentiment with the asset's return of the next day.

        Of the asset's own sentiment or else the market's. Raises KnownError.
        """
        today, unit = self._clock.today(), currency or self._settings.text("currency")
        for name in (asset, sentimentfile.MARKET):
            rows = self._measurements.series(sentimentfile.TOPIC, name, sentimentfile.FIELD)
            if rows:
                closes = self._book.closes(asset, unit, date.min, today)
                scores = np.array([float(row.value) for row in rows])
                return next_day_correlation([row.day for row in rows], scores, *closes)
        raise KnownError(
            f"There is no sentiment stored, neither of {asset} nor of the market.",
            "Import a file of dated texts or scores.",
        )

    def add_price(self, asset: str, day: date, price: Decimal, currency: str | None = None) -> int:
        """Enter a price, or the rate of a currency; it counts before all imports.

        Gives the number of the import that holds everything entered. Raises KnownError.
        """
        unit = currency or self._settings.text("currency")
        point = entered_price(asset, unit, day, price, self._clock.today())
        batch_id = self._prices.add_user([point])
        self._changed()
        return batch_id

    def delete_price(self, asset: str, day: date, currency: str | None = None) -> None:
        """Take an entered price back; KnownError if there is none."""
        self._prices.delete_user(asset, currency or self._settings.text("currency"), day)
        self._changed()

    def _changed(self) -> None:
        self._publish(DataChanged(frozenset({"prices"})))
