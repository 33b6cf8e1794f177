"""The plots of a report as PNG pictures, for places that show no HTML."""

from collections.abc import Sequence

from PIL import Image, ImageColor, ImageDraw, ImageFont

from training.report import (
    BOTTOM,
    COLOURS,
    HEIGHT,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    Points,
    bounds,
    number_text,
    smoothed,
    step_ticks,
    ticks,
)

_SCALE = 2  # dots per unit of the page
_INK, _RULE = "#676c75", "#e3e4e7"
_LINES = ("#2563c9", "#c2570c", "#177a4c", "#8b3fb5", "#b3261e", "#0b7285")
_HEAD, _LEGEND, _FOOT = 24, 16, 14  # for the title, a line of the legend, the name of the axis
_MARK = 14  # for the dot before a name and the space after it


def picture(
    title: str, lines: Sequence[tuple[int, Points]], weight: float, names: Sequence[str]
) -> Image.Image:
    """A plot of one figure over steps.

    lines: number of the run (its colour) and its points, drawn faintly with their moving average
    on top. weight: of the past in that average. names: of all runs; a legend names those drawn.
    """
    small, large = (ImageFont.load_default(size * _SCALE) for size in (11, 13))
    legend = _legend([(index, names[index]) for index, _ in lines], small) if names[1:] else []
    head = _HEAD + _LEGEND * len({y for _, _, _, y in legend})
    image = Image.new("RGB", (WIDTH * _SCALE, (head + HEIGHT + _FOOT) * _SCALE), "white")
    draw = ImageDraw.Draw(image)
    last = max(1.0, *(points[-1][0] for _, points in lines))
    low, high = bounds([value for _, points in lines for _, value in points])

    def place(step: float, value: float) -> tuple[float, float]:
        x = LEFT + step / last * (WIDTH - LEFT - RIGHT)
        y = head + TOP + (high - value) / (high - low) * (HEIGHT - TOP - BOTTOM)
        return x * _SCALE, y * _SCALE

    draw.text((8 * _SCALE, 6 * _SCALE), title, _INK, large)
    for value in ticks(low, high):
        x, y = place(0, value)
        draw.line((x, y, place(last, value)[0], y), _RULE, _SCALE)
        draw.text((x - 8 * _SCALE, y), number_text(value), _INK, small, anchor="rm")
    for step in step_ticks(last):
        x, y = place(step, low)
        draw.text((x, y + 8 * _SCALE), number_text(step), _INK, small, anchor="ma")
    draw.text((place(last / 2, low)[0], image.height - 6 * _SCALE), "step", _INK, small, "ms")
    for index, name, x, y in legend:
        dot = (x, y - 4 * _SCALE, x + 8 * _SCALE, y + 4 * _SCALE)
        draw.ellipse(dot, _LINES[index % COLOURS])
        draw.text((x + _MARK * _SCALE, y), name, _INK, small, anchor="lm")
    for index, points in lines:
        colour = _LINES[index % COLOURS]
        smooth = smoothed(points, weight) if len(points) > 9 else points
        if smooth is not points:
            faint = tuple(round(255 - 0.3 * (255 - part)) for part in ImageColor.getrgb(colour))
            draw.line([place(*point) for point in points], faint, _SCALE)
        draw.line([place(*point) for point in smooth], colour, 2 * _SCALE, "curve")
        x, y = place(*smooth[-1])
        draw.ellipse((x - 6, y - 6, x + 6, y + 6), colour)
    return image


def _legend(
    names: Sequence[tuple[int, str]], font: ImageFont.FreeTypeFont | ImageFont.ImageFont
) -> list[tuple[int, str, float, float]]:
    """Number, name and place of each run below the title, in as many lines as they need."""
    placed: list[tuple[int, str, float, float]] = []
    x, y = 8.0 * _SCALE, (_HEAD + _LEGEND / 2) * _SCALE
    for index, name in names:
        width = font.getlength(name) + 2 * _MARK * _SCALE
        if placed and x + width > WIDTH * _SCALE:
            x, y = 8.0 * _SCALE, y + _LEGEND * _SCALE
        placed.append((index, name, x, y))
        x += width
    return placed
