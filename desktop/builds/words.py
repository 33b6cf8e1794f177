"""Builds in words: what is made, how far it is, and what the figures of the result mean."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from desktop.models.words import time_left
from desktop.widgets.figures import file_size

if TYPE_CHECKING:
    from engine.core.builds import BuildLook, BuildSource, BuildStatus, StageStatus

_SEARCHED = ("bpw", "GiB")
_LOSSES = {"8": "next to none", "6": "very little", "5": "little", "4": "some", "3": "much"}
"""What a type of so many bits usually loses."""
_DIVERGENCES = ((0.01, "hardly at all"), (0.05, "a little"), (0.2, "noticeably"))
_BILLION, _MILLION = 1e9, 1e6


def target_title(target: str) -> str:
    """What is made, for instance "Q4_K_M" or "4.5 bits per weight, searched"."""
    for unit, words in zip(_SEARCHED, ("{} bits per weight", "{} GiB"), strict=True):
        if target.endswith(unit):
            return _tr(words).format(target.removesuffix(unit))
    return target


def target_note(target: str) -> str:
    """What is lost by it."""
    if target.endswith(_SEARCHED):
        return _tr("the least; takes longer")
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
        parts.append(file_size(source.bytes))
    return " · ".join(part for part in parts if part)


def how_many(number: int) -> str:
    """For instance "4.0 billion"."""
    if number >= _BILLION:
        return _tr("{} billion").format(f"{number / _BILLION:.1f}")
    if number >= _MILLION:
        return _tr("{} million").format(f"{number / _MILLION:.1f}")
    return f"{number:,}"


def needs(look: "BuildLook") -> str:
    """What the making takes, and what to do where there is too little of it."""
    words = [
        _tr("While it is made it takes up to {disk} of disk and {memory} of memory.").format(
            disk=file_size(look.disk), memory=file_size(look.memory)
        )
    ]
    if look.disk > look.disk_free:
        free = _tr("Only {} of disk are free: free some, or choose a smaller one.")
        words.append(free.format(file_size(look.disk_free)))
    if look.memory > look.memory_free:
        free = _tr("Only {} of memory are free: close other programs.")
        words.append(free.format(file_size(look.memory_free)))
    return " ".join(words)


def is_short(look: "BuildLook") -> bool:
    """Whether there is too little disk or memory."""
    return look.disk > look.disk_free or look.memory > look.memory_free


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
        parts.append(words.format(title=stage.title, number=number, all=len(status.stages)))
        parts.append(stage_text(stage, left))
    elif status.size:
        parts.append(file_size(status.size))
    return " · ".join(part for part in parts if part)


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
    if (agreement := figures.get("agreement")) is not None:
        words = _tr("In {} of 100 places it would choose the same next word as the original.")
        found.append(words.format(f"{100 * agreement:.1f}"))
    if (mean := figures.get("mean_divergence")) is not None:
        how = next((how for most, how in _DIVERGENCES if mean < most), "clearly")
        words = _tr("What it expects differs {how} from the original (mean KL divergence {mean}).")
        found.append(words.format(how=_tr(how), mean=f"{mean:.4f}"))
    before, after = figures.get("reference_perplexity"), figures.get("candidate_perplexity")
    if before and after:
        words = _tr("Perplexity on the test text: {after}, of the original {before}.")
        found.append(words.format(after=f"{after:.2f}", before=f"{before:.2f}"))
    return found


def _tr(text: str) -> str:
    return QCoreApplication.translate("builds", text)
