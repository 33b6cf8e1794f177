"""The corpus format: rows with text, source and kind, as JSON lines (plain or .xz) or Parquet."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from hashlib import blake2b
from pathlib import Path

from training.data import rows
from training.data.dialogue_formats import Dialogue

_TOOL_TURN = re.compile(r"<\|im_start\|>tool\n(.*?)<\|im_end\|>", re.DOTALL)


@dataclass(frozen=True)
class Document:
    """One text with where it came from and what it is (docs, book, toolcall …).

    dialogue: whose text it is, if it is one.
    """

    text: str
    source: str
    kind: str
    dialogue: Dialogue | None = None

    @property
    def held_out(self) -> bool:
        """True for about 1 % of documents, chosen by their content: they are never trained on."""
        return blake2b(self.text.encode(), digest_size=2).digest() < (655).to_bytes(2, "big")


@dataclass(frozen=True)
class Selection:
    """Which documents of which file belong to a group: shell patterns on source and kind."""

    file: str
    sources: tuple[str, ...] = ("*",)
    kinds: tuple[str, ...] = ("*",)
    excluded: tuple[str, ...] = ()

    def accepts(self, document: Document) -> bool:
        """True if the document's source and kind match and its source is not excluded."""
        return (
            any(fnmatchcase(document.source, pattern) for pattern in self.sources)
            and any(fnmatchcase(document.kind, pattern) for pattern in self.kinds)
            and not any(fnmatchcase(document.source, pattern) for pattern in self.excluded)
        )


def read_documents(path: Path) -> Iterator[Document]:
    """Yield the documents of a corpus file; tool turns become Qwen3 tool responses."""
    for where, row in rows.read(path):
        try:
            text = _TOOL_TURN.sub(_tool_response, row["text"])
            yield Document(text, str(row.get("source", "")), str(row.get("kind", "")))
        except (KeyError, TypeError) as error:
            raise ValueError(f"{where}: not a corpus document") from error


def select(corpus: Path, selection: Selection) -> Iterator[Document]:
    """Yield the accepted documents of one corpus file, given without its ending."""
    for suffix in rows.SUFFIXES:
        path = corpus / (selection.file + suffix)
        if path.exists():
            return (d for d in read_documents(path) if selection.accepts(d))
    raise FileNotFoundError(f"{corpus} has no {selection.file} of {', '.join(rows.SUFFIXES)}")


def _tool_response(turn: re.Match[str]) -> str:
    result = turn[1].strip("\n")
    return f"<|im_start|>user\n<tool_response>\n{result}\n</tool_response><|im_end|>"
