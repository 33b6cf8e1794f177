"""Short messages over the bottom of the window, some with a way back."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QFrame, QWidget

from desktop.safetext import label, one_line
from desktop.widgets.announce import announce
from desktop.widgets.buttons import button
from desktop.widgets.layout import row

SECONDS = 5
SECONDS_WITH_ACTION = 12
_MOST = 3
_MARGIN = 24


class Toast(QFrame):
    """One message; `action` is a word such as "Undo" and what it does."""

    def __init__(self, text: str, action: tuple[str, Callable[[], object]] | None) -> None:
        super().__init__()
        self.setObjectName("toast")
        words = label(one_line(text, 300), wrap=False)
        self.text = words.text()
        layout = row(words, gap=12, margins=(16, 8, 16, 8))
        if action is not None:
            name, act = action
            layout.setContentsMargins(16, 6, 8, 6)
            layout.addWidget(button(name, lambda: (act(), self.close())))
        self.setLayout(layout)


class Toasts(QObject):
    """Stacks the toasts of a window, the newest lowest, and takes them away again."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._shown: list[Toast] = []
        window.installEventFilter(self)

    def show(self, text: str, action: tuple[str, Callable[[], object]] | None = None) -> Toast:
        """Show a message for a few seconds, longer if it can be acted on."""
        toast = Toast(text, action)
        toast.setParent(self._window)
        timer = QTimer(toast)
        timer.setSingleShot(True)
        timer.timeout.connect(toast.close)
        timer.start(round(1000 * (SECONDS_WITH_ACTION if action else SECONDS)))
        self._shown.append(toast)
        while len(self._shown) > _MOST:
            self._close(self._shown[0])
        toast.installEventFilter(self)
        self._place()
        toast.show()
        toast.raise_()
        announce(self._window, toast.text)
        return toast

    def texts(self) -> list[str]:
        """What is being shown."""
        return [toast.text for toast in self._shown]

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._window and event.type() == QEvent.Type.Resize:
            self._place()
        elif event.type() == QEvent.Type.Close and isinstance(watched, Toast):
            self._close(watched)
        return False

    def _close(self, toast: Toast) -> None:
        self._gone(toast)
        toast.removeEventFilter(self)
        toast.hide()
        toast.deleteLater()

    def _gone(self, toast: Toast) -> None:
        if toast in self._shown:
            self._shown.remove(toast)
            self._place()

    def _place(self) -> None:
        bottom = self._window.height() - _MARGIN
        for toast in reversed(self._shown):
            toast.setMaximumWidth(self._window.width() - 2 * _MARGIN)
            toast.adjustSize()
            bottom -= toast.height()
            toast.move((self._window.width() - toast.width()) // 2, bottom)
            bottom -= 8
