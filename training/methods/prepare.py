"""Make a corpus and dialogues of files people have: no noise, no duplicates, no benchmarks."""

import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from engine.core.errors import KnownError
from engine.core.words import counted
from training.data import rows, sources
from training.data.cleaning import Overlap, is_prose, overlap_with
from training.data.dedup import Duplicates
from training.data.dialogue_formats import as_row, said
from training.data.domain import misleading, noise, normalise
from training.data.formats import Document
from training.data.paraphrase import paraphrase
from training.data.report import Report
from training.methods.common import Options

FILES = {"document": "corpus.jsonl", "dialogue": "dialogues.jsonl"}
_TELL = 2000  # documents between two lines of progress


@dataclass(frozen=True)
class Config:
    """data: a file, a folder or a pattern; benchmarks: folder of texts that must not be learnt.

    out: folder of corpus.jsonl, dialogues.jsonl and report.html. misleading: score from which a
    text is left out. paraphrases: further wordings of each document, not of held-out ones.
    """

    data: str
    out: str
    benchmarks: str = ""
    misleading: float = 0.6
    paraphrases: int = 0
    seed: int = 1  # of what is drawn

    def __post_init__(self) -> None:
        if not 0 < self.misleading <= 1 or self.paraphrases < 0:
            raise ValueError("misleading lies above 0 and up to 1; paraphrases is a count.")


def run(config: Config, options: Options) -> bool:
    """Write the corpus and the report."""
    folder, report = Path(config.out), Report()
    files = rows.find(Path(config.data), sources.SUFFIXES)
    overlap = overlap_with(Path(config.benchmarks)) if config.benchmarks else Overlap(())
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = {name: folder / f"{name}s.tmp" for name in FILES}
    written: Counter[str] = Counter()
    try:
        with (
            unfinished["document"].open("w", encoding="utf-8") as documents,
            unfinished["dialogue"].open("w", encoding="utf-8") as dialogues,
        ):
            for one in _chosen(config, files, overlap, report):
                if one.dialogue:
                    name, out, row = "dialogue", dialogues, as_row(one.dialogue)
                else:
                    name, out = "document", documents
                    row = {"text": one.text, "source": one.source, "kind": one.kind}
                out.write(json.dumps(row, ensure_ascii=False) + "\n")
                written[name] += 1
        (folder / "report.html").write_text(report.html(), encoding="utf-8")
        for reason, number in report.left_out.most_common():
            print(f"left out: {number} {reason}", flush=True)
        if not written:
            raise KnownError(*_nothing(config, report))
        for name, number in written.items():
            os.replace(unfinished[name], folder / FILES[name])
            print(f"Wrote {counted(number, name)} to {folder / FILES[name]}", flush=True)
    finally:
        for path in unfinished.values():
            path.unlink(missing_ok=True)
    return True


def _nothing(config: Config, report: Report) -> tuple[str, str]:
    """What to say if no document is left."""
    if not report.left_out:
        return f"{config.data} holds no documents.", ""
    (reason, number), *_ = report.left_out.most_common()
    total = counted(report.left_out.total(), "document")
    sentence = f'None of {total} is left: {number:,} left out as "{reason}".'
    return sentence, f"{Path(config.out) / 'report.html'} shows examples."


def _chosen(
    config: Config, files: list[Path], overlap: Overlap, report: Report
) -> Iterator[Document]:
    seen = Duplicates()
    for number, found in enumerate(d for file in files for d in sources.read(file)):
        if number and number % _TELL == 0:
            print(f"{number:,} documents read, {report.kept.total():,} kept", flush=True)
        document = replace(found, text=normalise(found.text))
        reason = _reason(document, config.misleading, seen, overlap)
        if reason:
            report.leave_out(document, reason)
            continue
        wordings = [document.text]
        if not document.held_out and not document.dialogue:
            for copy in range(config.paraphrases):
                text = paraphrase(document.text, hash((config.seed, number, copy)))
                if text not in wordings and not replace(document, text=text).held_out:
                    wordings.append(text)
        for text in wordings:
            made = replace(document, text=text)
            report.keep(made)
            yield made


def _reason(document: Document, limit: float, seen: Duplicates, overlap: Overlap) -> str:
    """Why a document is left out, or ""."""
    text, answers = document.text, document.text
    if document.dialogue:  # which may be short, and hold code; what its user says misleads nobody
        answers = said(document.dialogue, "assistant")
    if document.dialogue and not answers:
        return "no answer"
    if reason := noise(text, 0 if document.dialogue else 5):
        return reason
    if not document.dialogue and not is_prose(text):
        return "not prose"
    score, reasons = misleading(answers)
    if score >= limit:
        return f"misleading: {', '.join(reasons)}"
    return seen.kind(text) or ("overlaps a benchmark" if overlap.found_in(text) else "")
