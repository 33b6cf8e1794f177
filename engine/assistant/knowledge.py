"""Full-text search over Assay's own glossary and guides, offline.

The Markdown files of resources/knowledge are read into an in-memory FTS5 table
(Porter stemming, BM25) on first use: 0.05 s for about 450 entries.
"""

import re
import sqlite3
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from engine.assistant.terms import closest, term_key
from engine.core.resources import resource

_QUERY_WORD = re.compile(r"[A-Za-z0-9]+")


@dataclass(frozen=True, slots=True)
class Entry:
    """A glossary entry or guide. source: where it stands, for the citation."""

    title: str
    aliases: tuple[str, ...]
    see: tuple[str, ...]
    text: str
    source: str

    @property
    def quote(self) -> str:
        """What a model is told of it."""
        return f"{self.title}: {self.definition}\nsource: {self.source}"

    @property
    def definition(self) -> str:
        """The first sentence."""
        return re.split(r"(?<=[.!?])\s+(?=[A-Z(`])", self.text.strip(), maxsplit=1)[0]


class Knowledge:
    """The entries of one folder of Markdown files."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or resource("knowledge")

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """All glossary entries, then all guides, by title."""
        glossary = [e for p in sorted(self.folder.glob("glossary/*.md")) for e in _glossary(p)]
        guides = [_guide(path) for path in sorted(self.folder.glob("guides/*.md"))]
        return (*sorted(glossary, key=lambda e: e.title.lower()), *guides)

    @cached_property
    def terms(self) -> tuple[str, ...]:
        """Lower-case titles and aliases of the glossary."""
        return tuple(self._by_name)

    @cached_property
    def _by_name(self) -> dict[str, Entry]:
        return {
            name.lower(): entry for entry in self.entries for name in (entry.title, *entry.aliases)
        }

    @cached_property
    def _by_key(self) -> dict[str, Entry]:
        names: dict[str, Entry] = {}
        for entry in self.entries:
            for name in (entry.title, *entry.aliases):
                names.setdefault(term_key(name), entry)
        return names

    def has(self, term: str) -> bool:
        """Whether an entry is called `term`, in any number, spelling or hyphenation."""
        return term_key(term) in self._by_key

    @cached_property
    def _index(self) -> sqlite3.Connection:
        index = sqlite3.connect(":memory:", check_same_thread=False)
        index.execute(
            "CREATE VIRTUAL TABLE entry USING fts5(title, aliases, body, tokenize='porter "
            "unicode61')"
        )
        index.executemany(
            "INSERT INTO entry(rowid, title, aliases, body) VALUES (?, ?, ?, ?)",
            [(n, e.title, " ".join(e.aliases), e.text) for n, e in enumerate(self.entries)],
        )
        return index

    def find(self, term: str) -> Entry | None:
        """The entry called `term` in any number, spelling or hyphenation, else the best match.

        A match is one slip from a long name, or holds all words of `term`, at least one of them
        in its names.
        """
        key = term_key(term)
        said = " ".join(term.lower().split())  # "holding" and "holdings" are two entries
        entry = self._by_name.get(said) or self._by_key.get(key)
        entry = entry or self._by_key.get(closest(key, self._by_key))
        if entry:
            return entry
        words = _words(term)
        match = f"{' AND '.join(words)} AND {{title aliases}} : ({' OR '.join(words)})"
        return next(iter(self._matches(match, 1) if words else ()), None)

    def search(self, query: str, limit: int = 5) -> list[Entry]:
        """Entries that match any word, best first (BM25; title 10, aliases 8, body 1)."""
        words = _words(query)
        return self._matches(" OR ".join(words), limit) if words else []

    def _matches(self, match: str, limit: int) -> list[Entry]:
        rows = self._index.execute(
            "SELECT rowid FROM entry WHERE entry MATCH ? ORDER BY bm25(entry, 10, 8, 1) LIMIT ?",
            (match, limit),
        )
        return [self.entries[number] for (number,) in rows]


def _words(text: str) -> list[str]:
    """The words of a text, quoted for a query."""
    return [f'"{word}"' for word in _QUERY_WORD.findall(text.lower()) if len(word) > 1]


def _glossary(path: Path) -> list[Entry]:
    parts = re.split(r"^## ", path.read_text("utf-8"), flags=re.MULTILINE)[1:]
    return [
        _entry(part, f"Assay glossary, “{part.partition(chr(10))[0].strip()}”") for part in parts
    ]


def _guide(path: Path) -> Entry:
    body = path.read_text("utf-8").removeprefix("# ")
    return _entry(body, f"Assay guide, “{body.partition(chr(10))[0].strip()}”")


def _entry(part: str, source: str) -> Entry:
    title, _, rest = part.partition("\n")
    fields = {"aliases": "", "see": ""}
    lines: list[str] = []
    for line in rest.strip().splitlines():
        name, colon, value = line.partition(":")
        if colon and name in fields and not lines:
            fields[name] = value.strip()
        elif line.strip() or lines:
            lines.append(line)
    return Entry(
        title.strip(),
        tuple(a.strip() for a in fields["aliases"].split(",") if a.strip()),
        tuple(s.strip() for s in fields["see"].split(";") if s.strip()),
        "\n".join(lines).strip(),
        source,
    )
