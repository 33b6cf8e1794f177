"""The lexicon of the spelling corrector: frequent and trusted words, no misprints."""

import json
import lzma
from pathlib import Path

import pytest

from engine.assistant.recognise.correct import lexicon as shipped
from training.assistant import lexicon
from training.assistant.wordings import Wording, load


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Four small files: "ordinary" often, "ordinarry" once, "Proper" only as a name."""
    folder = tmp_path / "parts"
    folder.mkdir()
    text = "an ordinary word of Proper size " * 20 + "ordinarry it's well-known"
    for name in ("finance", "general", "instruct", "crypto"):
        row = json.dumps({"text": text, "source": name, "kind": "docs"})
        (folder / f"{name}.jsonl.xz").write_bytes(lzma.compress(f"{row}\n".encode()))
    return folder


def test_words_are_counted(corpus: Path) -> None:
    counts = lexicon.count_words(corpus)
    assert counts["ordinary"] == 80
    assert counts["ordinarry"] == 4
    assert "proper" not in counts
    assert "it" not in counts  # "it's" is not the word "it"


def test_the_lexicon_holds_frequent_and_own_words(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = [Wording("portfolio zzquux", "price"), Wording("ordinarx ordinary", "price")]
    monkeypatch.setattr(lexicon, "load", lambda: said)
    out = tmp_path / "lexicon.txt"
    lexicon.main(corpus, out)
    words = out.read_text("utf-8").split()
    assert len(words) == len(set(words))
    assert {"ordinary", "word", "zzquux", "november", "percent", "impermanent"} <= set(words)
    assert "ordinarry" not in words  # too rare
    assert "ordinarx" not in words  # one slip from a trusted word
    assert "febuary" not in words
    assert words.index("the") < words.index("zzquux")


def test_the_size_is_kept(corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lexicon, "load", tuple)
    out = tmp_path / "lexicon.txt"
    lexicon.main(corpus, out, size=50)
    assert len(out.read_text("utf-8").splitlines()) == 50


def test_the_recognisers_words_are_no_misprints() -> None:
    words = lexicon.recogniser_words()
    assert {"yesterday", "february", "weeks", "quarterly"} <= words
    assert not words & {"febuary", "precent", "fourty"}


def test_the_shipped_lexicon_has_the_words_of_the_glossary_and_the_wordings() -> None:
    known = shipped()
    glossary = lexicon.glossary_words()
    missing = [word for word, count in glossary.items() if count >= 3 and word not in known]
    assert len(missing) < 0.02 * len(glossary)
    said = lexicon.wording_words()
    frequent = [word for word, count in said.items() if count >= 20]
    assert len(frequent) > 200
    assert sum(word in known for word in frequent) / len(frequent) > 0.98
    assert len(load()) > 0
