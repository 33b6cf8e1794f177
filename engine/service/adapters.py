"""LoRA adapters: small files that change how a model answers, kept for each model apart.

They are used from where they are. One that its model refuses is switched off and says why.
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from engine.core.csvfile import NAME_LENGTH, clean_text
from engine.core.errors import Cancelled, KnownError
from engine.core.events import DataChanged, Event
from engine.model.client import ModelClient
from engine.model.gguf.header import read_adapter, read_header
from engine.store.documents import DocumentRepo

MOST = 16
LARGEST_SCALE = 2.0
_KIND: Final = "adapters"


@dataclass(frozen=True, slots=True)
class Adapter:
    """An adapter of a model. scale: how strongly it works, 0 to 2; trouble: why it was switched
    off, as a sentence, or ""."""

    path: Path
    name: str
    scale: float = 1.0
    on: bool = True
    trouble: str = ""


Adapters = list[Adapter]


class AdapterArea:
    """The adapters of the model that answers."""

    def __init__(
        self,
        documents: DocumentRepo,
        chosen: Callable[[], Path],
        client: Callable[[], ModelClient],
        publish: Callable[[Event], None],
    ) -> None:
        """chosen: the file of the model that answers, or is to."""
        self._documents = documents
        self._chosen = chosen
        self._client = client
        self._publish = publish
        self._lock = threading.Lock()

    def list(self) -> Adapters:
        """Those of the model that answers, in the order they were added."""
        return self._of(self._chosen())

    def add(self, path: Path) -> Adapter:
        """Give the model that answers an adapter, at its full strength. Raises KnownError."""
        path, model = path.absolute(), self._chosen()
        header = read_adapter(path)
        wanted = read_header(model).architecture
        if header.architecture != wanted:
            raise KnownError(
                f"This adapter is for {header.architecture} models; the one that answers is a "
                f"{wanted} model.",
                "Choose the model it was made for first.",
            )
        name = header.name or clean_text(path.stem, NAME_LENGTH)
        added = Adapter(path, name)
        with self._lock:
            kept = [one for one in self._of(model) if one.path != path]
            if len(kept) >= MOST:
                raise KnownError(f"A model has at most {MOST} adapters.", "Remove one.")
            self._put(model, [*kept, added])
        self.apply()
        return next((one for one in self._of(model) if one.path == path), added)

    def change(self, path: Path, scale: float | None = None, on: bool | None = None) -> None:
        """Let an adapter work more or less, or not at all. Raises KnownError if there is none."""
        model = self._chosen()
        with self._lock:
            found = self._of(model)
            number = next((n for n, one in enumerate(found) if one.path == path), None)
            if number is None:
                raise KnownError("This adapter is not in the list any more.")
            one = found[number]
            found[number] = replace(
                one,
                scale=one.scale if scale is None else min(max(scale, 0.0), LARGEST_SCALE),
                on=one.on if on is None else on,
                trouble="",
            )
            self._put(model, found)
        self.apply()

    def remove(self, path: Path) -> None:
        """Take an adapter from the list; its file stays where it is."""
        model = self._chosen()
        with self._lock:
            self._put(model, [one for one in self._of(model) if one.path != path])
        self.apply()

    def forget(self, model: Path) -> None:
        """A model was removed, and its list with it."""
        if self._documents.get(_KIND, str(model)) is not None:
            self._documents.delete(_KIND, str(model))

    def apply(self) -> str:
        """Let the loaded model work with those that are on, each tried in turn.

        Returns a sentence about those it refused, which are switched off now, or "".
        """
        client = self._client()
        loaded = client.loaded
        if loaded is None:
            return ""
        used: list[tuple[Path, float]] = []
        refused: list[str] = []
        for one in self._of(loaded.path):
            if not one.on:
                continue
            try:
                read_adapter(one.path)
                client.set_adapters([*used, (one.path, one.scale)], loaded.path)
                used.append((one.path, one.scale))
            except Cancelled:  # another model is loaded meanwhile, which gets its own
                return ""
            except KnownError as error:
                refused.append(f"The adapter {one.name} was switched off: {error.sentence}")
                self._switch_off(loaded.path, one.path, str(error))
        if not used and client.adapters:
            with suppress(Cancelled):
                client.set_adapters((), loaded.path)
        return " ".join(refused)

    def _switch_off(self, model: Path, path: Path, trouble: str) -> None:
        with self._lock:
            found = self._of(model)
            self._put(
                model,
                [
                    replace(one, on=False, trouble=trouble) if one.path == path else one
                    for one in found
                ],
            )

    def _of(self, model: Path) -> Adapters:
        body = self._documents.get(_KIND, str(model)) or {}
        return [_adapter(row) for row in body.get("files", ())]

    def _put(self, model: Path, adapters: Adapters) -> None:
        rows = [
            {
                "path": str(one.path),
                "name": one.name,
                "scale": one.scale,
                "on": one.on,
                "trouble": one.trouble,
            }
            for one in adapters
        ]
        if rows:
            self._documents.put(_KIND, str(model), {"files": rows})
        else:
            self.forget(model)
        self._publish(DataChanged(frozenset({"models"})))


def _adapter(row: dict[str, Any]) -> Adapter:
    return Adapter(Path(row["path"]), row["name"], row["scale"], row["on"], row["trouble"])
