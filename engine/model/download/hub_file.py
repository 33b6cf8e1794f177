"""Where a file is on the Hub, what the Hub says of it, and how it can fail."""

from dataclasses import dataclass, replace

from engine.core.errors import KnownError
from engine.model.catalogue_file import FILE, REPO, REVISION


class Passing(KnownError):
    """The Hub or the way to it failed; trying again after `wait` seconds may help."""

    def __init__(self, sentence: str, hint: str = "Try again later.", wait: float = 0.0) -> None:
        super().__init__(sentence, hint)
        self.wait = wait


class Changed(KnownError):
    """The file is no longer the one that was begun."""


class Missing(KnownError):
    """The repository is there and has no such file."""


@dataclass(frozen=True, slots=True)
class Place:
    """A file on the Hub; revision: a branch, a tag or a commit."""

    repo: str
    file: str
    revision: str = "main"

    def __post_init__(self) -> None:
        wanted = ((REPO, self.repo), (FILE, self.file), (REVISION, self.revision))
        if not all(form.fullmatch(text) and ".." not in text for form, text in wanted):
            raise KnownError(
                "This is no file on the Hub.",
                "One is named OWNER/NAME/FILE.gguf, or by its id in the catalogue.",
            )

    def at(self, revision: str) -> "Place":
        """The same file as it was at a revision."""
        return replace(self, revision=revision)


@dataclass(frozen=True, slots=True)
class HubFile:
    """What the Hub says of a file. commit: "" where it does not say; tag: of this content;
    sha256: None where it has none, as some mirrors; size: in bytes."""

    commit: str
    tag: str
    size: int
    sha256: str | None
