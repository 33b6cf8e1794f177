"""What importing a file of measured values would store: yields, sentiment."""

from dataclasses import dataclass

from engine.core.csvfile import RefusedRow
from engine.market.files.tables import FileFacts, FilePreview
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
    days = sorted({row.day for row in rows})
    return MeasurementPreview(
        file_name=file.name,
        file_hash=file.sha256,
        what=file.what,
        unit=file.unit,
        first=days[0] if days else None,
        last=days[-1] if days else None,
        refused=refused,
        warnings=warnings,
        topic=topic,
        rows=rows,
        names=tuple(sorted({row.name for row in rows})),
    )
