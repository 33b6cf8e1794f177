"""A model on the Hub: what it is, from its small files, and all of its files fetched.

Only JSON, the template, the model card and .safetensors files are ever asked for; what a file is
called here is what was asked for, and the commit that was looked at is the one that is fetched.
"""

import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from engine.builds.checkpoint import (
    CARD,
    CONFIG,
    INDEX,
    LARGEST_JSON,
    OPTIONAL,
    SAFE,
    SINGLE,
    TOKENIZER,
    facts_of,
    json_object,
    licence_of,
    no_safe_weights,
    shards_of,
)
from engine.builds.facts import Facts
from engine.builds.record import Output
from engine.core.builds import BuildSource
from engine.core.errors import KnownError
from engine.core.files import known_os_errors
from engine.core.steps import Step
from engine.model.card import LARGEST
from engine.model.download.download import Advance, Download, Wanted, Watcher
from engine.model.download.files import DownloadFiles
from engine.model.download.hub_file import HubFile, Missing, Place
from engine.model.download.pace import Pace

if TYPE_CHECKING:
    from engine.model.download.hub import Hub

_LARGEST_HEADER = 100 << 20


def split_place(place: str) -> tuple[str, str]:
    """OWNER/NAME and the revision of OWNER/NAME or OWNER/NAME@REVISION."""
    repo, _, revision = place.partition("@")
    return repo, revision or "main"


def hub_facts(hub: "Hub", source: BuildSource, step: Step) -> tuple[Facts, tuple[str, ...]]:
    """What a model on the Hub is, and the files to fetch. Raises KnownError, and what step does."""
    repo, revision = split_place(source.place)
    first = hub.look(Place(repo, CONFIG, revision), step)
    if not first.commit:
        raise KnownError("This host does not say which version of the model it has.")

    def place(name: str) -> Place:
        return Place(repo, name, first.commit)

    def read(name: str, found: HubFile, most: int) -> bytes:
        return hub.read_range(place(name), 0, min(found.size, most), step)

    def look(name: str) -> HubFile | None:
        try:
            return hub.look(place(name), step)
        except Missing:
            return None

    config = read(CONFIG, first, LARGEST_JSON)
    if (index := look(INDEX)) is not None:
        shards, weights = shards_of(read(INDEX, index, LARGEST_JSON))
        names = [INDEX, *shards]
        weights = weights or sum(hub.look(place(name), step).size for name in shards)
    elif (single := look(SINGLE)) is not None:
        weights, names = single.size, [SINGLE]
    else:
        raise no_safe_weights(f"{repo} on the Hub")
    tokenizer = hub.look(place(TOKENIZER), step)
    found = {name: one for name in OPTIONAL if (one := look(name)) is not None}
    card = read(CARD, found[CARD], LARGEST) if CARD in found else b""
    known = replace(source, version=first.commit, licence=licence_of(card))
    download = weights + tokenizer.size
    facts = facts_of(known, config, weights, tokenizer.size, download)
    return facts, (CONFIG, TOKENIZER, *found, *names)


class _Following:
    """Passes on how far one of several files is, as a share of all bytes."""

    def __init__(self, watch: Watcher, before: int, total: int) -> None:
        self._watch = watch
        self._before = before
        self._total = total

    def check(self) -> None:
        self._watch.check()

    def tell(self, advance: Advance) -> None:
        done = self._before + advance.done
        self._watch.tell(replace(advance, done=done, size=max(self._total, done)))


def fetch(
    hub: "Hub",
    source: BuildSource,
    names: tuple[str, ...],
    there: Mapping[str, Output],
    target: Path,
    parts: Path,
    total: int,
    watch: Watcher,
    pace: Callable[[], Pace],
) -> Iterator[tuple[str, Output]]:
    """Fetch the files that are not `there` into a folder; each one's name as soon as it is whole.

    Raises KnownError, and what `watch` raises; what was begun is gone on with the next time.
    """
    repo, _ = split_place(source.place)
    with known_os_errors(f"download {source.name}"):
        target.mkdir(exist_ok=True)
    files, done = DownloadFiles(parts), 0
    for name in names:
        if name not in there:
            wanted = Wanted(Place(repo, name, source.version), f"{name} of {source.name}")
            following = _Following(watch, done, total)
            keep = partial(_named, name)
            download = Download(hub, files, target, wanted, pace(), keep, _check(name))
            whole = download.run(following)
            files.discard(wanted.key)
            with known_os_errors(f"download {source.name}"):
                size = whole.path.stat().st_size
            yield name, Output(size, whole.sha256)
            done += size
        else:
            done += there[name].size


def _named(name: str, digest: str) -> str:
    """What a file is called here, whatever its checksum."""
    return name


def _check(name: str) -> Callable[[Path], object]:
    """What refuses a file that is not what its name says."""
    if name.endswith(SAFE):
        return lambda path: _check_safetensors(path, name)
    if name.endswith(".json"):
        return lambda path: json_object(_bytes(path), name)
    return lambda path: None


def _check_safetensors(path: Path, name: str) -> None:
    """Raise KnownError unless a file begins as safetensors do; its weights are read later."""
    with known_os_errors(f"read {name}"), open(path, "rb") as file:
        head = file.read(8)
        (length,) = struct.unpack("<Q", head) if len(head) == 8 else (0,)
        if 2 <= length <= min(_LARGEST_HEADER, path.stat().st_size - 8):
            json_object(file.read(length), name)
            return
    raise KnownError(f"{name} is no safetensors file.", "Choose another model.")


def _bytes(path: Path) -> bytes:
    with known_os_errors(f"read {path.name}"), open(path, "rb") as file:
        return file.read(LARGEST_JSON)
