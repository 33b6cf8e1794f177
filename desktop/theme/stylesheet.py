"""Palette and style sheet from the design tokens."""

from dataclasses import asdict
from string import Template

from PySide6.QtGui import QColor, QPalette

from desktop.theme.tokens import Sizes, Tokens
from engine.core.resources import resource


def style_sheet(tokens: Tokens, sizes: Sizes) -> str:
    """resources/themes/app.qss with every $name replaced by its token."""
    template = Template(resource("themes", "app.qss").read_text(encoding="utf-8"))
    chevron = resource("themes", "chevron.svg").as_posix()
    return template.substitute({**asdict(tokens), **asdict(sizes), "chevron": chevron})


def palette(tokens: Tokens) -> QPalette:
    """A palette for what no style sheet reaches: item views, tooltips, disabled text."""
    result = QPalette()
    roles = {
        QPalette.ColorRole.Window: tokens.window,
        QPalette.ColorRole.WindowText: tokens.text,
        QPalette.ColorRole.Base: tokens.surface,
        QPalette.ColorRole.AlternateBase: tokens.raised,
        QPalette.ColorRole.Text: tokens.text,
        QPalette.ColorRole.PlaceholderText: tokens.faint,
        QPalette.ColorRole.Button: tokens.surface,
        QPalette.ColorRole.ButtonText: tokens.text,
        QPalette.ColorRole.ToolTipBase: tokens.surface,
        QPalette.ColorRole.ToolTipText: tokens.text,
        QPalette.ColorRole.Highlight: tokens.selection,
        QPalette.ColorRole.HighlightedText: tokens.text,
        QPalette.ColorRole.Accent: tokens.accent,
        QPalette.ColorRole.Link: tokens.accent_text,
        QPalette.ColorRole.LinkVisited: tokens.accent_text,
    }
    for role, colour in roles.items():
        result.setColor(role, QColor(colour))
    disabled = QPalette.ColorGroup.Disabled
    for role in (QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        result.setColor(disabled, role, QColor(tokens.faint))
    return result
