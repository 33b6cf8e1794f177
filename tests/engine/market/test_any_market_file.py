"""Which kind of market data a file holds is told by its columns; hostile files are one sentence."""

import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from engine.core.errors import KnownError
from engine.core.steps import unwatched
from engine.market.anyfile import preview_file
from engine.market.files.tables import Given
from engine.market.measurements import MeasurementPreview
from engine.market.nftfile import SalePreview
from engine.market.prices import PricePreview
from tests.engine.market.market_file import NOW, looked_at, none_stored


@pytest.mark.parametrize(
    ("columns", "row", "kind"),
    [
        ("date,price,symbol", "2024-03-01,1,BTC", PricePreview),
        ("date,close,symbol,sentiment", "2024-03-01,1,BTC,1", PricePreview),
        ("date,apy,pool", "2024-03-01,1,P", MeasurementPreview),
        ("date,apy,symbol,price", "2024-03-01,1,P,1", MeasurementPreview),
        ("date,text", "2024-03-01,fine", MeasurementPreview),
        ("date,token id,price,collection,currency", "2024-03-01,1,1,Punks,ETH", SalePreview),
    ],
)
def test_the_columns_say_it(tmp_path: Path, columns: str, row: str, kind: type) -> None:
    as_csv = looked_at(tmp_path, f"{columns}\n{row}\n")
    record = dict(zip(columns.split(","), row.split(","), strict=True))
    as_json = looked_at(tmp_path, [record])
    path = tmp_path / "data.parquet"
    parquet.write_table(pa.table({name: [value] for name, value in record.items()}), path)
    as_parquet = preview_file(path, Given(None, None, "USD"), none_stored, NOW, unwatched)
    for preview in (as_csv, as_json, as_parquet):
        assert type(preview) is kind
    assert as_csv.rows == as_json.rows == as_parquet.rows


def test_a_saved_reply_is_known(tmp_path: Path) -> None:
    preview = looked_at(tmp_path, {"prices": [[1709251200000, 5]]}, asset="BTC")
    assert (type(preview), preview.what) == (PricePreview, "CoinGecko market_chart")


def test_what_no_kind_has_names_all_formats(tmp_path: Path) -> None:
    with pytest.raises(KnownError, match="has the columns a, b") as error:
        looked_at(tmp_path, "a,b\n1,2\n")
    for word in ("price file", "yields", "sentiment", "NFT sales"):
        assert word in error.value.hint


@pytest.mark.skipif(os.name == "nt", reason="there are no pipes in folders there")
def test_what_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "empty").touch()
    for name, reason in (
        ("pipe", "is not a file"),
        (".", "is not a file"),
        ("empty", "is empty"),
        ("gone", "does not exist"),
    ):
        with pytest.raises(KnownError, match=reason):
            preview_file(tmp_path / name, Given(), none_stored, NOW, unwatched)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    | st.sampled_from(["2024-03-01", "BTC", 1709251200000]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from(["prices", "data", "error", "result", "date", "close", "apy", "pool",
                         "score", "collection", "token", "price", "traits", "symbol", "x"]),
        inner, max_size=6),
    max_leaves=25,
)  # fmt: skip


@given(JSON)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
def test_any_json_gives_a_preview_or_a_sentence(tmp_path: Path, data: Any) -> None:
    try:
        preview = looked_at(tmp_path, data, "BTC", "USD")
    except KnownError:
        return
    assert len(preview.rows) + len(preview.refused) + len(preview.warnings) > 0
