"""Plots of one or more runs as one HTML file, and each plot as a PNG file if asked."""

from dataclasses import dataclass
from pathlib import Path

from engine.core.errors import KnownError
from training.loop.log import METRICS
from training.methods.common import Options
from training.report import lines_by_figure, page, read_run, title_of
from training.report_png import picture


@dataclass(frozen=True)
class Config:
    """runs: folders of runs, compared with each other; out: the HTML file; plots: folder for each
    plot as a PNG file; smoothing: weight of the past in the curves, from 0 (none) to below 1."""

    runs: tuple[str, ...] = ()
    out: str = "report.html"
    plots: str = ""
    smoothing: float = 0.6

    def __post_init__(self) -> None:
        if not self.runs:
            raise ValueError("name the folders of one or more runs.")
        if not 0 <= self.smoothing < 1:
            raise ValueError("smoothing must be at least 0 and below 1.")


def run(config: Config, options: Options) -> bool:
    """Write the report."""
    folders = [Path(name) for name in config.runs]
    for folder in folders:
        if not (folder / METRICS).is_file():
            raise KnownError(f"There is no run in {folder} (no {METRICS}).")
    same = len({folder.resolve().name for folder in folders}) < len(folders)
    names = [str(folder) if same else folder.resolve().name for folder in folders]
    runs = [read_run(folder, name) for folder, name in zip(folders, names, strict=True)]
    Path(config.out).write_text(page(runs, config.smoothing), encoding="utf-8")
    if config.plots:
        Path(config.plots).mkdir(parents=True, exist_ok=True)
        for figure, lines in lines_by_figure(runs).items():
            path = Path(config.plots) / f"{figure.replace('/', '_')}.png"
            picture(title_of(figure), lines, config.smoothing, names).save(path)
    print(f"Wrote {config.out}")
    return True
