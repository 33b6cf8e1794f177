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
        title = label(_translate("drop", "Drop to import"), "title")
        text = label(_translate("drop", "You see every row before anything is stored."), "muted")
        self.setLayout(column(None, row(None, title, None), row(None, text, None), None))
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def cover(self, window: QWidget) -> None:
        """Show it over the whole of the window."""
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
