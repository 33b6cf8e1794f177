"""Runs as one self-contained HTML file: plots of metrics.jsonl as inline SVG, settings beside.

Nothing is loaded from outside; colours follow the reader's light or dark scheme.
"""

import html
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from training.loop.log import read_metrics

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 520, 260, 56, 30, 12, 22
COLOURS = 6  # of the style sheet; further runs begin anew with dashes
FIRST = ("loss", "reward", "kl", "tok_s", "mfu")
HELD = "held_out/"
HIDDEN = {"step", "time", "eta_s"}
Points = list[tuple[float, float]]


@dataclass(frozen=True)
class Run:
    """One run: a short name, its figures as points (step, value), and its settings."""

    name: str
    figures: dict[str, Points]
    settings: dict[str, str]


def read_run(folder: Path, name: str) -> Run:
    """What a run's folder tells; what is missing or cut off is left out."""
    figures: dict[str, Points] = {}
    for row in read_metrics(folder):
        for key, value in row.items():
            if key not in HIDDEN and isinstance(value, int | float) and math.isfinite(value):
                figures.setdefault(key, []).append((float(row["step"] or 0), float(value)))
    try:
        settings = flat(json.loads((folder / "config.json").read_text(encoding="utf-8")))
    except (OSError, json.JSONDecodeError):
        settings = {}
    return Run(name, figures, settings)


def smoothed(points: Points, weight: float) -> Points:
    """Exponential moving average of the values, without its pull towards a start at zero:

    a_t = w a_(t-1) + (1 - w) v_t, shown as a_t / (1 - w^t).
    """
    average, result = 0.0, []
    for count, (step, value) in enumerate(points, 1):
        average = weight * average + (1 - weight) * value
        result.append((step, average / (1 - weight**count)))
    return result


def ticks(low: float, high: float, count: int = 5) -> list[float]:
    """Round numbers (1, 2 or 5 times a power of ten apart) within low … high."""
    raw = (high - low) / count
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(number * step, 12) for number in range(first, last + 1)]


def step_ticks(last: float) -> list[float]:
    """Round numbers of steps, without parts of one."""
    return ticks(0.0, last, min(8, int(last)))


def plot(title: str, lines: Sequence[tuple[int, Points]], weight: float) -> str:
    """An SVG of one figure over steps. lines: number of the run (its colour) and its points; they
    are drawn faintly, their moving average on top."""
    values = [value for _, points in lines for _, value in points]
    first, last = 0.0, max(1.0, *(points[-1][0] for _, points in lines))
    low, high = bounds(values)

    def place(point: tuple[float, float]) -> str:
        x = LEFT + (point[0] - first) / (last - first) * (WIDTH - LEFT - RIGHT)
        y = TOP + (high - point[1]) / (high - low) * (HEIGHT - TOP - BOTTOM)
        return f"{x:.1f},{y:.1f}"

    parts = []
    for value in ticks(low, high):
        x, y = place((first, value)).split(",")
        parts.append(f'<path class="grid" d="M{x} {y}H{WIDTH - RIGHT}"/>')
        parts.append(f'<text class="y" x="{LEFT - 8}" y="{y}">{number_text(value)}</text>')
    for step in step_ticks(last):
        x = place((step, low)).split(",")[0]
        parts.append(f'<text class="x" x="{x}" y="{HEIGHT - 8}">{number_text(step)}</text>')
    for index, points in lines:
        smooth = smoothed(points, weight) if len(points) > 9 else points
        colour = f"c{index % COLOURS}" + (" dashed" if index >= COLOURS else "")
        if smooth is not points:
            parts.append(_line(f"faint {colour}", map(place, points)))
        parts.append(_line(colour, map(place, smooth)))
        x, y = place(smooth[-1]).split(",")
        parts.append(_dot(index, x, y, 3))
    body = "".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{html.escape(title)} over steps">{body}</svg>'
    )


def lines_by_figure(runs: Sequence[Run]) -> dict[str, list[tuple[int, Points]]]:
    """For each figure that any of the runs has, the usual ones first: their numbers and points."""
    names = {name for run in runs for name in run.figures}
    order = [name for name in FIRST if name in names]
    order += sorted(names - set(order), key=lambda name: (not name.startswith(HELD), name))
    return {
        name: [(i, run.figures[name]) for i, run in enumerate(runs) if name in run.figures]
        for name in order
    }


def page(runs: Sequence[Run], weight: float) -> str:
    """The whole report. weight: of the past in the moving average, 0 = none."""
    figures = "".join(
        f"<figure><figcaption>{html.escape(title_of(name))}</figcaption>"
        f"{plot(title_of(name), lines, weight)}</figure>"
        for name, lines in lines_by_figure(runs).items()
    )
    nothing = "" if figures else "<p>No figures have been written yet.</p>"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>Training report</title><style>{_STYLE}</style></head><body>"
        f"<h1>Training report</h1>{_summary(runs)}{nothing}<main>{figures}</main>"
        f"{_settings(runs)}</body></html>\n"
    )


def _summary(runs: Sequence[Run]) -> str:
    names = {name for run in runs for name in run.figures}
    columns = [name for name in FIRST if name in names]
    columns += sorted(name for name in names if name.startswith(HELD))[:4]
    head = "".join(f"<th>{html.escape(title_of(name))}</th>" for name in columns)
    rows = []
    for index, run in enumerate(runs):
        steps = max((points[-1][0] for points in run.figures.values()), default=0)
        last = (run.figures.get(column) for column in columns)
        cells = "".join(
            f"<td>{number_text(points[-1][1]) if points else '–'}</td>" for points in last
        )
        mark = f'<svg class="mark" viewBox="0 0 10 10">{_dot(index, "5", "5", 5)}</svg>'
        rows.append(f"<tr><th>{mark}{html.escape(run.name)}</th><td>{steps:,.0f}</td>{cells}</tr>")
    return (
        f'<div class="wide"><table><tr><th>run</th><th>steps</th>{head}</tr>'
        f"{''.join(rows)}</table></div>"
    )


def _settings(runs: Sequence[Run]) -> str:
    """The settings as a table; those in which the runs differ stand first."""
    keys = list(dict.fromkeys(key for run in runs for key in run.settings))
    keys.sort(key=lambda key: len({run.settings.get(key) for run in runs}) == 1)
    rows = []
    for key in keys:
        values = [run.settings.get(key, "–") for run in runs]
        mark = ' class="differs"' if len(set(values)) > 1 else ""
        cells = "".join(f"<td>{html.escape(value)}</td>" for value in values)
        rows.append(f"<tr{mark}><th>{html.escape(key)}</th>{cells}</tr>")
    head = "".join(f"<th>{html.escape(run.name)}</th>" for run in runs)
    table = f'<table class="settings"><tr><th></th>{head}</tr>{"".join(rows)}</table>'
    wide = f'<div class="wide">{table}</div>'
    return f"<details><summary>Settings</summary>{wide}</details>" if keys else ""


def _line(style: str, places: Iterable[str]) -> str:
    return f'<polyline class="{style}" points="{" ".join(places)}"/>'


def _dot(index: int, x: str, y: str, radius: int) -> str:
    return f'<circle class="c{index % COLOURS}" cx="{x}" cy="{y}" r="{radius}"/>'


def title_of(name: str) -> str:
    """A figure in words."""
    return _TITLES.get(name, name.replace(HELD, "held out: ").replace("_", " "))


def bounds(values: Sequence[float]) -> tuple[float, float]:
    """What a plot of these values shows: a little more than their range."""
    low, high = min(values), max(values)
    margin = (high - low) * 0.05 or abs(high) * 0.1 or 1.0
    return low - margin, high + margin


def number_text(value: float) -> str:
    """A number as short as it stands beside a plot."""
    if value and (abs(value) < 1e-3 or abs(value) >= 1e7):
        return f"{value:.1e}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def flat(table: object, prefix: str = "") -> dict[str, str]:
    """Settings by dotted name, as text."""
    if not isinstance(table, dict):
        return {prefix[:-1]: table if isinstance(table, str) else json.dumps(table)}
    found: dict[str, str] = {}
    for key, value in table.items():
        found |= flat(value, f"{prefix}{key}.")
    return found


_TITLES = {"kl": "KL divergence", "tok_s": "tokens/s", "mfu": "MFU"}
_STYLE = """
:root{color-scheme:light dark;--page:#fbfbfa;--card:#fff;--ink:#1d1f23;--soft:#676c75;
--rule:#e3e4e7;--c0:#2563c9;--c1:#c2570c;--c2:#177a4c;--c3:#8b3fb5;--c4:#b3261e;--c5:#0b7285}
@media (prefers-color-scheme:dark){:root{--page:#15171a;--card:#1d2024;--ink:#e6e7ea;
--soft:#9aa0aa;--rule:#30343a;--c0:#6ea8fe;--c1:#f5a25d;--c2:#5ecf96;--c3:#c792ea;--c4:#ff8a80;--c5:#5cc8d7}}
body{font:15px/1.5 system-ui,sans-serif;background:var(--page);color:var(--ink);margin:2rem auto;
max-width:1140px;padding:0 1.2rem}
h1{font-size:1.4rem;font-weight:600;margin:0 0 1rem}
main{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,440px),1fr));gap:1rem;
margin:1.2rem 0}
figure,.wide,details{background:var(--card);border:1px solid var(--rule);border-radius:8px;margin:0;
padding:.8rem 1rem}
.wide{overflow-x:auto}details .wide{border:0;padding:.5rem 0 0}
figcaption,summary{font-weight:600;font-size:.9rem}summary{cursor:pointer}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.9rem}
td,th{padding:.25rem 1.4rem .25rem 0;text-align:left;font-weight:400;white-space:nowrap}
tr:first-child th,.settings th{color:var(--soft)}
.differs td{font-weight:600}
svg{width:100%;height:auto;display:block}.mark{display:inline-block;width:.7em;margin-right:.5em}
text{font:11px system-ui,sans-serif;fill:var(--soft)}.x{text-anchor:middle}
.y{text-anchor:end;dominant-baseline:middle}
.grid{stroke:var(--rule)}polyline{fill:none;stroke-width:1.8;stroke-linejoin:round}
.faint{opacity:.3;stroke-width:1}.dashed{stroke-dasharray:5 3}
"""
_STYLE += "".join(
    f"polyline.c{i}{{stroke:var(--c{i})}}circle.c{i}{{fill:var(--c{i})}}" for i in range(COLOURS)
)
