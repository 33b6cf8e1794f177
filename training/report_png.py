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
    ticks,
)

_SCALE = 2  # dots per unit of the page
_INK, _RULE = "#676c75", "#e3e4e7"
_LINES = ("#2563c9", "#c2570c", "#177a4c", "#8b3fb5", "#b3261e", "#0b7285")
_HEAD = 24  # for the title


def picture(title: str, lines: Sequence[tuple[int, Points]], weight: float) -> Image.Image:
    """A plot of one figure over steps.

    lines: number of the run (its colour) and its points, drawn faintly with their moving average
    on top. weight: of the past in that average.
    """
    image = Image.new("RGB", (WIDTH * _SCALE, (HEIGHT + _HEAD) * _SCALE), "white")
    draw = ImageDraw.Draw(image)
    small, large = (ImageFont.load_default(size * _SCALE) for size in (11, 13))
    last = max(1.0, *(points[-1][0] for _, points in lines))
    low, high = bounds([value for _, points in lines for _, value in points])

    def place(step: float, value: float) -> tuple[float, float]:
        x = LEFT + step / last * (WIDTH - LEFT - RIGHT)
        y = _HEAD + TOP + (high - value) / (high - low) * (HEIGHT - TOP - BOTTOM)
        return x * _SCALE, y * _SCALE

    draw.text((8 * _SCALE, 6 * _SCALE), title, _INK, large)
    for value in ticks(low, high):
        x, y = place(0, value)
        draw.line((x, y, place(last, value)[0], y), _RULE, _SCALE)
        draw.text((x - 8 * _SCALE, y), number_text(value), _INK, small, anchor="rm")
    for step in ticks(0, last, 8):
        x, y = place(step, low)
        draw.text((x, y + 8 * _SCALE), number_text(step), _INK, small, anchor="ma")
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
