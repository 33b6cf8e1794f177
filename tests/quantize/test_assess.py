"""The whole comparison of files, and its report."""

import re
import xml.etree.ElementTree as ET
from dataclasses import asdict, replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from tiny_models import TEXT

from engine.core.errors import Cancelled, KnownError
from quantize import assess as module
from quantize import speed
from quantize.assess import Assessment, FileFigures, Measures, assess, names_of
from quantize.compare import Comparison, compare
from quantize.divergence import LEVELS
from quantize.quantize import quantize
from quantize.recommend import Recommendation
from quantize.report.page import page
from quantize.report.plots import Point, front, size_plot
from quantize.report.scales import Scale, decades, power_text
from quantize.report.text import summary
from quantize.speed import Speed
from quantize.suite import ToolScore
from quantize.task import Task


class Page(HTMLParser):
    """Checks that every element is closed in its turn; collects text and addresses."""

    VOID = frozenset({"meta", "br"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.text = ""
        self.addresses: list[str | None] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value for name, value in attrs if name in ("src", "href")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def read_page(text: str) -> Page:
    found = Page()
    found.feed(text)
    found.close()
    assert not found.open
    return found


def figures(name: str, size: float, loss: float | None, writes: float) -> FileFigures:
    compared = None
    if loss is not None:
        curve = tuple(loss * 5 * level for level in LEVELS)
        compared = Comparison(
            6000, loss, loss * 4, loss * 8, loss * 16, 0.9123, 8.5, 8.75, 1.0294, curve
        )
    timed = Speed(12.5 * writes, writes, 512, 7, int(size * 1.1e9))
    tools = ToolScore(122, 110, 98, 0.725, 0.864)
    return FileFigures(
        name, int(size * 1e9), 8 * size, int(size * 1.2e9), 8192, compared, timed, tools
    )


@pytest.fixture
def found() -> Assessment:
    return Assessment(
        figures("model-f16.gguf", 8.05, None, 3.1),
        (
            figures("model-q8.gguf", 4.28, 0.0013, 5.9),
            figures("model-<b>q4</b>.gguf", 2.49, 0.0321, 9.7),
            figures("poor.gguf", 2.6, 0.0452, 9.1),
        ),
        Recommendation("model-q8.gguf", True, ("It is <best>.", "7.5 GB are free.")),
        "Some Processor, 8 processors, 16.0 GB of memory",
        7_500_000_000,
        4096,
        ("held_out.txt",),
        "report.html",
    )


def test_the_report_is_one_page_with_all_figures(found: Assessment) -> None:
    text = page(found)
    read = read_page(text)
    assert not read.addresses
    assert not {"script", "link", "iframe", "img", "object", "b"} & set(read.tags)
    assert not re.search(r"url\(|@import|https?://(?!www\.w3\.org/2000/svg)", text)
    assert "prefers-color-scheme:dark" in text
    for figure in (
        "0.00130",  # mean
        "0.00520",  # 99 %
        "0.01040",
        "0.02080",
        "91.23%",
        "8.750",
        "1.0294",
        "4.3 GB",  # size
        "5.1 GB",  # memory
        "4.7 GB",  # held
        "73.8",  # reads
        "5.9",  # writes
        "90.2%",  # right tool
        "80.3% (72.5%–86.4%)",
        "It is <best>.",
        "6,000 positions",
        "Some Processor",
        "model-<b>q4</b>.gguf",
    ):
        assert figure in read.text, figure
    assert text.count("<svg") == 5 + 2 * 4  # plots, and a mark for each file in both tables


def test_plots_are_well_formed_and_within_their_frames(found: Assessment) -> None:
    svgs = re.findall(r"<svg xmlns.*?</svg>", page(found))
    assert len(svgs) == 5
    for svg in svgs:
        root = ET.fromstring(svg)
        _, _, width, height = map(float, root.attrib["viewBox"].split())
        for element in root.iter():
            for line in element.get("points", "").split():
                x, y = map(float, line.split(","))
                assert 0 <= x <= width
                assert 0 <= y <= height
            for key, most in (("x", width), ("cx", width), ("y", height), ("cy", height)):
                assert 0 <= float(element.get(key, 0)) <= most


def test_the_front_is_what_no_other_file_beats() -> None:
    points = [
        Point(0, "a", 1, 0.9),
        Point(1, "b", 2, 0.5),
        Point(2, "worse than b", 3, 0.6),
        Point(3, "c", 4, 0.1),
        Point(4, "as large as c", 4, 0.2),
    ]
    assert [point.name for point in front(points)] == ["a", "b", "c"]
    circles = re.findall(r'<circle class="([^"]*)"', size_plot(points))
    assert sorted(circles) == ["c0", "c1", "c2 hollow", "c3", "c4 hollow"]


def test_scales() -> None:
    assert Scale(0, 10, 100, 200).at(2.5) == 125
    assert Scale(0, 10, 100, 200).at(99) == 200
    assert Scale(0.01, 100, 0, 40, True).at(1) == pytest.approx(20)
    assert Scale(0, 9.6, 0, 1).ticks() == [0, 5]
    assert Scale(0.03, 0.1, 0, 1).ticks() == [0.04, 0.06, 0.08, 0.1]
    assert Scale(0.01, 10, 0, 1, True).ticks() == pytest.approx([0.01, 0.1, 1, 10])
    scale = decades([0.0, 0.004, 0.02], 0, 1, 1e-7)
    assert (scale.low, scale.high) == (pytest.approx(1e-7), pytest.approx(0.1))
    assert [power_text(value) for value in (0.01, 1.0, 1e-6, 1e5)] == ["0.01", "1", "10⁻⁶", "10⁵"]


def test_without_speed_and_tools_the_report_is_shorter(found: Assessment) -> None:
    files = [replace(one, speed=None, tools=None) for one in found.everything]
    short = replace(found, original=files[0], files=tuple(files[1:]))
    assert page(short).count("<svg xmlns") == 2
    assert "right tool" in summary(found)
    assert "right tool" not in summary(short)
    assert page(short).count("<table") == 1
    (line,) = [line for line in summary(short).splitlines() if line.startswith("model-q8.gguf")]
    assert line.split()[1:6] == ["4.3", "GB", "34.24", "5.1", "GB"]  # size, bits, memory


def test_no_line_runs_through_a_name() -> None:
    """A name's ground lies over the line, and the marks over both."""
    svg = ET.fromstring(size_plot([Point(1, "small.gguf", 2, 0.5), Point(2, "large.gguf", 4, 0.1)]))
    axes = ("grid", "x", "y", None)
    order = [one.get("class", "") for one in svg if one.get("class") not in axes]
    assert order == ["front", "behind", "name", "behind", "name", "c1", "c2"]
    grounds = [one for one in svg if one.get("class") == "behind"]
    names = [one for one in svg if one.get("class") == "name"]
    for ground, name in zip(grounds, names, strict=True):
        left, top = float(ground.get("x", 0)), float(ground.get("y", 0))
        assert top < float(name.get("y", 0)) < top + 13
        assert left <= float(name.get("x", 0)) <= left + float(ground.get("width", 0))


def test_the_text_is_a_table_with_the_choice(found: Assessment) -> None:
    lines = summary(found).splitlines()
    for table in (lines[:5], lines[6:11]):
        assert len({len(line) for line in table}) == 1
    assert lines[1].split()[:4] == ["model-f16.gguf", "8.1", "GB", "64.40"]
    assert lines[8].split()[:4] == ["model-q8.gguf", "5.1", "GB", "4.7"]
    assert "For this computer: model-q8.gguf." in lines
    assert lines[-1] == "Report: report.html."


def test_a_whole_comparison(
    gguf: Path, tmp_path: Path, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speed, "ROUNDS", 1)
    text, report = tmp_path / "text.txt", tmp_path / "report.html"
    text.write_text(TEXT)
    small = tmp_path / "small.gguf"
    done = quantize(gguf, small, "Q8_0", task)
    wanted = Measures((text,), speed=True, tools=True, least_speed=0.01, report=report)
    found = assess(gguf, [small], wanted, task)
    (one,) = found.files
    assert (one.size, one.bits_per_weight) == (done.size, done.bits_per_weight)
    assert one.comparison == compare(gguf, small, text, task)
    assert one.speed is not None
    assert one.tools is None  # its template knows none
    assert found.context == one.most_context == 512  # as many as it can hold
    assert found.recommendation.name == "small.gguf"
    assert "The original would do as well" in found.recommendation.reasons[-1]
    assert asdict(found)["files"][0]["comparison"]["perplexity_ratio"] > 0
    read = read_page(report.read_text("utf-8"))
    assert f"{one.comparison.mean_divergence:.5f}" in read.text
    assert found.report == str(report)


def test_stopping_leaves_no_report(
    gguf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At every report of progress, and while it is being written."""
    text, report = tmp_path / "text.txt", tmp_path / "report.html"
    text.write_text(TEXT)
    report.write_text("the last one")
    wanted = Measures((text,), report=report)
    task = Task(lambda *_: task.stop())
    with pytest.raises(Cancelled):
        assess(gguf, [gguf], wanted, task)
    late = Task(lambda *_: None)

    def stopped(found: Assessment) -> str:
        late.stop()
        return page(found)

    monkeypatch.setattr(module, "page", stopped)
    with pytest.raises(Cancelled):
        assess(gguf, [gguf], wanted, late)
    assert sorted(tmp_path.iterdir()) == [report, text]
    assert report.read_text() == "the last one"


def test_a_report_that_cannot_be_written_is_refused_at_once(gguf: Path, tmp_path: Path) -> None:
    seen: list[str] = []
    task = Task(lambda _, text: seen.append(text))
    with pytest.raises(KnownError, match=r"report\.html"):
        assess(gguf, [gguf], Measures(report=tmp_path / "no" / "report.html"), task)
    with pytest.raises(KnownError, match="is a folder"):
        assess(gguf, [gguf], Measures(report=tmp_path), task)
    copy = tmp_path / "copy.gguf"
    copy.write_bytes(gguf.read_bytes())
    with pytest.raises(KnownError, match="would replace"):
        assess(gguf, [copy], Measures(report=copy), task)
    assert not seen


def test_files_of_one_name_are_told_apart() -> None:
    paths = [Path("a/model.gguf"), Path("b/model.gguf"), Path("c/other.gguf")]
    assert names_of(paths) == ["a/model.gguf", "b/model.gguf", "other.gguf"]
