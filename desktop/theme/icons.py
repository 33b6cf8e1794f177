"""Our own line icons, tinted with a token and re-tinted when the theme changes."""

from functools import cache

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QGuiApplication, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QAbstractButton, QLabel

from desktop.theme.manager import follow_theme, theme
from engine.core.resources import resource


def pixmap(name: str, tint: str, size: int, scale: float = 1.0) -> QPixmap:
    """The icon `name` drawn `size` logical pixels wide in the colour of a token."""
    colour = getattr(theme().tokens, tint)
    renderer = QSvgRenderer(QByteArray(_source(name).replace("currentColor", colour).encode()))
    edge = round(size * scale)
    result = QPixmap(QSize(edge, edge))
    result.fill(Qt.GlobalColor.transparent)
    painter = QPainter(result)
    renderer.render(painter, QRectF(0, 0, edge, edge))
    painter.end()
    result.setDevicePixelRatio(scale)
    return result


def icon(name: str, tint: str = "text", size: int = 18) -> QIcon:
    """The icon for a button or a window, crisp on the sharpest screen there is."""
    application = QGuiApplication.instance()
    assert isinstance(application, QGuiApplication)
    return QIcon(pixmap(name, tint, size, application.devicePixelRatio()))


def set_icon(button: QAbstractButton, name: str, tint: str = "muted", size: int = 18) -> None:
    """Give a button an icon that follows the theme; a later call replaces it."""
    first = button.property("icon_name") is None
    button.setProperty("icon_name", name)
    button.setProperty("icon_tint", tint)
    button.setIconSize(QSize(size, size))
    if first:
        follow_theme(button, lambda: _refresh_button(button))
    else:
        _refresh_button(button)


def set_label_icon(label: QLabel, name: str, tint: str = "muted", size: int = 18) -> None:
    """Show an icon that follows the theme in a label."""
    label.setFixedSize(size, size)

    def draw() -> None:
        label.setPixmap(pixmap(name, tint, size, label.devicePixelRatioF()))

    follow_theme(label, draw)


def _refresh_button(button: QAbstractButton) -> None:
    name, tint = button.property("icon_name"), button.property("icon_tint")
    button.setIcon(icon(name, tint, button.iconSize().width()))


@cache
def _source(name: str) -> str:
    return resource("icons", f"{name}.svg").read_text(encoding="utf-8")
