"""What a kill leaves half made goes at the next start, and nothing else."""

from collections.abc import Callable

from engine.core.paths import Paths
from engine.service import Service


def test_unfinished_copies_are_removed_when_the_data_folder_is_opened(
    open_service: Callable[..., Service], paths: Paths
) -> None:
    paths.ensure()
    copies = [
        paths.models / ".adding-x1y2",
        paths.root / ".assay-new-a1" / "fresh.db",
        paths.root / ".assay-restore-a1" / "fresh.db",
        paths.backups / ".assay-backup-a1" / "copy.db",
        paths.root / ".assay.key.a1",
    ]
    kept = [
        paths.models / "own.gguf",
        paths.models / ".hidden",
        paths.backups / "schema-1.assay-backup",
        paths.root / "notes.txt",
    ]
    for place in copies + kept:
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(b"x")

    open_service()

    assert [place for place in copies if place.exists()] == []
    assert list(paths.root.glob(".assay-*")) == []
    assert all(place.exists() for place in kept)
    assert paths.key_file.exists()
