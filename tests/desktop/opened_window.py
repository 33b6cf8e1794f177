"""The real window on a real service, opened at one of its pages, and what a user sees and presses.

The windows of the pages add what only they have.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier
from typing import ClassVar, Self, TypeVar

from PySide6.QtWidgets import QDialog, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from desktop.opening import Start
from desktop.session import Session
from desktop.widgets.data_table import DataTable
from desktop.window import MainWindow
from engine.core.paths import Paths
from engine.service import Service

_WORKERS = 4
"""Threads of the bridge."""

D = TypeVar("D", bound=QDialog)
W = TypeVar("W", bound=QWidget)


_demo: dict[Path, bytes] = {}
"""The files of a data folder with the demo, once there was one."""


def put_demo(root: Path) -> None:
    """Make a data folder with the demo, which is worked out once."""
    if not _demo:
        service = Service.open(Paths(root), background=False)
        service.portfolio.load_demo()
        service.close()
        found = [path for path in root.rglob("*") if path.is_file()]
        _demo.update({path.relative_to(root): path.read_bytes() for path in found})
        return
    for name, content in _demo.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch(0o600)
        (root / name).write_bytes(content)


class OpenedWindow:
    """A window, its service and one of its pages."""

    KEY: ClassVar[str]
    """The name of the page."""

    def __init__(self, qtbot: QtBot, service: Service) -> None:
        self.qtbot = qtbot
        self.wait = qtbot.waitUntil
        self.service = service
        self.window = MainWindow()
        qtbot.addWidget(self.window)
        self.session = Session(self.window, Start.read(service))
        self.window.show()
        self.window.show_page(self.KEY)

    @classmethod
    @contextmanager
    def opened(cls, qtbot: QtBot, root: Path, *, demo: bool = False) -> Iterator[Self]:
        """Open a service on an empty folder, or on the demo, and the window on it."""
        if demo:
            put_demo(root)
        service = Service.open(Paths(root), background=False)
        try:
            found = cls(qtbot, service)
            yield found
            found.window.will_quit()
            found.window.close()
        finally:
            service.close()

    def shown(self, kind: type[W]) -> W:
        """The page, which is of this kind."""
        page = self.session.pages.page(self.KEY)
        assert isinstance(page, kind)
        return page

    def dialog(self, kind: type[D]) -> D:
        """The open dialog of a kind, once it is there."""

        def found() -> list[D]:
            return [one for one in self.window.findChildren(kind) if one.isVisible()]

        self.wait(lambda: len(found()) == 1)
        return found()[0]

    def settled(self) -> None:
        """Wait until what has changed so far was asked for, and the answers are shown."""
        # All threads at once: what was begun before is through. Again: an answer may ask for more.
        for count in (1, _WORKERS, _WORKERS):
            together, through = Barrier(count, timeout=60), list[int]()
            for _ in range(count):
                self.session.bridge.run(together.wait, through.append)
            self.wait(lambda: len(through) == count)  # noqa: B023

    def says(self, text: str) -> None:
        """Wait for a message that contains a text."""
        self.wait(lambda: any(text in one for one in self.window.toasts.texts()))


def cells(table: DataTable) -> list[list[str]]:
    """What a table holds."""
    model = table.model()
    columns = range(model.columnCount())
    return [[model.index(row, c).data() for c in columns] for row in range(model.rowCount())]


def words(root: QWidget) -> str:
    """All words that are seen on a widget."""
    return "\n".join(one.text() for one in root.findChildren(QLabel) if one.isVisible())


def press(root: QWidget, name: str) -> None:
    """Press the button with this name."""
    pick(root, lambda one: name in (one.text().strip(), one.accessibleName())).click()


def pick(root: QWidget, fits: Callable[[QPushButton], bool]) -> QPushButton:
    """The one button that can be seen and fits."""
    found = [one for one in root.findChildren(QPushButton) if one.isVisible() and fits(one)]
    assert len(found) == 1, [one.accessibleName() for one in found]
    return found[0]
