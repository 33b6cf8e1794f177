"""What the folder of a run says of it."""

from dataclasses import dataclass
from pathlib import Path
from signal import SIGINT, SIGTERM
from typing import Literal

from engine.training_runs.process import LOG, exit_status, read_process

State = Literal["running", "stopping", "stopped", "finished", "failed"]
MODEL = "model"
_STOPPED = (3, -SIGINT, -SIGTERM)
_TAIL = 4_000


@dataclass(frozen=True, slots=True)
class Run:
    """One run. recipe: its name; text: the last line it wrote, or why it failed; model: what came
    of it, None if there is nothing yet."""

    folder: Path
    recipe: str
    state: State
    text: str
    model: Path | None

    @property
    def name(self) -> str:
        """The name of its folder."""
        return self.folder.name

    @property
    def is_running(self) -> bool:
        """Whether its process is at work, be it to save what there is."""
        return self.state in ("running", "stopping")


def read_run(folder: Path, recipe: str) -> Run:
    """Look at a folder; whatever is missing or broken there is left out."""
    state, text = _state(folder)
    model = folder / MODEL
    return Run(folder, recipe, state, text, model if model.is_dir() else None)


def _state(folder: Path) -> tuple[State, str]:
    if not folder.is_dir():
        return "failed", "Its folder is not there any more."
    process, status, text = read_process(folder), exit_status(folder), _last_line(folder)
    if process is None:
        return "failed", "Its folder holds no run any more."
    if status is None and process.is_alive():
        return ("stopping" if process.asked else "running"), text
    status = exit_status(folder)  # it may have ended between the two looks
    if status == 0:
        return "finished", text
    if status in _STOPPED or (status is None and process.asked):
        return "stopped", text
    if status is None or status < 0:
        why = "" if status is None else f" (signal {-status})"
        return "failed", f"The system ended it{why}, perhaps because the memory was full."
    return "failed", text.removeprefix("assay-train: ") or f"It ended with status {status}."


def _last_line(folder: Path) -> str:
    try:
        with (folder / LOG).open("rb") as file:
            file.seek(max(0, file.seek(0, 2) - _TAIL))
            lines = file.read(_TAIL).decode("utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
