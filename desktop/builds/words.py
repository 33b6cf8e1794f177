"""Builds in words: what is made, how far it is, and what the figures of the result mean."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from desktop.models.words import time_left
from desktop.safetext import one_line
from desktop.widgets.figures import file_size

if TYPE_CHECKING:
    from engine.core.builds import BuildLook, BuildOrder, BuildSource, BuildStatus, StageStatus

_SEARCHED = ("bpw", "GiB")
_LOSSES = {"8": "next to none", "6": "very little", "5": "little", "4": "some", "3": "much"}
"""What a type of so many bits usually loses."""
_DIVERGENCES = ((0.01, "hardly at all"), (0.05, "a little"), (0.2, "noticeably"))
_BILLION, _MILLION = 1e9, 1e6
_SMALL = 100e6
"""Bytes of which tenths of a megabyte are said."""


def is_searched(target: str) -> bool:
    """Whether the types of the weights are to be searched for a size."""
    return target.endswith(_SEARCHED)


def bits_of(target: str) -> float:
    """The bits per weight that are searched for; 0 where a target names something else."""
    return float(target.removesuffix("bpw")) if target.endswith("bpw") else 0.0


def build_title(order: "BuildOrder") -> str:
    """The name of a build, with what is made if it does not say so."""
    name, made = one_line(order.name), target_title(order.target)
    return name if order.target in name or not made else f"{name} · {made}"


def target_title(target: str) -> str:
    """What is made, for instance "Q4_K_M" or "4.5 bits per weight, searched"."""
    for unit, words in zip(_SEARCHED, ("{} bits per weight", "{} GiB"), strict=True):
        if target.endswith(unit):
            return _tr(words).format(target.removesuffix(unit))
    return target


def target_note(target: str) -> str:
    """What is lost by it."""
    if is_searched(target):
        return _tr("the least for its size; takes longer")
    if target in ("F32", "F16", "BF16"):
        return _tr("none")
    bits = next((letter for letter in target if letter.isdigit()), "")
    return _tr(_LOSSES.get(bits, "very much"))


def fit_words(fits: str) -> str:
    """How a result fits into this computer's memory, in two words."""
    return {
        "fits": _tr("Runs well"),
        "tight": _tr("Tight"),
        "too large": _tr("Too large"),
    }[fits]


def kind_words(kind: str) -> str:
    """Where a model comes from."""
    return {
        "hub": _tr("From the Hub"),
        "folder": _tr("Folder"),
        "file": _tr("File"),
        "run": _tr("Training run"),
    }[kind]


def source_facts(source: "BuildSource") -> str:
    """For instance "qwen3 · 4.0 billion weights · 8.0 GB"."""
    parts = [source.architecture]
    if source.parameters:
        parts.append(_tr("{} weights").format(how_many(source.parameters)))
    if source.bytes:
        parts.append(size_text(source.bytes))
    return " · ".join(part for part in parts if part)


def size_text(size: float) -> str:
    """Bytes as "5.4 MB" or "2.5 GB"."""
    return f"{size / 1e6:.1f} MB" if size < _SMALL else file_size(round(size))


def how_many(number: int) -> str:
    """For instance "4.0 billion"."""
    if number >= _BILLION:
        return _tr("{} billion").format(f"{number / _BILLION:.1f}")
    if number >= _MILLION:
        return _tr("{} million").format(f"{number / _MILLION:.1f}")
    return f"{number:,}"


def needs(look: "BuildLook") -> str:
    """What the making takes of disk and memory, what is free, and which memory the table means."""
    words = _tr(
        "Making it takes up to {disk} of disk ({disk_free} free) and {memory} of memory "
        "({memory_free} free). Memory above: with a context of {context} tokens."
    )
    parts = ("disk", "disk_free", "memory", "memory_free")
    sizes = {name: size_text(getattr(look, name)) for name in parts}
    return words.format(context=f"{look.context:,}", **sizes)


def state_text(status: "BuildStatus") -> str:
    """The state in a word or two."""
    return {
        "running": _tr("Running"),
        "stopping": _tr("Stopping…"),
        "stopped": _tr("Stopped"),
        "failed": _tr("Failed"),
        "built": _tr("Ready to add"),
        "registered": _tr("In your models"),
    }[status.state]


def how_far(status: "BuildStatus", left: float | None) -> str:
    """For instance "Running · Converting, stage 2 of 5 · 42 % · 3 minutes left"."""
    parts = [state_text(status)]
    number = next((n for n, s in enumerate(status.stages, 1) if s.state == "running"), 0)
    if number and status.state == "running":
        stage = status.stages[number - 1]
        words = _tr("{title}, stage {number} of {all}")
        title, count = stage_title(stage), len(status.stages)
        parts.append(words.format(title=title, number=number, all=count))
        parts.append(stage_text(stage, left))
    elif status.state == "running" and status.notice:
        parts = [status.notice]
    elif status.size:
        parts.append(size_text(status.size))
    return " · ".join(part for part in parts if part)


def stage_title(stage: "StageStatus") -> str:
    """What is done in a stage."""
    words = {
        "fetch": _tr("Fetching the weights"),
        "convert": _tr("Converting"),
        "calibrate": _tr("Finding which weights matter"),
        "quantize": _tr("Making it smaller"),
        "search": _tr("Searching for the best mixture"),
        "compare": _tr("Comparing it with the original"),
    }
    return words.get(stage.name) or one_line(stage.title)


def stage_text(stage: "StageStatus", left: float | None) -> str:
    """How far a stage is and how long it still takes."""
    if stage.state != "running":
        return ""
    parts = [] if stage.fraction is None else [f"{100 * stage.fraction:.0f} %"]
    if left is not None:
        parts.append(_tr("{} left").format(time_left(left)))
    return " · ".join(parts)


def findings(figures: Mapping[str, float]) -> list[str]:
    """What the comparison with the original has found, in plain words."""
    found = []
    size, before = figures.get("size"), figures.get("size_before")
    if size and before:
        words = _tr("{after} instead of {before}: {percent} % of it.")
        after, whole = size_text(size), size_text(before)
        percent = f"{100 * size / before:.0f}"
        found.append(words.format(after=after, before=whole, percent=percent))
    if (agreement := figures.get("agreement")) is not None:
        words = _tr("In {} of 100 places it would choose the same next word as the original.")
        found.append(words.format(f"{100 * agreement:.1f}"))
    if (mean := figures.get("mean_divergence")) is not None:
        how = next((how for most, how in _DIVERGENCES if mean < most), "clearly")
        words = _tr("What it expects differs {how} from the original (mean KL divergence {mean}).")
        found.append(words.format(how=_tr(how), mean=f"{mean:.4f}"))
    old, new = figures.get("reference_perplexity"), figures.get("candidate_perplexity")
    if old and new:
        words = _tr("Perplexity on the test text: {new}, of the original {old}.")
        found.append(words.format(new=f"{new:.2f}", old=f"{old:.2f}"))
    if memory := figures.get("memory"):
        words = _tr("It takes about {memory} of memory.")
        if context := figures.get("context"):
            words = _tr("It takes about {memory} of memory with {context} tokens of context.")
        found.append(words.format(memory=size_text(memory), context=f"{context or 0:,.0f}"))
    return found


def _tr(text: str) -> str:
    return QCoreApplication.translate("builds", text)
