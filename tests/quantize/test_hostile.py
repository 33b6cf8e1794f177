"""A part of benchmarks/quantize/hostile.py: damaged models and files, each with one answer."""

from pathlib import Path

from benchmarks.quantize.hostile import make_models, run


def test_every_case_ends_in_a_result_or_a_sentence(tmp_path: Path) -> None:
    make_models(tmp_path)
    tally = run(tmp_path, count=160, seed=3, children=1)
    assert not tally.failures
    assert tally.passed
    assert sum(tally.outcomes.values()) == 160
    # Damage of many kinds, and some that does no harm.
    assert tally.outcomes["refused"] > 80
    assert len(tally.sentences) > 40
    assert tally.outcomes["done"] > 10
