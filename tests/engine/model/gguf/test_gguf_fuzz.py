"""The program that proves the reader and the child against damaged files, in small."""

from itertools import pairwise
from pathlib import Path

from benchmarks.gguf_fuzz import Tally, run
from benchmarks.gguf_mutations import Mutator, fields, header_end, make_small, odd_model
from engine.model.gguf.header import read_header


def test_the_fields_cover_the_header(tmp_path: Path) -> None:
    content = make_small(tmp_path / "small.gguf")
    places = fields(content)
    assert places[0].start == 4
    for one, following in pairwise(places):
        assert one.start + one.size == following.start
    assert header_end(content) == read_header(tmp_path / "small.gguf").tensors[0].offset


def test_the_same_seed_gives_the_same_damage(tmp_path: Path) -> None:
    content = make_small(tmp_path / "small.gguf")
    made = [Mutator(content).mutate(1, index) for index in range(50)]
    assert made == [Mutator(content).mutate(1, index) for index in range(50)]
    assert len({*made, content}) > 45
    assert made != [Mutator(content).mutate(2, index) for index in range(50)]


def test_odd_models_are_whole(tmp_path: Path) -> None:
    path = tmp_path / "odd.gguf"
    path.write_bytes(odd_model({"general.alignment": 64}))
    assert all(tensor.offset % 64 == 0 for tensor in read_header(path).tensors)


def test_a_short_run_passes() -> None:
    """All crafted classes, some mutations, one child, and the good model behind."""
    tally = run(count=40, seed=1, child_limit=1)
    assert tally.passed, tally.table() + "\n".join(tally.failures)
    assert tally.outcomes["reader"] > 100
    assert sum(tally.outcomes[key] for key in ("child", "died", "loaded")) == 1


def test_what_must_not_happen_is_seen() -> None:
    result = {"name": "x", "sentence": "No.", "seconds": 0.1, "read_seconds": 0.0}
    for changes in (
        {"outcome": "bug", "sentence": "ValueError()"},
        {"outcome": "hung", "sentence": ""},
        {"outcome": "reader", "seconds": 11.0},
        {"outcome": "reader", "sentence": ""},
        {"good": False},
    ):
        tally = Tally()
        tally.add({"good": True})
        tally.add(result | changes)
        assert not tally.passed
    tally = Tally(deaths=1)
    tally.add({"good": True})
    assert not tally.passed
    assert not Tally().passed
