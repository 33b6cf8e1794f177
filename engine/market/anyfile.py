"""Which kind of market data a file holds, told by its content, and its dry run."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal

from engine.core.steps import Step
from engine.market import nftfile, prices, sentimentfile, yieldfile
from engine.market.files.saved import saved_prices
from engine.market.files.tables import Columns, Given, open_file
from engine.market.measurements import MeasurementPreview
from engine.market.nftfile import SalePreview
from engine.market.prices import PricePreview

Kind = Literal["prices", "yields", "sentiment", "nft_sales"]
Preview = PricePreview | MeasurementPreview | SalePreview

FORMATS = " ".join(one.FORMATS for one in (prices, yieldfile, sentimentfile, nftfile))

# Sales have a date and a price too, so they are looked for before prices.
_KINDS: tuple[tuple[Kind, Callable[[tuple[str, ...]], Columns | None]], ...] = (
    ("nft_sales", nftfile.sale_columns),
    ("yields", yieldfile.yield_columns),
    ("prices", prices.price_columns),
    ("sentiment", sentimentfile.sentiment_columns),
)


def preview_file(
    path: Path,
    given: Given,
    existing: Callable[[Sequence[str]], set[str]],
    now: datetime,
    step: Step,
) -> Preview:
    """Dry run of importing a file of prices, yields, sentiment or NFT sales.

    given: what the user says where the file does not. existing: those of some hashes of sales
    that are stored. Raises KnownError if the file cannot be used.
    """
    file = open_file(path)
    form = saved_prices(file.data)
    if form is not None:
        return prices.read_saved_prices(file, form, given, now)
    table = file.table(_match, FORMATS)
    kind, columns = table.kind
    if kind == "nft_sales":
        return nftfile.read_sales(table, columns, given, existing, now, step)
    if kind == "yields":
        return yieldfile.read_yields(table, columns, given, now, step)
    if kind == "sentiment":
        return sentimentfile.read_sentiment(table, columns, given, now, step)
    return prices.read_prices(table, columns, given, now, step)


def _match(columns: tuple[str, ...]) -> tuple[Kind, Columns] | None:
    for kind, match in _KINDS:
        found = match(columns)
        if found is not None:
            return kind, found
    return None
