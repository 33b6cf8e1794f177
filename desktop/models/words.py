"""Figures about models in words: how one fits, how far a download is."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from desktop.widgets.figures import file_size

if TYPE_CHECKING:
    from engine.service import DownloadStatus, ModelFit

_MINUTE = 60
_MINUTES = 90
"""More are given in hours."""

FIT_ROLES = {"fits": "tag", "tight": "badge", "too large": "refusal"}
"""How the badge of a fit looks."""


def fit_badge(words: str) -> str:
    """What stands on the badge."""
    return {
        "fits": _tr("Runs well here"),
        "tight": _tr("Tight: close other programs"),
        "too large": _tr("Too large for this computer"),
    }[words]


def fit_sentence(fit: "ModelFit") -> str:
    """The figures behind the badge."""
    return _tr(
        "It needs about {needed} of memory. This computer has {total}, of which {free} are free "
        "for a model now."
    ).format(
        needed=file_size(fit.needed),
        total=file_size(fit.memory.total),
        free=file_size(fit.memory.free),
    )


def download_text(status: "DownloadStatus") -> str:
    """How far a download is and how long it still takes."""
    if status.state == "waiting" and status.notice:
        return status.notice
    words = {
        "queued": _tr("Waiting for its turn"),
        "asking": _tr("Asking the server…"),
        "checking": _tr("Checking what is there already…"),
        "verifying": _tr("Checking the whole file…"),
    }.get(status.state)
    if words:
        return words
    parts = [how_far(status.done, status.size)]
    if status.state == "paused":
        parts.append(_tr("paused"))
    elif status.state in ("fetching", "waiting"):
        if status.speed:
            parts.append(_tr("{} per second").format(small_size(status.speed)))
        if status.left is not None:
            parts.append(_tr("{} left").format(time_left(status.left)))
    return " · ".join(parts)


def how_far(done: int, size: int) -> str:
    """For instance "1.2 GB of 2.5 GB (48 %)"."""
    if not size:
        return file_size(done)
    percent = 100 * done // size
    words = _tr("{done} of {size} ({percent} %)")
    return words.format(done=file_size(done), size=file_size(size), percent=percent)


def small_size(size: float) -> str:
    """A speed: with a decimal where a whole number would say too little."""
    if size < 1e6:
        return f"{max(1, round(size / 1e3))} kB"
    return f"{size / 1e6:.1f} MB" if size < 1e8 else f"{round(size / 1e6)} MB"


def time_left(seconds: float) -> str:
    """For instance "6 minutes"; a time that nobody can foresee to the second."""
    if seconds < _MINUTE:
        return _tr("less than a minute")
    minutes = round(seconds / _MINUTE)
    if minutes < _MINUTES:
        return _tr("1 minute") if minutes == 1 else _tr("{} minutes").format(minutes)
    return _tr("{} hours").format(f"{seconds / 3600:.1f}")


def _tr(text: str) -> str:
    return QCoreApplication.translate("models", text)
