"""The held-out questions stand in none of the texts that are trained on or mended with."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from training.assistant.wordings import load

ROOT = Path(__file__).resolve().parents[3]


def normal(text: str) -> str:
    return re.sub(r"[^a-z0-9<>{}%$]+", " ", text.lower()).strip()


def texts(path: Path) -> Iterator[str]:
    for line in path.read_text("utf-8").splitlines():
        if line:
            yield normal(json.loads(line)["text"])


def test_held_out_questions_are_nowhere_else() -> None:
    held_out = list(texts(ROOT / "benchmarks" / "data" / "assistant_heldout.jsonl"))
    assert len(set(held_out)) >= 500
    known = {normal(wording.text) for wording in load()}
    for path in (ROOT / "training" / "assistant").glob("dev*.jsonl"):
        known |= set(texts(path))
    assert known.isdisjoint(held_out)
