"""Following a metrics file: what is appended, cut off, written anew, or no figure at all."""

import itertools
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.training_runs.metrics import METRICS, MOST_POINTS, Figures, MetricsReader


def line(step: int, **values: object) -> str:
    return json.dumps({"step": step, **values}) + "\n"


def append(folder: Path, text: str | bytes) -> None:
    with (folder / METRICS).open("ab") as file:
        file.write(text.encode() if isinstance(text, str) else text)


def read(folder: Path) -> Figures:
    return MetricsReader(folder).read()


def test_what_was_appended_joins_what_was_there(tmp_path: Path) -> None:
    reader = MetricsReader(tmp_path)
    assert reader.read() == Figures()
    append(tmp_path, line(1, loss=5.0) + line(2, loss=4.0)[:-4])
    assert reader.read().curves == {"loss": ((1.0,), (5.0,))}
    append(tmp_path, line(2, loss=4.0)[-4:] + line(2, **{"held_out/loss": 4.5}))
    figures = reader.read()
    assert figures.curves["loss"] == ((1.0, 2.0), (5.0, 4.0))
    assert figures.curves["held_out/loss"] == ((2.0,), (4.5,))
    assert figures.last == {"step": 2.0, "loss": 4.0, "held_out/loss": 4.5}
    assert reader.read() is figures


def test_a_file_that_was_written_anew_is_read_from_its_beginning(tmp_path: Path) -> None:
    append(tmp_path, line(1, loss=5.0) + line(2, loss=4.0))
    reader = MetricsReader(tmp_path)
    reader.read()
    # As long as before and then longer, as after a resume from an older checkpoint.
    (tmp_path / METRICS).write_text(line(1, loss=5.0) + line(3, loss=3.0) + line(4, loss=2.0))
    assert reader.read().curves["loss"] == ((1.0, 3.0, 4.0), (5.0, 3.0, 2.0))
    (tmp_path / METRICS).write_text(line(1, loss=7.0))
    assert reader.read().curves["loss"] == ((1.0,), (7.0,))
    (tmp_path / METRICS).unlink()
    assert reader.read() == Figures()


@pytest.mark.parametrize(
    "hostile",
    [
        b"\xff\xfe\x00\n",
        b"[1, 2]\n",
        b'{"step": "one", "loss": 1}\n',
        b'{"step": true, "loss": 1}\n',
        b'{"step": 2, "loss": NaN, "norm": Infinity, "rate": null, "kl": "x", "mfu": true}\n',
        b'{"step": 2, "loss": 1' + b"0" * 400 + b"}\n",
        b"[" * 100_000 + b"\n",
        b"x" * 1_200_000 + b"\n",
        b'{"loss": 3}\n',
    ],
)
def test_what_is_no_figure_is_left_out(tmp_path: Path, hostile: bytes) -> None:
    append(tmp_path, line(1, loss=5.0))
    append(tmp_path, hostile)
    append(tmp_path, line(3, loss=4.0))
    assert read(tmp_path).curves == {"loss": ((1.0, 3.0), (5.0, 4.0))}


def test_a_file_with_endless_names_takes_bounded_memory(tmp_path: Path) -> None:
    for step in range(100):
        append(tmp_path, line(step, **{f"name{step}-{n}": 1.0 for n in range(50)}))
    append(tmp_path, line(101, **{"n" * 500: 1.0}))
    assert len(read(tmp_path).curves) < 70
    assert "name0-1" in read(tmp_path).curves


def test_long_curves_are_means_over_equally_many_lines(tmp_path: Path) -> None:
    count = 4 * MOST_POINTS
    append(tmp_path, "".join(line(step, loss=float(step)) for step in range(1, count + 1)))
    figures = read(tmp_path)
    steps, values = figures.curves["loss"]
    assert MOST_POINTS // 2 <= len(steps) <= MOST_POINTS
    every = count // len(steps)
    # The mean of every consecutive numbers up to s is s − (every − 1) / 2.
    assert steps == tuple(float(s) for s in range(every, count + 1, every))
    assert values == pytest.approx([s - (every - 1) / 2 for s in steps])
    assert figures.last["loss"] == count


def test_how_much_is_done_is_worked_out_from_pace_and_time_left(tmp_path: Path) -> None:
    append(tmp_path, line(10, time=100.0, eta_s=200))
    assert read(tmp_path).share is None
    # Ten steps took 20 s, so 60 s are 30 steps: 20 of 50 are done.
    append(tmp_path, line(20, time=120.0, eta_s=60))
    assert read(tmp_path).share == pytest.approx(0.4)
    assert read(tmp_path).left == 60
    append(tmp_path, line(50, time=180.0, eta_s=0))
    assert read(tmp_path).share == 1.0


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20),
    st.lists(st.integers(0, 2_000), max_size=8),
)
def test_it_does_not_matter_in_which_pieces_it_comes(
    tmp_path_factory: pytest.TempPathFactory, losses: list[float], cuts: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("run")
    text = "".join(line(n, loss=value) for n, value in enumerate(losses)).encode()
    places = sorted({0, *(min(cut, len(text)) for cut in cuts), len(text)})
    reader = MetricsReader(folder)
    for first, last in itertools.pairwise(places):
        append(folder, text[first:last])
        reader.read()
    assert reader.read() == read(folder)
    assert reader.read().curves["loss"][1] == tuple(losses)


@given(st.binary(max_size=400))
def test_any_bytes_are_read(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    folder = tmp_path_factory.mktemp("run")
    append(folder, content)
    read(folder)
