"""The models people can get, as listed in resources/catalogue.json."""

import json
from dataclasses import dataclass
from functools import cache

from engine.core.resources import resource

STARTER_ID = "starter"


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """A known model. page: where to get it; url, sha256, size (bytes): of one exact file, None
    where it is not pinned; memory: bytes it needs with 4,096 tokens of context."""

    id: str
    name: str
    file: str
    page: str | None
    url: str | None
    sha256: str | None
    size: int | None
    licence: str
    memory: int
    note: str

    @property
    def pinned(self) -> bool:
        """Whether the exact file is known by its checksum; else the screen says "not pinned"."""
        return self.sha256 is not None


@cache
def catalogue() -> tuple[CatalogueEntry, ...]:
    """All entries, the starter first."""
    entries = json.loads(resource("catalogue.json").read_text(encoding="utf-8"))
    return tuple(CatalogueEntry(**entry) for entry in entries)
