"""The design tokens: colours come from resources/themes, sizes are the same in every theme."""

import json
from dataclasses import dataclass

from engine.core.resources import resource

READING_WIDTH = 760
"""Widest column of running text, in pixels; longer lines are hard to read."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """The colours of one theme, as "#rrggbb"."""

    name: str
    window: str
    sidebar: str
    surface: str
    raised: str
    hover: str
    border: str
    strong_border: str
    text: str
    muted: str
    faint: str
    accent: str
    accent_hover: str
    on_accent: str
    accent_soft: str
    accent_text: str
    positive: str
    negative: str
    warning: str
    warning_soft: str
    warning_border: str
    danger_soft: str
    selection: str
    chart: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sizes:
    """Type sizes in pixels, derived from the size the system uses for body text."""

    body: int
    small: int
    heading: int
    title: int
    display: int


def load_tokens(name: str) -> Tokens:
    """The theme called name ("light" or "dark") as shipped in resources/themes."""
    data = json.loads(resource("themes", f"{name}.json").read_text(encoding="utf-8"))
    return Tokens(name=name, **{**data, "chart": tuple(data["chart"])})


def sizes(system_pixels: int) -> Sizes:
    """Type sizes for a system font of system_pixels; never under 13, so that text stays legible."""
    body = max(13, system_pixels)
    return Sizes(body, body - 1, body + 2, body + 7, body + 17)
