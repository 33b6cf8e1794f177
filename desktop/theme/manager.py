"""The one theme in force: follows the setting and, for "system", the desktop."""

from collections.abc import Callable
from functools import cache

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QFontInfo, QGuiApplication
from PySide6.QtWidgets import QApplication

from desktop.theme.stylesheet import palette, style_sheet
from desktop.theme.tokens import Sizes, Tokens, load_tokens, sizes


class Theme(QObject):
    """Applies a theme to the application; `changed` tells widgets that paint themselves."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.tokens: Tokens = load_tokens("light")
        self.sizes: Sizes = sizes(0)
        self.choice = "system"
        self._applied = ""

    def apply(self, choice: str) -> None:
        """Use "light", "dark", or for "system" whatever the desktop uses, now and from now on."""
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        if not self._applied:
            self.sizes = sizes(QFontInfo(application.font()).pixelSize())
            QGuiApplication.styleHints().colorSchemeChanged.connect(self._system_changed)
            application.setStyle("Fusion")
        self.choice = choice
        name = choice if choice in {"light", "dark"} else _system_theme()
        if name == self._applied:
            return
        self._applied = name
        self.tokens = load_tokens(name)
        application.setPalette(palette(self.tokens))
        application.setStyleSheet(style_sheet(self.tokens, self.sizes))
        self.changed.emit()

    def _system_changed(self) -> None:
        if self.choice == "system":
            self.apply("system")


def _system_theme() -> str:
    dark = QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark
    return "dark" if dark else "light"


@cache
def theme() -> Theme:
    """The theme of this process."""
    return Theme()


class _Follower(QObject):
    """Calls a function on every theme change for as long as its owner lives."""

    def __init__(self, owner: QObject, fn: Callable[[], None]) -> None:
        super().__init__(owner)
        self._fn = fn
        theme().changed.connect(self.run)

    def run(self) -> None:
        self._fn()


def follow_theme(owner: QObject, fn: Callable[[], None]) -> None:
    """Call fn now and after every theme change, until owner is destroyed."""
    _Follower(owner, fn)
    fn()
