"""Tax years and their files, on a real store."""

import csv
from pathlib import Path

import pytest

from engine.core.errors import KnownError
from engine.service import Service
from tests.engine.service.conftest import HEADER, take


@pytest.fixture
def sold(service: Service, tmp_path: Path) -> Service:
    """One coin bought for 100 in 2025 and sold for 150 in 2026."""
    path = tmp_path / "trades.csv"
    path.write_text(
        HEADER
        + "2025-01-05 10:00:00,buy,Kraken,BTC,1,USD,100,,,,,,\n"
        + "2026-02-05 10:00:00,sell,Kraken,USD,150,BTC,1,,,,,,\n"
    )
    take(service, path)
    return service


def test_years_are_the_newest_first(service: Service, sold: Service) -> None:
    assert sold.tax.years() == (2026, 2025)


def test_no_years_without_transactions(service: Service) -> None:
    assert service.tax.years() == ()


def test_files_of_a_year(sold: Service, tmp_path: Path) -> None:
    path = sold.tax.save_csv(2026, tmp_path / "2026.csv").future.result()
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert "50" in [row["Gain"] for row in rows if row["Section"] == "disposal"]
    pdf = sold.tax.save_pdf(2026, tmp_path / "2026.pdf").future.result()
    assert pdf.read_bytes().startswith(b"%PDF-")


def test_a_file_that_is_there_stays(sold: Service, tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("mine")
    with pytest.raises(KnownError, match="already is a file"):
        sold.tax.save_csv(2026, path).future.result()
    assert path.read_text() == "mine"


def test_a_year_before_everything_is_refused(sold: Service, tmp_path: Path) -> None:
    with pytest.raises(KnownError, match="tax year 2019"):
        sold.tax.save_pdf(2019, tmp_path / "2019.pdf").future.result()
    assert not (tmp_path / "2019.pdf").exists()
