"""Starts the window; `assay-desktop` and `python -m desktop.app` come here.

The window comes first and the data folder is opened beside it, so that nobody waits to type.
"""

import signal
import sys
from functools import partial
from importlib import import_module

from PySide6.QtCore import QEvent, QTimer, Signal
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QApplication

from desktop.collector import Collector
from desktop.memory import WindowMemory
from desktop.opening import Opening, Start
from desktop.theme import theme
from desktop.window import MainWindow
from engine.core.errors import KnownError
from engine.core.paths import Paths

_FIRST_FRAME = 50  # milliseconds in which it is painted
_LATER = ("desktop.chat.rows", "desktop.portfolio.importing", "desktop.session", "desktop.ahead")
"""What an open data folder needs, loaded while it is being opened."""


class Application(QApplication):
    """Says so when it is asked to end, before it asks the windows to close."""

    ending = Signal()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Quit:
            self.ending.emit()
        return super().event(event)


class App:
    """The window and, once it is open, the data folder behind it."""

    def __init__(self, paths: Paths) -> None:
        self._paths = paths
        self._memory = WindowMemory(paths.root)
        self.status = 0
        theme().apply(self._memory.theme)
        self.window = MainWindow(first_run=not paths.database.exists())
        self._memory.restore(self.window)
        self._collector = Collector(self.window)
        self._opening = Opening(paths)
        self._opening.opened.connect(self._opened)
        self._opening.failed.connect(self._failed)
        self.window.closing.connect(lambda: self._memory.save(self.window, theme().choice))

    def start(self) -> None:
        """Show the window and open the data folder."""
        self.window.show()
        # After the first frame is painted: the thread's imports would hold it up by 0.2 s.
        QTimer.singleShot(_FIRST_FRAME, self._opening.start)
        for number, name in enumerate(_LATER):
            # One at a time, so that key strokes get in between.
            QTimer.singleShot(
                _FIRST_FRAME + 20 * (number + 1), self.window, partial(import_module, name)
            )

    def close(self) -> None:
        """Close the data folder; waits until everything is stored."""
        service = self._opening.finish()
        if service is not None:
            service.close()

    def report(self, error: BaseException) -> None:
        """Tell the user of a bug, and write a report without any of the user's data."""
        from engine.service import report_crash  # noqa: PLC0415

        self.window.toasts.show(report_crash(self._paths, error))

    def _opened(self, start: Start) -> None:
        from desktop.ahead import Ahead  # noqa: PLC0415
        from desktop.session import Session  # noqa: PLC0415

        theme().apply(start.theme)
        self._collector.settle()
        Ahead(Session(self.window, start).bridge, self._what_the_user_does)

    def _what_the_user_does(self) -> tuple[object, ...]:
        page = self.window.chat_page
        return (
            QCursor.pos().toTuple(),
            page.composer.field.document().revision(),
            page.transcript.verticalScrollBar().value(),
        )

    def _failed(self, error: KnownError) -> None:
        from desktop.failure import failure_box  # noqa: PLC0415

        self.status = 1
        box = failure_box(self.window, error)
        box.finished.connect(self.window.close)
        box.open()


def main() -> int:
    """Show the window on the data folder until it is closed; returns the exit status."""
    application = Application(sys.argv)
    application.setApplicationName("Assay")
    application.setDesktopFileName("assay")
    app = App(Paths.default())
    sys.excepthook = lambda kind, error, trace: app.report(error)
    application.ending.connect(app.window.will_quit)
    # The session of the desktop ends.
    application.commitDataRequest.connect(lambda _: app.window.will_quit())
    app.start()
    _quit_on_interrupt(application, app.window)
    try:
        application.exec()
    finally:
        app.close()
    return app.status


def _quit_on_interrupt(application: QApplication, window: MainWindow) -> None:
    """Let Ctrl+C in the terminal end Assay in good order."""
    signal.signal(signal.SIGINT, lambda *_: window.quit())
    # Python runs its signal handlers only when Qt gives it a turn.
    waker = QTimer(application)
    waker.timeout.connect(lambda: None)
    waker.start(500)


if __name__ == "__main__":
    sys.exit(main())
