import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

pytest.importorskip("torch")

from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from training.cli import main
from training.loop.log import METRICS
from training.report import (
    BOTTOM,
    HEIGHT,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    page,
    read_run,
    smoothed,
    step_ticks,
    ticks,
)
from training.report_png import picture


def a_run(folder: Path, rows: list[dict[str, object]], rate: float = 1e-3) -> Path:
    folder.mkdir()
    (folder / METRICS).write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "config.json").write_text(json.dumps({"method": "sft", "loop": {"rate": rate}}))
    return folder


def losses(count: int) -> list[dict[str, object]]:
    return [
        {"step": n, "time": 1.0, "loss": 5 / n, "tok_s": 100, "eta_s": 1} for n in range(1, count)
    ]


def test_smoothing_by_hand() -> None:
    """w = 1/2: 4; (4/2 + 8)/2 / (3/4); and a constant stays what it is."""
    found = smoothed([(1, 4.0), (2, 8.0)], 0.5)
    assert found == [(1, 4.0), (2, pytest.approx(5 / 0.75))]
    assert smoothed([(n, 3.0) for n in range(9)], 0.9) == [
        (n, pytest.approx(3.0)) for n in range(9)
    ]


def test_ticks_are_round() -> None:
    assert ticks(0, 10) == [0, 2, 4, 6, 8, 10]
    assert ticks(0.013, 0.041) == [0.02, 0.03, 0.04]
    assert ticks(-1.2, 1.3) == [-1, -0.5, 0, 0.5, 1]


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
def test_ticks_lie_within(low: float, size: float) -> None:
    found = ticks(low, low + size)
    assert 1 <= len(found) <= 7
    assert all(low - 1e-6 * size <= tick <= low + size + 1e-6 * size for tick in found)


def test_runs_are_compared_in_one_file(tmp_path: Path) -> None:
    first = a_run(tmp_path / "first", losses(30))
    held = {"step": 20, "held_out/loss": 2.5, "held_out/calls": None}
    second = a_run(tmp_path / "<second>", [*losses(20), held, {"step": 20, "kl": 0.1}], rate=2e-3)
    out = tmp_path / "report.html"
    plots = tmp_path / "plots"
    command = ["report", str(first), str(second), "--out", str(out), "--plots", str(plots)]
    assert main(command) == 0
    text = out.read_text()
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)|<script|<second>|@import|url\(", text)
    assert "prefers-color-scheme:dark" in text
    pictures = [ET.fromstring(part) for part in re.findall(r"<svg xmlns.*?</svg>", text)]
    labels = [picture.get("aria-label") for picture in pictures]
    assert labels == [
        f"{x} over steps" for x in ("loss", "KL divergence", "tokens/s", "held out: loss")
    ]
    space = "{http://www.w3.org/2000/svg}"
    lines = [line.get("class") for line in pictures[0].iter(f"{space}polyline")]
    assert lines == ["faint c0", "c0", "faint c1", "c1"]
    assert re.search(r'class="differs"><th>loop.rate</th><td>0.001</td><td>0.002</td>', text)
    with Image.open(plots / "held_out_loss.png") as saved:
        assert saved.size == (2 * WIDTH, 2 * (HEIGHT + 24 + 16 + 14))


@pytest.mark.parametrize(
    ("last", "steps"),
    [(1, [0, 1]), (2, [0, 1, 2]), (7, list(range(8))), (12, [0, 2, 4, 6, 8, 10, 12])],
)
def test_steps_are_whole(last: int, steps: list[int]) -> None:
    assert step_ticks(float(last)) == steps


def test_a_plot_of_few_steps_has_whole_ones(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [{"step": s, "loss": 1 / s} for s in (1, 2)]
    text = page([read_run(a_run(tmp_path / "run", rows), "run")], 0.0)
    assert re.findall(r'<text class="x"[^>]*>([^<]*)<', text) == ["0", "1", "2"]


def test_a_legend_names_the_runs_that_are_drawn() -> None:
    """Each name has a dot in the colour of its line; names that need more room take more lines."""
    lines = [(0, [(0.0, 1.0)]), (2, [(0.0, 1.0)])]
    alone = picture("loss", lines[:1], 0.0, ["a"])
    for names, rows in ((["a", "b", "c"], 1), (["a" * 50, "b", "c" * 50], 2)):
        shown = picture("loss", lines, 0.0, names)
        assert shown.height == alone.height + 2 * 16 * rows
        head = shown.crop((0, 2 * 24, shown.width, 2 * (24 + 16 * rows)))
        found = {colour for _, colour in head.getcolors(100_000) or ()}
        assert {(0x25, 0x63, 0xC9), (0x17, 0x7A, 0x4C)} <= found
        assert (0xC2, 0x57, 0x0C) not in found


def test_points_of_a_picture_stand_where_they_belong() -> None:
    """Of a falling line from (0, 1) to (4, 0) the middle is drawn, the corners above are not."""
    shown = picture("loss", [(0, [(0.0, 1.0), (4.0, 0.0)])], 0.0, ["run"])
    left, right = 2 * LEFT, 2 * (WIDTH - RIGHT)
    colours = [shown.getpixel(((left + right) // 2, y)) for y in range(shown.height)]
    blue = [y for y, colour in enumerate(colours) if colour == (0x25, 0x63, 0xC9)]
    top, bottom = 2 * (24 + TOP), 2 * (24 + HEIGHT - BOTTOM)
    assert sum(blue) / len(blue) == pytest.approx((top + bottom) / 2, abs=2)
    assert shown.getpixel((right, top)) == (255, 255, 255)


def test_points_stand_where_they_belong(tmp_path: Path) -> None:
    """Without smoothing the loss 1 at step 2 of 4 is halfway right, 0 below and 2 above."""
    rows: list[dict[str, object]] = [{"step": s, "loss": v} for s, v in ((0, 0), (2, 1), (4, 2))]
    text = page([read_run(a_run(tmp_path / "run", rows), "run")], 0.0)
    line = re.search(r'<polyline class="c0" points="([^"]*)"', text)
    assert line is not None
    (x0, y0), (x1, y1), (x2, y2) = (map(float, p.split(",")) for p in line[1].split())
    assert x1 == pytest.approx((x0 + x2) / 2, abs=0.1)
    assert y1 == pytest.approx((y0 + y2) / 2, abs=0.1)
    assert x0 < x2
    assert y0 > y2


@pytest.mark.parametrize(
    "text",
    ["", "\n", '{"step": 1, "loss": 2.0}\n', '{"step": 1, "loss": 2.0}', '{"step": 1, "lo',
     "\x00\ufffd\n{}\n", '{"step": 1, "loss": NaN}\n',
     '{"step": 1, "loss": null}\n[]\n3\n{"loss": 1}\n'],
)  # fmt: skip
def test_nothing_breaks_on_empty_or_cut_off_files(tmp_path: Path, text: str) -> None:
    (tmp_path / METRICS).write_text(text)
    (tmp_path / "config.json").write_text('{"loop": ')
    shown = page([read_run(tmp_path, "run")], 0.6)
    assert ("No figures" in shown) == ('"loss": 2.0' not in text)


def test_a_run_that_is_not_there_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text("{}")
    out = tmp_path / "report.html"
    for name in ("none", "model"):
        assert main(["report", str(tmp_path / name), "--out", str(out)]) == 1
        assert f"There is no run in {tmp_path / name}" in capsys.readouterr().err
    assert not out.exists()
    assert main(["report"]) == 1
    assert "name the folders" in capsys.readouterr().err
