"""Perplexity by position in the text: does a model still read well beyond its context?"""

import html
import math
from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor, nn

from training.models.parts import head, hidden_states
from training.objectives.cross_entropy import chunked_cross_entropy

_WIDTH, _HEIGHT, _LEFT, _BOTTOM = 720, 360, 60, 40
_COLOURS = ("#1f6feb", "#d1242f", "#1a7f37")
_DASHED = 'stroke-dasharray="4"'
_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Perplexity by position</title>
<style>
body {{ font: 16px sans-serif; max-width: 760px; margin: 2em auto }}
td, th {{ padding: 0 1em; text-align: right }}
</style>
<h1>Perplexity by position</h1>
<p>Trained on {trained:,} tokens (dashed line); lower is better.</p>
<svg viewBox="0 0 {size}">{plot}</svg>
<table><tr><th>up to position</th>{heads}</tr>{rows}</table>
</html>
"""


def perplexities(model: nn.Module, windows: Iterable[Tensor], buckets: int) -> list[float]:
    """exp(mean negative log-likelihood) of the tokens in each of as many stretches of a window.

    windows: [length + 1] token ids each, all of one length, a multiple of buckets plus one.
    """
    nats, count = [0.0] * buckets, 0
    place = next(model.parameters()).device
    for window in windows:
        tokens = window.to(place)
        size = (len(tokens) - 1) // buckets
        with torch.no_grad():
            states = hidden_states(model, tokens[None, :-1], None)[0]
            for bucket in range(buckets):
                part = slice(bucket * size, (bucket + 1) * size)
                ones = torch.ones(size, device=place)
                loss = chunked_cross_entropy(states[part], head(model), tokens[1:][part], ones)
                nats[bucket] += float(loss)
        count += size
    return [math.exp(total / count) for total in nats]


def report(ends: Sequence[int], curves: Mapping[str, Sequence[float]], trained: int) -> str:
    """An HTML page: the curves drawn over the position, and the same as a table.

    ends: last position of each stretch; curves: a name and a perplexity for each stretch; trained:
    the context the model was trained on, marked by a line.
    """
    values = [value for curve in curves.values() for value in curve]
    low, high = math.log(min(values)) - 0.1, math.log(max(values)) + 0.1

    def across(position: float) -> float:
        return _LEFT + (_WIDTH - _LEFT) * position / ends[-1]

    def down(value: float) -> float:
        return (_HEIGHT - _BOTTOM) * (high - math.log(value)) / (high - low)

    edge = f"{across(trained):.1f}"
    drawn = [
        f'<line x1="{edge}" x2="{edge}" y1="0" y2="{_HEIGHT - _BOTTOM}" stroke="#888" {_DASHED}/>'
    ]
    for name, colour in zip(curves, _COLOURS, strict=False):
        points = " ".join(
            f"{across(end):.1f},{down(value):.1f}"
            for end, value in zip(ends, curves[name], strict=True)
        )
        drawn.append(
            f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="{points}">'
            f"<title>{html.escape(name)}</title></polyline>"
        )
    for value in (min(values), max(values)):
        drawn.append(f'<text x="0" y="{down(value):.0f}" font-size="12">{value:.1f}</text>')
    for end in (ends[0], ends[-1]):
        drawn.append(
            f'<text x="{across(end):.0f}" y="{_HEIGHT - 15}" font-size="12" '
            f'text-anchor="end">{end:,}</text>'
        )
    heads = "".join(
        f'<th style="color:{colour}">{html.escape(name)}</th>'
        for name, colour in zip(curves, _COLOURS, strict=False)
    )
    rows = "".join(
        f"<tr><td>{end:,}</td>" + "".join(f"<td>{value:.2f}</td>" for value in line) + "</tr>"
        for end, line in zip(ends, zip(*curves.values(), strict=True), strict=True)
    )
    return _PAGE.format(
        trained=trained, size=f"{_WIDTH} {_HEIGHT}", plot="".join(drawn), heads=heads, rows=rows
    )
