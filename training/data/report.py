"""The data report: one HTML file without scripts that shows what was kept, left out and why."""

import math
from collections import Counter
from collections.abc import Iterable
from html import escape

from training.data.cleaning import words
from training.data.formats import Document

_EXAMPLES, _EXCERPT, _SOURCES = 3, 240, 20
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em;
  color: #1c2430; background: #fff }
h1, h2 { line-height: 1.2 } h2 { margin-top: 2em }
svg text { font: 13px system-ui, sans-serif; fill: currentColor } rect { fill: #3b76c4 }
blockquote { margin: .4em 0; padding: .2em .8em; border-left: 3px solid #c3ccd8; color: #46505e;
  overflow-wrap: anywhere; white-space: pre-line }
@media (prefers-color-scheme: dark) { body { color: #dfe5ee; background: #14181f }
  blockquote { color: #a9b4c4; border-color: #3a4555 } rect { fill: #6ea0e0 } }
"""


class Report:
    """Counts documents as they come."""

    def __init__(self) -> None:
        self.kept: Counter[str] = Counter()  # by source
        self.left_out: Counter[str] = Counter()  # by reason
        self._kinds: Counter[str] = Counter()
        self._lengths: Counter[int] = Counter()  # documents of 2ⁿ to 2ⁿ⁺¹ words
        self._characters = 0
        self._examples: dict[str, list[Document]] = {}

    def keep(self, document: Document) -> None:
        """Count a document that is written."""
        self.kept[document.source] += 1
        self._kinds[document.kind] += 1
        self._lengths[int(math.log2(max(1, len(words(document.text)))))] += 1
        self._characters += len(document.text)

    def leave_out(self, document: Document, reason: str) -> None:
        """Count a document that is not, and remember the first of each reason."""
        self.left_out[reason] += 1
        if len(shown := self._examples.setdefault(reason, [])) < _EXAMPLES:
            shown.append(document)

    def html(self) -> str:
        """The whole page; texts from the documents are escaped."""
        kept, lost = self.kept.total(), self.left_out.total()
        lengths = range(min(self._lengths, default=0), max(self._lengths, default=-1) + 1)
        return "\n".join(
            [
                '<!doctype html><html lang="en"><meta charset="utf-8"><title>Data report</title>',
                f"<style>{_STYLE}</style><h1>Data report</h1>",
                f"<p>{kept:,} of {kept + lost:,} documents were kept, {self._characters:,} ",
                "characters.</p><h2>Left out, by reason</h2>",
                _bars(self.left_out.most_common()),
                *(self._shown(reason) for reason, _ in self.left_out.most_common()),
                "<h2>Length in words</h2>",
                _bars((f"{2**n:,} to {2 ** (n + 1) - 1:,}", self._lengths[n]) for n in lengths),
                "<h2>Kinds</h2>",
                _bars(self._kinds.most_common()),
                f"<h2>Sources</h2><p>The {_SOURCES} largest of {len(self.kept)}.</p>",
                _bars(self.kept.most_common(_SOURCES)),
                "</html>\n",
            ]
        )

    def _shown(self, reason: str) -> str:
        quotes = (
            f"<blockquote>{escape(d.text[:_EXCERPT])}<br><small>{escape(d.source)}</small></blockquote>"
            for d in self._examples[reason]
        )
        return f"<h3>{escape(reason)}</h3>{''.join(quotes)}"


def _bars(items: Iterable[tuple[str, int]]) -> str:
    """A horizontal bar chart."""
    rows = list(items)
    largest = max((number for _, number in rows), default=1)
    bars = "".join(
        f'<text x="190" y="{24 * i + 16}" text-anchor="end">{escape(label[:30] or "none")}</text>'
        f'<rect x="200" y="{24 * i + 3}" width="{400 * number / largest:.1f}" height="17"/>'
        f'<text x="{205 + 400 * number / largest:.1f}" y="{24 * i + 16}">{number:,}</text>'
        for i, (label, number) in enumerate(rows)
    )
    return (
        f'<svg role="img" width="720" height="{24 * len(rows)}">{bars}</svg>'
        if rows
        else "<p>None.</p>"
    )
