"""Models that guess ahead for others: a smaller one that splits text alike, chosen for each model.

What they guess is checked by the model itself, so its answers stay the same.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from engine.core.errors import KnownError
from engine.core.events import DataChanged, Event
from engine.model.draft import same_tokenizer
from engine.model.gguf.header import GgufHeader, read_header
from engine.model.registry import ModelFile, Registry
from engine.store.documents import DocumentRepo

_KIND: Final = "draft"


class DraftArea:
    """Who guesses ahead for the model that answers."""

    def __init__(
        self,
        documents: DocumentRepo,
        registry: Registry,
        answering: Callable[[], Path],
        load: Callable[[], None],
        publish: Callable[[Event], None],
    ) -> None:
        """answering: the file of the model that answers, or is to; load: loads it again."""
        self._documents = documents
        self._registry = registry
        self._answering = answering
        self._load = load
        self._publish = publish

    def chosen(self) -> Path | None:
        """The file of the model that guesses ahead, None if none does."""
        body = self._documents.get(_KIND, str(self._answering()))
        return Path(body["path"]) if body else None

    def choices(self) -> list[ModelFile]:
        """The models that can: smaller than the one that answers, and splitting text alike."""
        path = self._answering()
        try:
            header = read_header(path)
        except KnownError:
            return []
        files = [file for file in self._registry.list() if not file.trouble and file.path != path]
        return [file for file in files if file.size < header.size and _can(path, header, file.path)]

    def choose(self, model_id: int | None) -> str:
        """Let the model of this number guess ahead from now on, None = none; returns its name.

        Raises KnownError if it cannot.
        """
        answering = str(self._answering())
        name = ""
        if model_id is None:
            self.forget(Path(answering))
        else:
            file = next((one for one in self.choices() if one.id == model_id), None)
            if file is None:
                raise KnownError(
                    f"The model number {model_id} cannot guess ahead for the one that answers.",
                    "It takes a smaller model of the same family, which splits text alike.",
                )
            name = file.name
            self._documents.put(_KIND, answering, {"path": str(file.path)})
        self._publish(DataChanged(frozenset({"models"})))
        self._load()
        return name

    def forget(self, model: Path) -> None:
        """Nobody guesses ahead for this model any more."""
        if self._documents.get(_KIND, str(model)) is not None:
            self._documents.delete(_KIND, str(model))

    def for_load(self, model: Path, header: GgufHeader) -> tuple[Path | None, str]:
        """The file to load a model with, and a sentence if the one that was chosen is left out."""
        body = self._documents.get(_KIND, str(model))
        if body is None:
            return None, ""
        path = Path(body["path"])
        if _can(model, header, path):
            return path, ""
        self.forget(model)
        return None, "The model that guessed ahead is gone or was changed, so none does."


def _can(model: Path, header: GgufHeader, path: Path) -> bool:
    try:
        return same_tokenizer(header, model, read_header(path), path)
    except (KnownError, OSError):
        return False
