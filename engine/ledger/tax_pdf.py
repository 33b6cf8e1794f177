"""A tax year as a PDF file."""

from engine.ledger.tax_report import TaxReport


def tax_pdf(report: TaxReport) -> bytes:
    """The report on A4 pages in landscape; the same report gives the same bytes on one computer.

    The fonts are DejaVu Sans where it is installed, so that names in most scripts can be read, else
    Helvetica.
    """
    from engine.ledger.tax_pages import pages  # noqa: PLC0415  (reportlab is slow to load)

    return pages(report)
