"""Tax years: which there are, and their reports as files."""

from collections.abc import Callable
from pathlib import Path

from engine.assistant.analyses.tax_year import report_of
from engine.core.errors import KnownError
from engine.core.files import create_atomic
from engine.core.jobs import Job, JobPool, Progress
from engine.ledger.tax_csv import tax_csv
from engine.ledger.tax_pdf import tax_pdf
from engine.ledger.tax_report import TaxReport, tax_years
from engine.service.view import View


class TaxArea:
    """The reports themselves are the analysis `tax_year`; here they become files."""

    def __init__(self, view: View, jobs: JobPool) -> None:
        self._view = view
        self._jobs = jobs

    def years(self) -> tuple[int, ...]:
        """The tax years with transactions, by the year they start in, the newest first."""
        context = self._view.context()
        return tax_years(context.linked, context.basis)

    def save_csv(self, year: int, path: Path) -> Job[Path]:
        """Write every row of a year into a new CSV file. KnownError, also if the file is there."""
        return self._save(year, path, lambda report: tax_csv(report).encode())

    def save_pdf(self, year: int, path: Path) -> Job[Path]:
        """Write a year's report with its method into a new PDF file. KnownError as above."""
        return self._save(year, path, tax_pdf)

    def _save(self, year: int, path: Path, form: Callable[[TaxReport], bytes]) -> Job[Path]:
        def write(progress: Progress) -> Path:
            progress.check()
            data = form(report_of(self._view.context(), year))
            progress.check()
            if not create_atomic(path, data):
                raise KnownError(f"There already is a file {path.name}.", "Choose another name.")
            return path

        return self._jobs.submit(f"Writing {path.name}", write)
