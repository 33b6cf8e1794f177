"""Groups of documents and the share of each in what is trained on."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from training.data.cleaning import Overlap, is_prose
from training.data.formats import Document, Selection, select


@dataclass(frozen=True)
class Group:
    """Documents drawn in one proportion; weight: on any scale."""

    name: str
    weight: float
    selections: tuple[Selection, ...] = ()


def documents(group: Group, corpus: Path, overlap: Overlap | None) -> Iterator[Document]:
    """The group's documents that are prose or dialogues and do not overlap with a benchmark."""
    for selection in group.selections:
        for document in select(corpus, selection):
            if "<|im_start|>" not in document.text and not is_prose(document.text):
                continue
            if overlap is None or not overlap.found_in(document.text):
                yield document
