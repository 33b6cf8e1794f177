"""Files dropped anywhere on the window."""

from pathlib import Path

from PySide6.QtCore import QCoreApplication, QMimeData, Qt
from PySide6.QtWidgets import QFrame, QWidget

from desktop.safetext import label
from desktop.widgets.layout import column, row

_translate = QCoreApplication.translate

_MARGIN = 24


class DropHint(QFrame):
    """Lies over the window while a file is dragged above it."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setObjectName("drop")
        self._title, self._text = label("", "title"), label("", "muted")
        lines = (row(None, one, None) for one in (self._title, self._text))
        self.setLayout(column(None, *lines, None))
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def cover(self, window: QWidget, path: Path) -> None:
        """Show over the whole of the window what becomes of a file."""
        if is_model(path):
            self._title.setText(_translate("drop", "Drop to use this model"))
            self._text.setText(_translate("drop", "You are asked whether it is to be copied."))
        else:
            self._title.setText(_translate("drop", "Drop to import"))
            words = _translate("drop", "You see every row before anything is stored.")
            self._text.setText(words)
        self.setGeometry(window.rect().adjusted(_MARGIN, _MARGIN, -_MARGIN, -_MARGIN))
        self.raise_()
        self.show()


def local_file(data: QMimeData) -> Path | None:
    """The one local file that is being dragged, or None."""
    urls = data.urls()
    if len(urls) != 1 or not urls[0].isLocalFile():
        return None
    path = Path(urls[0].toLocalFile())
    return path if path.is_file() else None


def is_model(path: Path) -> bool:
    """Whether a file's name is that of a model."""
    return path.suffix.lower() == ".gguf"
