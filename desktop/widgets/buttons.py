"""Buttons with a look, an accessible name and an icon that follows the theme."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton

from desktop.safetext import button_text, one_line, tooltip
from desktop.theme.icons import set_icon

_ICON_TOKENS = {
    "primary": "on_accent",
    "round": "on_accent",
    "danger": "negative",
    "link": "accent_text",
}


def button(
    text: str,
    on_click: Callable[[], object],
    *,
    kind: str = "",
    icon: str = "",
    hint: str = "",
) -> QPushButton:
    """A button with words on it; kind is its look in the style sheet, hint a tooltip."""
    # A thin space keeps the words at a distance from the icon.
    result = QPushButton(("\u2009" if icon else "") + button_text(text))
    result.setAccessibleName(one_line(text))
    result.setProperty("kind", kind)
    result.setCursor(Qt.CursorShape.PointingHandCursor)
    result.setAutoDefault(False)
    if icon:
        set_icon(result, icon, _ICON_TOKENS.get(kind, "muted"), 16)
    if hint:
        result.setToolTip(tooltip(hint))
    # `clicked` passes whether the button is checked, which nobody wants to know.
    result.clicked.connect(lambda _: on_click())
    return result


def icon_button(
    icon: str, name: str, on_click: Callable[[], object], *, kind: str = "icon", size: int = 18
) -> QPushButton:
    """A button that shows only an icon; its name is read aloud and shown as a tooltip."""
    result = QPushButton()
    result.setAccessibleName(name)
    result.setToolTip(tooltip(name))
    result.setProperty("kind", kind)
    result.setCursor(Qt.CursorShape.PointingHandCursor)
    result.setAutoDefault(False)
    set_icon(result, icon, _ICON_TOKENS.get(kind, "muted"), size)
    # `clicked` passes whether the button is checked, which nobody wants to know.
    result.clicked.connect(lambda _: on_click())
    return result
