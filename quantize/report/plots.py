"""The report's plots as inline SVG; colours are classes of the page's style sheet."""

import html
from collections.abc import Sequence
from dataclasses import dataclass

from quantize.divergence import LEVELS
from quantize.report.scales import Scale, decades, power_text

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 520, 300, 58, 20, 14, 44
COLOURS = 7  # of files, after 0 for the original; further ones begin anew, their curves with dashes
LEAST = 1e-7  # nats: what is less is shown as this
BAR, NAMES, VALUES = 30, 150, 92  # height of a bar's row, width of its name and its figure
LONGEST, LETTER = 24, 6.2  # letters of a name in a plot, width of one


@dataclass(frozen=True, slots=True)
class Point:
    """A file in the plot of sizes. index: its colour; size: bytes; loss: nats."""

    index: int
    name: str
    size: float
    loss: float


@dataclass(frozen=True, slots=True)
class Bar:
    """A file in a plot of bars. span: an interval around the value, or None."""

    index: int
    name: str
    value: float
    text: str
    span: tuple[float, float] | None = None


def front(points: Sequence[Point]) -> list[Point]:
    """The points that no other one beats in both size and loss, smallest first."""
    best: list[Point] = []
    for point in sorted(points, key=lambda one: (one.size, one.loss)):
        if not best or point.loss < best[-1].loss:
            best.append(point)
    return best


def size_plot(points: Sequence[Point]) -> str:
    """Size against loss; those on the Pareto front are filled and joined by a line."""
    unit, scale = ("GB", 1e9) if max(point.size for point in points) >= 1e9 else ("MB", 1e6)
    sizes = [point.size / scale for point in points]
    margin = (max(sizes) - min(sizes)) * 0.12 or max(sizes) * 0.1 or 1.0
    across = Scale(max(0.0, min(sizes) - margin), max(sizes) + margin, LEFT, WIDTH - RIGHT)
    up = decades([point.loss for point in points], HEIGHT - BOTTOM, TOP, LEAST)
    parts = _axes(across, up, f"size, {unit}", "mean KL divergence, nats")
    best = front(points)
    corners = [f"{across.at(one.size / scale):.1f},{up.at(one.loss):.1f}" for one in best]
    parts.append(f'<polyline class="front" points="{" ".join(corners)}"/>')
    taken: list[tuple[float, float]] = []
    circles: list[str] = []
    for point in sorted(points, key=lambda one: (-one.loss, one.size)):
        x, y = across.at(point.size / scale), up.at(point.loss)
        style = _colour(point.index) + ("" if point in best else " hollow")
        circles.append(f'<circle class="{style}" cx="{x:.1f}" cy="{y:.1f}" r="5"/>')
        side, anchor = (9, "start") if x < (LEFT + WIDTH - RIGHT) / 2 else (-9, "end")
        line = y - 8
        while any(abs(line - other) < 13 and abs(x - place) < 160 for place, other in taken):
            line += 13
        taken.append((x, line))
        wide = LETTER * min(len(point.name), LONGEST)
        left = x + side - (wide if side < 0 else 0)
        parts.append(  # the line of the front ends behind a name
            f'<rect class="behind" x="{left:.1f}" y="{line - 10:.1f}" width="{wide:.1f}" '
            'height="13"/>'
            f'<text class="name" text-anchor="{anchor}" x="{x + side:.1f}" y="{line:.1f}">'
            f"{_short(point.name)}</text>"
        )
    return _svg("Size against mean KL divergence", HEIGHT, parts + circles)


def tail_plot(curves: Sequence[tuple[int, Sequence[float]]]) -> str:
    """How many positions diverge more than so much. curves: a file's number and its quantiles."""
    values = [value for _, quantiles in curves for value in quantiles if value > 0]
    across = decades(values, LEFT, WIDTH - RIGHT, LEAST)
    up = Scale(1 - LEVELS[-1], 1.0, HEIGHT - BOTTOM, TOP, True)
    parts = _axes(across, up, "KL divergence, nats", "share of positions that diverge more", True)
    for index, quantiles in curves:
        places = [
            f"{across.at(value):.1f},{up.at(1 - level):.1f}"
            for level, value in zip(LEVELS, quantiles, strict=True)
        ]
        dashed = " dashed" if index > COLOURS else ""
        parts.append(f'<polyline class="{_colour(index)}{dashed}" points="{" ".join(places)}"/>')
    return _svg("Share of positions that diverge more", HEIGHT, parts)


def bars(title: str, found: Sequence[Bar], most: float | None = None) -> str:
    """One bar for each file; most: where the scale ends, None = at the longest."""
    ends = [bar.span[1] if bar.span else bar.value for bar in found]
    scale = Scale(0.0, most or max(ends) or 1.0, NAMES, WIDTH - VALUES)
    parts = []
    for row, bar in enumerate(found):
        y = TOP + row * BAR
        width = scale.at(bar.value) - NAMES
        middle = y + BAR / 2 - 4
        parts.append(f'<text class="y" x="{NAMES - 8}" y="{middle}">{_short(bar.name)}</text>')
        parts.append(
            f'<rect class="{_colour(bar.index)}" x="{NAMES}" y="{y}" rx="2" '
            f'width="{max(width, 1):.1f}" height="{BAR - 8}"/>'
        )
        end = NAMES + width
        if bar.span:
            low, end = (scale.at(value) for value in bar.span)
            parts.append(f'<path class="span" d="M{low:.1f} {middle}H{end:.1f}"/>')
        parts.append(f'<text class="value" x="{end + 7:.1f}" y="{middle}">{bar.text}</text>')
    return _svg(title, TOP + len(found) * BAR, parts)


def mark(index: int) -> str:
    """A file's colour beside its name."""
    dot = f'<circle class="{_colour(index)}" cx="5" cy="5" r="5"/>'
    return f'<svg class="mark" viewBox="0 0 10 10" aria-hidden="true">{dot}</svg>'


def _axes(across: Scale, up: Scale, below: str, beside: str, percent: bool = False) -> list[str]:
    parts = []
    for value in up.ticks():
        y = f"{up.at(value):.1f}"
        text = f"{100 * value:g} %" if percent else power_text(value)
        parts.append(f'<path class="grid" d="M{LEFT} {y}H{WIDTH - RIGHT}"/>')
        parts.append(f'<text class="y" x="{LEFT - 8}" y="{y}">{text}</text>')
    for value in across.ticks():
        x = f"{across.at(value):.1f}"
        text = power_text(value) if across.logarithmic else f"{value:,g}"
        parts.append(f'<path class="grid" d="M{x} {TOP}V{HEIGHT - BOTTOM}"/>')
        parts.append(f'<text class="x" x="{x}" y="{HEIGHT - BOTTOM + 16}">{text}</text>')
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(f'<text class="x" x="{middle}" y="{HEIGHT - 6}">{below}</text>')
    high = (TOP + HEIGHT - BOTTOM) / 2
    parts.append(f'<text class="x" transform="translate(12 {high}) rotate(-90)">{beside}</text>')
    return parts


def _colour(index: int) -> str:
    return f"c{1 + (index - 1) % COLOURS if index else 0}"


def _short(name: str) -> str:
    return html.escape(name if len(name) <= LONGEST else f"…{name[1 - LONGEST :]}")


def _svg(title: str, height: int, parts: Sequence[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="{html.escape(title)}">{"".join(parts)}</svg>'
    )
