"""What can be downloaded: by its id in the catalogue or by its place on the Hub."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from engine.core.errors import KnownError
from engine.model.catalogue import CatalogueEntry
from engine.model.download.download import Wanted
from engine.model.download.files import DownloadState
from engine.model.download.hub_file import Place

_FOREIGN = re.compile(r"([^/@]+/[^/@]+)/([^@]+)(?:@(.+))?")


@dataclass(frozen=True, slots=True)
class Offer:
    """What a file on the Hub is, before it is fetched.

    size: bytes; sha256: as the catalogue or the Hub has it, "" if neither; pinned: the catalogue
    does; memory: bytes it needs with 4,096 tokens, available: those there are, 0 where either is
    not known; free: disk space; added: the number it has here already, or None; notice: what
    could not be found out, or "".
    """

    name: str
    repo: str
    file: str
    licence: str
    size: int
    sha256: str
    pinned: bool
    architecture: str
    quantization: str
    memory: int
    available: int
    free: int
    added: int | None
    notice: str


def wanted_file(which: str, entries: Iterable[CatalogueEntry]) -> Wanted:
    """The file of an id, or of OWNER/NAME/FILE.gguf with @REVISION if need be. KnownError."""
    entry = next((one for one in entries if one.id == which), None)
    if entry is not None:
        if entry.repo is None or entry.file is None:
            raise KnownError(f"There is no file of {entry.name} to download.", entry.note)
        return Wanted(_place(entry), entry.name, entry.id, entry.sha256, entry.size)
    match = _FOREIGN.fullmatch(which)
    if match is None:
        raise KnownError(
            f"There is no model {which!r} in the catalogue.",
            "List it, or name a file on the Hub as OWNER/NAME/FILE.gguf.",
        )
    place = Place(match[1], match[2], match[3] or "main")
    if not place.file.lower().endswith(".gguf"):
        raise KnownError(f"{place.file} is no GGUF file.", "Its name ends in .gguf.")
    return Wanted(place, place.file.rpartition("/")[2].rpartition(".")[0])


def begun_file(state: DownloadState, entries: Iterable[CatalogueEntry]) -> Wanted:
    """What a part on the disk is of: as the catalogue has it, if it still does."""
    place = Place(state.repo, state.file, state.revision)
    for entry in entries:
        if entry.can_be_fetched and _place(entry) == place:
            return Wanted(place, entry.name, entry.id, entry.sha256, entry.size)
    return Wanted(place, state.name)


def _place(entry: CatalogueEntry) -> Place:
    return Place(str(entry.repo), str(entry.file), entry.revision)
