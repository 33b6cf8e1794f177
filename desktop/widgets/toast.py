"""Short messages in the lower right corner of the window, some with a way back."""

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QFrame, QWidget

from desktop.safetext import label, one_line
from desktop.widgets.announce import announce
from desktop.widgets.buttons import button
from desktop.widgets.layout import row

SECONDS = 5
SECONDS_WITH_ACTION = 12
_LETTERS_PER_SECOND = 15
"""A long message stays for as long as reading it takes."""
_LONGEST = 1_000
_MOST = 3
_MARGIN = 24
_MOST_WIDTH = 520
_GAP = 8


class Toast(QFrame):
    """One message; `action` is a word such as "Undo" and what it does."""

    closed = Signal(object)
    """The toast itself, which is about to be deleted."""

    def __init__(
        self, parent: QWidget, text: str, action: tuple[str, Callable[[], object]] | None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("toast")
        self._words = words = label(one_line(text, _LONGEST))
        self.text = words.text()
        self.acts = action is not None
        layout = row(gap=12, margins=(16, 8, 16, 8))
        layout.addWidget(words, 1)
        if action is not None:
            name, act = action
            layout.setContentsMargins(16, 6, 8, 6)
            layout.addWidget(button(name, lambda: (act(), self.close())))
        self.setLayout(layout)

    def fit(self, most_width: int) -> None:
        """Be as small as the text allows, on several lines if one is wider than most_width."""
        self._words.setWordWrap(False)
        if self.sizeHint().width() > most_width:
            self._words.setWordWrap(True)
            self.setFixedWidth(most_width)
            self.setFixedHeight(self.heightForWidth(most_width))
        else:
            self.setFixedSize(self.sizeHint())

    def closeEvent(self, event: QCloseEvent) -> None:
        super().closeEvent(event)
        self.closed.emit(self)
        self.deleteLater()


class Toasts(QObject):
    """Stacks the toasts of a window, the newest lowest, and takes them away again."""

    def __init__(
        self, window: QWidget, left: int = 0, below: Callable[[], int] = lambda: 0
    ) -> None:
        """left, below: what toasts leave uncovered on the left and at the bottom, in pixels."""
        super().__init__(window)
        self._window = window
        self._left = left
        self._below = below
        self._shown: list[Toast] = []

    def show(self, text: str, action: tuple[str, Callable[[], object]] | None = None) -> Toast:
        """Show a message for a few seconds, longer if it can be acted on."""
        toast = Toast(self._window, text, action)
        toast.closed.connect(self._forget)
        timer = QTimer(toast)
        timer.setSingleShot(True)
        timer.timeout.connect(toast.close)
        seconds = SECONDS_WITH_ACTION if action else SECONDS
        timer.start(round(1000 * max(seconds, len(toast.text) / _LETTERS_PER_SECOND)))
        for old in list(self._shown):
            if old.text == toast.text and not (old.acts or toast.acts):
                old.close()  # said again, it takes the place of the one before
        self._shown.append(toast)
        toast.show()
        toast.raise_()
        for old in self._shown[:-_MOST]:
            old.close()
        self.place()
        announce(self._window, toast.text)
        return toast

    def texts(self) -> list[str]:
        """What is being shown."""
        return [toast.text for toast in self._shown]

    def place(self) -> None:
        """Put the toasts where they belong; to be called when what they lie on changes."""
        right = self._window.width() - _MARGIN
        bottom = self._window.height() - _MARGIN - self._below()
        for toast in reversed(self._shown):
            toast.fit(min(_MOST_WIDTH, right - self._left - _MARGIN))
            toast.move(right - toast.width(), bottom - toast.height())
            bottom -= toast.height() + _GAP

    def _forget(self, toast: Toast) -> None:
        if toast in self._shown:
            self._shown.remove(toast)
            self.place()
