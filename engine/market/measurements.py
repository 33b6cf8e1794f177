"""What importing a file of measured values would store: yields, sentiment."""

from dataclasses import dataclass

from engine.core.csvfile import RefusedRow
from engine.market.files.tables import FileFacts, FilePreview, first_and_last
from engine.store.measurements import Measurement


@dataclass(frozen=True, slots=True)
class MeasurementPreview(FilePreview):
    """Values of one topic; names: whose they are."""

    topic: str
    rows: tuple[Measurement, ...]
    names: tuple[str, ...]


def measurement_preview(
    file: FileFacts,
    topic: str,
    rows: tuple[Measurement, ...],
    refused: tuple[RefusedRow, ...],
    warnings: tuple[str, ...],
) -> MeasurementPreview:
    """The preview of rows of one topic."""
    first, last = first_and_last(row.day for row in rows)
    return MeasurementPreview(
        file_name=file.name,
        file_hash=file.sha256,
        what=file.what,
        unit=file.unit,
        first=first,
        last=last,
        refused=refused,
        warnings=warnings,
        topic=topic,
        rows=rows,
        names=tuple(sorted({row.name for row in rows})),
    )
