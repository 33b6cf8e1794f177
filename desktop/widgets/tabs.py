"""Tabs: a row of choices over pages, each built when it is first shown."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QStackedWidget, QWidget

from desktop.widgets.layout import column
from desktop.widgets.segments import Segments

Build = Callable[[], QWidget]


class Tabs(QWidget):
    """The pages; `bar` is the row of choices, to be placed by the owner.

    Ctrl+Tab and Ctrl+Shift+Tab go through the pages from anywhere inside `keys`; the arrow keys do
    so in the bar.
    """

    changed = Signal(str)
    """The key of the page that is shown now."""

    def __init__(self, name: str, tabs: Sequence[tuple[str, str, Build]], keys: QWidget) -> None:
        """tabs: key, title and how to build the page."""
        super().__init__()
        self._build = {key: build for key, _, build in tabs}
        self._built: dict[str, QWidget] = {}
        self._stack = QStackedWidget()
        self.current = tabs[0][0]
        titles = [(key, title) for key, title, _ in tabs]
        self.bar = Segments(name, titles, self.current, self.show_tab, wrap=True)
        self.setLayout(column(self._stack))
        for sequence, step in (("Ctrl+Tab", 1), ("Ctrl+Shift+Tab", -1)):
            shortcut = QShortcut(QKeySequence(sequence), keys)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(self._next if step > 0 else self._previous)

    def page(self, key: str) -> QWidget:
        """A page, built if it is not there yet."""
        if key not in self._built:
            self._built[key] = page = self._build[key]()
            self._stack.addWidget(page)
        return self._built[key]

    def built(self) -> list[QWidget]:
        """The pages that have been shown so far."""
        return list(self._built.values())

    def show_tab(self, key: str) -> None:
        """Show a page."""
        self.current = key
        self._stack.setCurrentWidget(self.page(key))
        self.bar.choose(key)
        self.changed.emit(key)

    def _next(self) -> None:
        self._step(1)

    def _previous(self) -> None:
        self._step(-1)

    def _step(self, by: int) -> None:
        keys = list(self._build)
        self.show_tab(keys[(keys.index(self.current) + by) % len(keys)])
