"""Short forms for laying out widgets on the 4-pixel grid."""

from collections.abc import Iterable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QLayout, QVBoxLayout, QWidget

Item = QWidget | QLayout | int | None
"""A widget, a layout, a gap in pixels, or None for a stretch."""

Margins = tuple[int, int, int, int]


def fill(layout: QBoxLayout, items: Iterable[Item], gap: int, margins: Margins) -> None:
    """Set gap and margins (left, top, right, bottom; pixels) and add the items in order."""
    layout.setSpacing(gap)
    layout.setContentsMargins(*margins)
    for item in items:
        if item is None:
            layout.addStretch(1)
        elif isinstance(item, int):
            layout.addSpacing(item)
        elif isinstance(item, QWidget):
            layout.addWidget(item)
        else:
            layout.addLayout(item)


def column(*items: Item, gap: int = 8, margins: Margins = (0, 0, 0, 0)) -> QVBoxLayout:
    """A column of items."""
    layout = QVBoxLayout()
    fill(layout, items, gap, margins)
    return layout


def row(*items: Item, gap: int = 8, margins: Margins = (0, 0, 0, 0)) -> QHBoxLayout:
    """A row of items, centred vertically."""
    layout = QHBoxLayout()
    fill(layout, items, gap, margins)
    return layout


def boxed(layout: QLayout, name: str = "") -> QWidget:
    """A widget holding a layout; name is what the style sheet knows it by."""
    widget = QWidget()
    widget.setObjectName(name)
    if name:
        widget.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    widget.setLayout(layout)
    return widget


def framed(layout: QLayout, name: str) -> QFrame:
    """A frame holding a layout, drawn by the style sheet under this name."""
    frame = QFrame()
    frame.setObjectName(name)
    frame.setLayout(layout)
    return frame


def rule() -> QFrame:
    """A thin horizontal line."""
    line = QFrame()
    line.setObjectName("rule")
    return line


def clear(layout: QLayout) -> None:
    """Remove and delete everything in a layout."""
    while (item := layout.takeAt(0)) is not None:
        if (widget := item.widget()) is not None:
            widget.hide()
            widget.deleteLater()
        elif (inner := item.layout()) is not None:
            clear(inner)
