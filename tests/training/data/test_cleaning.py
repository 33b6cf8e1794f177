from pathlib import Path

import pytest

from training.data.cleaning import Overlap, benchmark_texts, is_prose

PROSE = "Impermanent loss is the difference between holding two coins and pooling them together. "


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (PROSE * 3, True),
        ("short", False),
        ("for (i=0; i<n; i++) { a[i] = b[i]; }\n" * 5, False),
        (PROSE + "0x" + "ab12" * 40, False),
        ("| 1 | 2 | 3 |\n| 4 | 5 | 6 |\n" * 5, False),
        ("Это не английский текст, а русский. " * 4, False),
    ],
)
def test_keeps_prose_and_leaves_out_noise(text: str, expected: bool) -> None:
    assert is_prose(text) is expected


def test_thirteen_common_words_are_an_overlap() -> None:
    words = [f"word{chr(97 + n)}" for n in range(20)]
    overlap = Overlap([" ".join(words)])
    assert overlap.found_in("Before, " + ", ".join(words[3:16]).upper() + " after")
    assert not overlap.found_in("before " + " ".join(words[3:15]) + " after")
    assert not overlap.found_in("")


def test_benchmark_texts_come_from_json_jsonl_and_csv(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "a.json").write_text('{"x": [{"q": "first"}], "n": 1}')
    (tmp_path / "deep" / "b.jsonl").write_text('"second"\n{"q": "third"}\n')
    (tmp_path / "c.csv").write_text("fourth,fifth\n")
    (tmp_path / "d.bin").write_bytes(b"\xff")
    found = sorted(benchmark_texts(tmp_path))
    assert found == ["first", "fourth,fifth", "second", "third"]
