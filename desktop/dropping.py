"""Files dropped anywhere on the window."""

from pathlib import Path

from PySide6.QtCore import QEvent, QMimeData, QObject, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFrame, QWidget

from desktop.safetext import label
from desktop.widgets.layout import column, row

_MARGIN = 24


class DropArea(QObject):
    """Makes a window accept one local file and says so while it hovers."""

    dropped = Signal(Path)

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._hint = QFrame(window)
        self._hint.setObjectName("drop")
        words = column(
            None,
            row(None, label(self.tr("Drop to import"), "title"), None),
            row(
                None, label(self.tr("You see every row before anything is stored."), "muted"), None
            ),
            None,
        )
        self._hint.setLayout(words)
        self._hint.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._hint.hide()
        window.setAcceptDrops(True)
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QDragEnterEvent):
            if local_file(event.mimeData()) is not None:
                event.acceptProposedAction()
                self._show()
                return True
        elif event.type() == QEvent.Type.DragLeave:
            self._hint.hide()
        elif isinstance(event, QDropEvent) and event.type() == QEvent.Type.Drop:
            self._hint.hide()
            path = local_file(event.mimeData())
            if path is not None:
                event.acceptProposedAction()
                self.dropped.emit(path)
                return True
        return False

    def _show(self) -> None:
        inside = self._window.rect().adjusted(_MARGIN, _MARGIN, -_MARGIN, -_MARGIN)
        self._hint.setGeometry(inside)
        self._hint.raise_()
        self._hint.show()


def local_file(data: QMimeData) -> Path | None:
    """The one local file that is being dragged, or None."""
    urls = data.urls()
    if len(urls) != 1 or not urls[0].isLocalFile():
        return None
    path = Path(urls[0].toLocalFile())
    return path if path.is_file() else None
