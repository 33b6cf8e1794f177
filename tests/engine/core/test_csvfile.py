"""Files are refused or understood before a row is read; bad rows never spoil their neighbours."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.core import csvfile, csvtext
from engine.core.csvfile import (
    RefusedRow,
    Row,
    Table,
    clean_text,
    column_names,
    find_table,
)
from engine.core.csvtext import MAX_LINE, open_csv
from engine.core.errors import Cancelled, KnownError

HEADER = "a,b,c\n"


def table(path: Path) -> Table[bool]:
    return find_table(open_csv(path), lambda names: {"a", "b"} <= set(names) or None, "Known: a,b.")


def write(tmp_path: Path, content: str | bytes, name: str = "t.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def rows(path: Path) -> list[Row | RefusedRow]:
    return list(table(path).rows())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings_with_a_mark_and_utf8_are_understood(tmp_path: Path, encoding: str) -> None:
    path = write(tmp_path, (HEADER + "1,é€,3\n").encode(encoding))
    (row,) = rows(path)
    assert isinstance(row, Row)
    assert row.fields == {"a": "1", "b": "é€", "c": "3"}


def test_windows_1252_is_the_fallback_for_text(tmp_path: Path) -> None:
    (row,) = rows(write(tmp_path, (HEADER + "1,Zürich €,3\n").encode("cp1252")))
    assert isinstance(row, Row)
    assert row.fields["b"] == "Zürich €"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "t.csv is empty."),
        (b"PK\x03\x04\x00\x00binary", "t.csv is not a text file."),
        (b"a,b,c\n1,2\x003\n", "t.csv is not a text file."),
        (b"\xff\xfe\x00\x00a\x00\x00\x00", "t.csv is not a text file."),
        (b"a,b,c\n\x81\x8d\n", "The characters of t.csv could not be read."),
        (b"\xff\xfea\x00,", "The characters of t.csv could not be read."),
        (b"x;y\n1;2\n", "t.csv has the columns x, y: no known format has these."),
        (b"just some words\n", "t.csv holds no table with a header that is known."),
    ],
)
def test_files_that_cannot_be_used(tmp_path: Path, content: bytes, sentence: str) -> None:
    path = write(tmp_path, content)
    with pytest.raises(KnownError) as error:
        rows(path)
    assert error.value.sentence == sentence
    assert error.value.hint


def test_a_huge_file_is_refused_by_its_size_alone(tmp_path: Path) -> None:
    path = tmp_path / "huge.csv"
    with path.open("wb") as file:
        file.truncate(10**9)
    with pytest.raises(KnownError, match=r"huge\.csv has 1,000 MB; files over 400 MB"):
        open_csv(path)


def test_what_is_not_a_file_is_refused_without_waiting(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    for path, words in ((pipe, "not a file"), (tmp_path, "not a file"), (tmp_path / "no", "exist")):
        with pytest.raises(KnownError, match=words):
            open_csv(path)


def test_the_header_may_follow_prose_and_use_other_separators(tmp_path: Path) -> None:
    found = table(write(tmp_path, '\nYour report, "2024"\nUser,me\n\n\ufeffA ;  B;c\n1;2,5;x\n'))
    assert (found.delimiter, found.header_line, found.columns) == (";", 5, ("a", "b", "c"))
    (row,) = found.rows()
    assert isinstance(row, Row)
    assert row.line == 6
    assert row.fields["b"] == "2,5"


def test_bad_lines_are_refused_one_by_one(tmp_path: Path) -> None:
    long = "x" * (MAX_LINE + 5)
    path = write(
        tmp_path,
        f'{HEADER}1,2,3\n\n1,"stray,3\n4,5,6,7\n{long},2,3\n7,"two\nlines",9\n8,9\n1,2',
    )
    found = rows(path)
    good = {row.line: dict(row.fields) for row in found if isinstance(row, Row)}
    bad = {row.line: row.reason for row in found if isinstance(row, RefusedRow)}
    assert good == {
        2: {"a": "1", "b": "2", "c": "3"},
        7: {"a": "7", "b": "two\nlines", "c": "9"},
        9: {"a": "8", "b": "9", "c": ""},
    }
    assert bad == {
        4: "a quotation mark is never closed, or the line is too long",
        5: "it has 4 columns where the header has 3",
        6: "a quotation mark is never closed, or the line is too long",
        10: "the line is cut off: it has 2 of 3 columns",
    }


def test_a_stray_quotation_mark_does_not_swallow_the_next_rows(tmp_path: Path) -> None:
    lines = "".join(f"{n},2,3\n" for n in range(50))
    found = rows(write(tmp_path, f'{HEADER}x,"open,3\n{lines}'))
    assert sum(isinstance(row, Row) for row in found) == 50
    assert [row.line for row in found if isinstance(row, RefusedRow)] == [2]


def test_a_stray_quotation_mark_near_the_end_spoils_only_its_own_line(tmp_path: Path) -> None:
    found = rows(write(tmp_path, f'{HEADER}1,2,3\nx,"open,3\n4,5,6\ny,"open,9\n7,8,9\n'))
    assert [(row.line, isinstance(row, Row)) for row in found] == [
        (2, True),
        (3, False),
        (4, True),
        (5, False),
        (6, True),
    ]


@pytest.mark.parametrize("block", [1, 2, 7, 64])
def test_lines_are_the_same_whatever_is_read_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    long = "x" * (MAX_LINE + 5)
    text = f'{HEADER}1,é,3\n\n"a ""b""","two\nlines",9\n{long},2,3\n4,"stray,6\n7,8,9\n1,2'
    path = write(tmp_path, text.replace("\n", "\r\n"))
    whole = rows(path)
    assert len(whole) == 6
    monkeypatch.setattr(csvtext, "_BLOCK", block)
    assert rows(path) == whole


def test_a_million_rows_are_not_too_many() -> None:
    assert csvfile.MAX_ROWS >= 1_000_000


def test_the_number_of_rows_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csvfile, "MAX_ROWS", 3)
    with pytest.raises(KnownError, match="more than 3 rows"):
        rows(write(tmp_path, HEADER + "1,2,3\n" * 4))


def test_text_is_cleaned_of_what_cannot_be_seen() -> None:
    assert clean_text(" pay\u202eeman\x07 \n", 50) == "pay eman"
    assert clean_text("abcdef", 4) == "abc…"


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=400), st.booleans())
def test_random_bytes_raise_known_errors_only(tmp_path: Path, data: bytes, headed: bool) -> None:
    path = write(tmp_path, HEADER.encode() + data if headed else data)
    try:
        for row in rows(path):
            assert row.line >= 1
    except KnownError as error:
        assert error.sentence  # noqa: PT017  (either outcome is right)


def test_a_reading_tells_how_far_it_is_and_can_be_stopped(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER + "1,2,3\n" * 250)
    steps: list[tuple[float, str]] = []

    assert len(list(table(path).rows(lambda *step: steps.append(step)))) == 250

    # Line 2, 102 and 202 of a file with 251 line ends.
    assert steps == [
        (2 / 251, "0 rows read"),
        (102 / 251, "100 rows read"),
        (202 / 251, "200 rows read"),
    ]

    def stop(fraction: float, text: str) -> None:
        if fraction > 0.3:
            raise Cancelled

    with pytest.raises(Cancelled):
        list(table(path).rows(stop))


def test_checking_and_blank_lines_can_be_stopped_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csvtext, "_BLOCK", 8)
    path = write(tmp_path, HEADER + "\n" * 100)
    steps: list[tuple[float, str]] = []
    open_csv(path, lambda *step: steps.append(step))
    # 106 bytes are hashed, and 106 characters examined, by whole blocks of 8.
    assert steps == [(0, "checking t.csv")] * 26

    def stop(fraction: float, text: str) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        open_csv(path, stop)
    with pytest.raises(Cancelled):
        list(table(path).rows(stop))


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_lines_are_counted_whatever_ends_them(tmp_path: Path, ends: str) -> None:
    assert open_csv(write(tmp_path, ends.join(["a,b", "1,2", "3,4"]))).lines == 2


def test_columns_named_alike_are_numbered() -> None:
    names = column_names(["Type", "Cur.", "", "CUR.", "cur.  2", "Cur.", "", "Cur._2"])
    assert names == ("type", "cur.", "", "cur. 2", "cur. 2 2", "cur. 3", "", "cur. 2 3")
    assert len(set(column_names(["a"] * 10_000))) == 10_000
