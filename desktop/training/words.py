"""Runs in words: their states, and what their newest figures say."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from desktop.models.words import time_left

if TYPE_CHECKING:
    from engine.service import TrainingFigures, TrainingRun

STATE_ROLES = {"running": "tag", "stopping": "badge", "stopped": "badge", "failed": "refusal"}
"""How the badge of a state looks; that of a finished one is a tag."""


def state_text(run: "TrainingRun") -> str:
    """The state in a word or two."""
    return {
        "running": _tr("Running"),
        "stopping": _tr("Saving and stopping…"),
        "stopped": _tr("Stopped"),
        "finished": _tr("Finished"),
        "failed": _tr("Failed"),
    }[run.state]


def left_text(run: "TrainingRun", figures: "TrainingFigures") -> str:
    """How long it still takes, while it runs."""
    known = run.state == "running" and figures.left is not None
    return time_left(figures.left or 0.0) if known else ""


def figure_text(name: str, value: float | None) -> str:
    """A figure as it is read, "" for none."""
    if value is None:
        return ""
    if name == "tok_s":
        return f"{value:,.0f}"
    return f"{value:.4f}" if 0.001 <= abs(value) < 1000 or value == 0 else f"{value:.3g}"


def summary(run: "TrainingRun", figures: "TrainingFigures") -> str:
    """For instance "Step 120 · loss 2.1304 · 2,300 tokens per second · 12 minutes left"."""
    last = figures.last
    parts = [_tr("Step {}").format(f"{figures.step:,}")] if last else []
    for name, words in (
        ("loss", _tr("loss {}")),
        ("reward", _tr("reward {}")),
        ("kl", _tr("KL {}")),
        ("held_out/loss", _tr("held-out loss {}")),
        ("tok_s", _tr("{} tokens per second")),
    ):
        if name in last:
            parts.append(words.format(figure_text(name, last[name])))
    if "mfu" in last:
        parts.append(_tr("{} % of the device").format(f"{100 * last['mfu']:.0f}"))
    if left := left_text(run, figures):
        parts.append(_tr("{} left").format(left))
    return " · ".join(parts)


def _tr(text: str) -> str:
    return QCoreApplication.translate("training", text)
