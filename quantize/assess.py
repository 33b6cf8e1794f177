"""Judges files made from a model: what they lose, how fast they are, which one to use here."""

import os
import platform
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.model.fit.machine import total_memory
from engine.model.gguf.header import GgufHeader, read_header
from quantize.calibration import HELD_OUT
from quantize.compare import Comparison, compare_all
from quantize.outcome import Outcome
from quantize.output import atomic_output, check_place, check_space, readable
from quantize.recommend import Choice, Recommendation, Wish, recommend
from quantize.report.page import page
from quantize.report.text import summary
from quantize.running import free_memory, memory_at, most_context
from quantize.sizes import bits_per_weight, kinds_of
from quantize.speed import Speed, measure_speed
from quantize.suite import ToolScore, measure_tools
from quantize.task import Task

_ROOM = 1 << 20  # bytes a report may take


@dataclass(frozen=True, slots=True)
class Measures:
    """What to measure.

    texts: files to read, none = our own; speed, tools: whether to measure these too; context:
    tokens the recommended file must have memory for, if the model can hold so many; least_speed:
    tokens it must write in a second; report: the HTML file to write, or None.
    """

    texts: tuple[Path, ...] = ()
    speed: bool = False
    tools: bool = False
    context: int = 4096
    least_speed: float = 8.0
    report: Path | None = None


@dataclass(frozen=True, slots=True)
class FileFigures:
    """What was found out about a file.

    memory: bytes the application counts with for the context asked for; most_context: tokens that
    fit into memory now; comparison: with the original, None for itself; speed, tools: None where
    they were not measured (or the model calls no tools).
    """

    name: str
    size: int
    bits_per_weight: float
    memory: int
    most_context: int
    comparison: Comparison | None
    speed: Speed | None
    tools: ToolScore | None


@dataclass(frozen=True, slots=True)
class Assessment(Outcome):
    """The original, the files made from it, and which of them to use here.

    computer: what it was measured on; free: bytes a model may have there; context: tokens memory
    is told for; texts: names of what was read; report: the file that was written, or "".
    """

    original: FileFigures
    files: tuple[FileFigures, ...]
    recommendation: Recommendation
    computer: str
    free: int
    context: int
    texts: tuple[str, ...]
    report: str

    @property
    def everything(self) -> tuple[FileFigures, ...]:
        """The original and the files."""
        return (self.original, *self.files)

    @property
    def positions(self) -> int:
        """Places in the texts where answers were compared."""
        assert self.files[0].comparison is not None
        return self.files[0].comparison.positions

    @property
    def sentence(self) -> str:
        """What was done, for people."""
        return summary(self)


def assess(original: Path, files: Sequence[Path], wanted: Measures, task: Task) -> Assessment:
    """Compare files with their original and choose one. Raises KnownError and Cancelled.

    The report is written last, whole or not at all.
    """
    paths = [original, *files]
    headers = [read_header(path) for path in paths]
    if wanted.report is not None:
        check_place(wanted.report, (*paths, *wanted.texts))
        check_space(wanted.report, _ROOM)
    texts = list(wanted.texts) or [HELD_OUT]
    ends = _shares(wanted)
    with task.part(0.0, ends[0]):
        comparisons = compare_all(original, list(files), texts, task)
    speeds: list[Speed | None] = [None] * len(paths)
    scores: list[ToolScore | None] = [None] * len(paths)
    if wanted.speed:
        with task.part(ends[0], ends[1]):
            speeds = list(measure_speed(paths, task))
    if wanted.tools:
        with task.part(ends[1], 1.0):
            for number, path in enumerate(paths):
                share = (number / len(paths), (number + 1) / len(paths))
                scores[number] = measure_tools(path, task, share)
    free = free_memory()
    context = min(wanted.context, headers[0].number("context_length", wanted.context))
    figures = [
        FileFigures(name, header.size, _bits(header), memory, most, compared, speed, tools)
        for name, header, memory, most, compared, speed, tools in zip(
            names_of(paths),
            headers,
            [memory_at(header, context) for header in headers],
            [most_context(header, free) for header in headers],
            [None, *comparisons],
            speeds,
            scores,
            strict=True,
        )
    ]
    result = Assessment(
        figures[0],
        tuple(figures[1:]),
        _recommend(figures, Wish(free, context, wanted.least_speed)),
        computer(),
        free,
        context,
        tuple(path.name for path in texts),
        str(wanted.report or ""),
    )
    if wanted.report is not None:
        with atomic_output(wanted.report) as temporary:
            temporary.write_text(page(result), encoding="utf-8")
            task.check()
    return result


def names_of(paths: Sequence[Path]) -> list[str]:
    """What to call the files: their names, with folders where several are called the same."""
    counts = Counter(path.name for path in paths)
    return [path.name if counts[path.name] == 1 else str(path) for path in paths]


def computer() -> str:
    """Processor, cores and memory of this computer."""
    processor = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = cpuinfo.read_text().splitlines()
        named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
        processor = next(named, processor)
    return f"{processor}, {os.cpu_count()} processors, {readable(total_memory())} of memory"


def _shares(wanted: Measures) -> tuple[float, float]:
    """Where comparing and timing end in the progress of the whole."""
    parts = 1 + wanted.speed + wanted.tools
    return 1 / parts, (1 + wanted.speed) / parts


def _bits(header: GgufHeader) -> float:
    return bits_per_weight(header, kinds_of(header))


def _recommend(figures: Sequence[FileFigures], wish: Wish) -> Recommendation:
    original, *choices = [
        Choice(
            one.name,
            one.comparison.mean_divergence if one.comparison else 0.0,
            one.memory,
            one.speed.generated if one.speed else None,
        )
        for one in figures
    ]
    found = recommend(choices, wish)
    most = next(one.most_context for one in figures if one.name == found.name)
    more = []
    if most > wish.context:
        more.append(f"Memory would do for a context of {most:,} tokens.")
    if recommend([original], wish).fits:
        speed = (
            "" if original.speed is None else f" and writes {original.speed:.1f} tokens a second"
        )
        more.append(f"The original would do as well: it needs {readable(original.memory)}{speed}.")
    return Recommendation(found.name, found.fits, (*found.reasons, *more))
