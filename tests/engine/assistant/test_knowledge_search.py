"""The glossary: looked up by any of its names, searched by words, sound in itself."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.assistant.knowledge import Entry, Knowledge
from tests.engine.assistant.world import KNOWLEDGE


def title(term: str) -> str | None:
    entry = KNOWLEDGE.find(term)
    return entry.title if entry else None


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        ("airdrop", "Airdrop"),
        ("Airdrop", "Airdrop"),
        ("  AIRDROP ", "Airdrop"),
        ("airdrops", "Airdrop"),
        ("token airdrop", "Airdrop"),
        ("ATH", "All-time high"),
        ("all time high", "All-time high"),
        ("addresses", "Address"),
        ("impermanent loss", "Impermanent loss"),
        ("impermanent_loss", "Impermanent loss"),
        ("ERC-4337", "Account abstraction"),
    ],
)
def test_found_by_title_alias_and_plural(term: str, expected: str) -> None:
    assert title(term) == expected


@pytest.mark.parametrize(
    "term",
    ["zzyzx", "", "?", "日本", "a", "meaning of life", "quantum computing", "football match"],
)
def test_unknown_terms(term: str) -> None:
    assert KNOWLEDGE.find(term) is None


def test_an_unusual_name_finds_what_has_all_its_words() -> None:
    assert title("staking reward rate") in ("Staking reward", "Yield", "Staking")
    assert title("yield farm") == "Yield farming"


def test_search_puts_the_title_first() -> None:
    found = KNOWLEDGE.search("impermanent loss")
    assert found[0].title == "Impermanent loss"
    assert len(found) == 5
    assert len(KNOWLEDGE.search("loss", limit=2)) == 2


def test_search_knows_word_forms() -> None:
    assert "Staking" in [entry.title for entry in KNOWLEDGE.search("staked coins")]


@given(st.text())
def test_any_text_can_be_searched(text: str) -> None:
    assert all(isinstance(entry, Entry) for entry in KNOWLEDGE.search(text))
    KNOWLEDGE.find(text)


def test_every_entry_is_complete() -> None:
    assert len(KNOWLEDGE.entries) > 250
    for entry in KNOWLEDGE.entries:
        assert entry.title
        assert entry.aliases, entry.title
        assert entry.see, entry.title
        assert entry.definition.endswith((".", "!", "?", ":")), entry.title
        assert entry.title in entry.source
        guide = entry.source.startswith("Assay guide")
        assert len(entry.text.split()) >= (200 if guide else 45), entry.title
        assert not re.search(r"^(?:aliases|see):", entry.text, re.M), entry.title
        if not guide:
            assert entry.text.startswith(entry.definition), entry.title


def test_names_are_unique_and_see_also_leads_somewhere() -> None:
    titles = {entry.title.lower() for entry in KNOWLEDGE.entries}
    names = [n.lower() for e in KNOWLEDGE.entries for n in (e.title, *e.aliases)]
    assert sorted(names) == sorted(set(names))
    for entry in KNOWLEDGE.entries:
        for target in entry.see:
            assert target.lower() in titles, (entry.title, target)


def test_every_alias_finds_its_entry() -> None:
    for entry in KNOWLEDGE.entries:
        for name in (entry.title, *entry.aliases):
            found = KNOWLEDGE.find(name)
            assert found is not None
            assert found.title == entry.title, name


def test_a_folder_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "glossary").mkdir()
    (tmp_path / "guides").mkdir()
    (tmp_path / "glossary" / "a.md").write_text(
        "## Alpha\naliases: first, one\nsee: beta\n\nAlpha is first (of 2). It leads.\n\n"
        "## Beta\naliases: second\nsee: alpha\n\nBeta is e.g. last.\n"
    )
    (tmp_path / "guides" / "g.md").write_text(
        "# How to\naliases: way\nsee: alpha\n\n## Step\nGo.\n"
    )
    knowledge = Knowledge(tmp_path)
    assert [entry.title for entry in knowledge.entries] == ["Alpha", "Beta", "How to"]
    alpha = knowledge.entries[0]
    assert (alpha.aliases, alpha.see) == (("first", "one"), ("beta",))
    assert alpha.definition == "Alpha is first (of 2)."
    assert alpha.source == "Assay glossary, “Alpha”"
    assert knowledge.entries[2].source == "Assay guide, “How to”"
    assert knowledge.entries[1].definition == "Beta is e.g. last."
