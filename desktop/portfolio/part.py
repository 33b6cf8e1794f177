"""What all tabs of the portfolio page have in common."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop.bridge import Bridge, Call
from desktop.widgets.layout import column
from desktop.widgets.scroll import ScrollColumn
from desktop.widgets.toast import Toasts

if TYPE_CHECKING:
    from engine.service import Service

T = TypeVar("T")

WIDTH = 1120
MARGIN = 24


class Desk(QObject):
    """What the tabs work with, and what they want of others."""

    ask_wanted = Signal(str, str)
    """Words and the call of a result, for the chat."""

    undo_wanted = Signal(int)
    """The number of an import to take back."""

    import_wanted = Signal()
    tab_wanted = Signal(str)
    transactions_wanted = Signal(dict)
    """The filters of the list of transactions to be shown."""

    def __init__(self, service: "Service", bridge: Bridge, toasts: Toasts) -> None:
        super().__init__()
        self.service = service
        self.bridge = bridge
        self.toasts = toasts


class Part(QWidget):
    """A tab, which loads what it shows when it is seen and the data have changed since."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.service = desk.service
        self.stale = True
        self._calls: list[Call] = []

    def load(self) -> None:
        """Ask for everything that the tab shows."""
        raise NotImplementedError

    def refresh(self) -> None:
        """Load everything again; what was being loaded is dropped."""
        self.stale = False
        for call in self._calls:
            call.cancel()
        self._calls = []
        self.load()

    def run(self, fn: Callable[[], T], done: Callable[[T], object]) -> Call:
        """Call the service for what is shown; the next refresh drops what comes too late."""
        call = self.desk.bridge.run(fn, done, owner=self)
        self._calls.append(call)
        return call

    def scrolling(self, name: str) -> QVBoxLayout:
        """Fill the tab with a column that scrolls, and return it."""
        scroll = ScrollColumn(name, WIDTH, gap=16, margin=MARGIN)
        self.setLayout(column(scroll))
        content = column(gap=16)
        scroll.column.addLayout(content)
        scroll.column.addStretch(1)
        return content
