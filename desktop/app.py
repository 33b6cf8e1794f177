"""Starts the window; `assay-desktop` and `python -m desktop.app` come here."""

import logging
import signal
import sys

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from desktop.failure import show_failure
from desktop.theme import theme
from desktop.widgets.chart import load_plots
from desktop.window import MainWindow
from engine.core.errors import KnownError
from engine.core.paths import Paths

_WARM_UP_MILLISECONDS = 300


def main() -> int:
    """Open the data folder and show the window until it is closed; returns the exit status."""
    application = QApplication(sys.argv)
    application.setApplicationName("Assay")
    application.setDesktopFileName("assay")
    return run(application, Paths.default())


def run(application: QApplication, paths: Paths) -> int:
    """Show the window on the data in `paths`."""
    from engine.service import Service

    try:
        service = Service.open(paths)
    except KnownError as error:
        theme().apply("system")
        return show_failure(error)
    try:
        theme().apply(str(service.settings.get("theme")))
        window = MainWindow(service)
        window.show()
        QTimer.singleShot(_WARM_UP_MILLISECONDS, window, lambda: window.bridge.run(load_plots))
        _quit_on_interrupt(application)
        return application.exec()
    finally:
        service.close()


def _quit_on_interrupt(application: QApplication) -> None:
    """Let Ctrl+C in the terminal close the window in good order."""
    signal.signal(signal.SIGINT, lambda *_: application.closeAllWindows())
    # Python runs its signal handlers only when Qt gives it a turn.
    waker = QTimer(application)
    waker.timeout.connect(lambda: None)
    waker.start(500)


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    sys.exit(main())
