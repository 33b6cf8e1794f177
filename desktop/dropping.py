"""Files dropped anywhere on the window."""

from pathlib import Path

from PySide6.QtCore import QCoreApplication, QMimeData, Qt
from PySide6.QtWidgets import QFrame, QWidget

from desktop.safetext import label
from desktop.widgets.layout import column, row

_translate = QCoreApplication.translate

_MARGIN = 24


class Cover(QFrame):
    """Lies over a widget while something is dragged above it, and says what becomes of it."""

    def __init__(self, over: QWidget) -> None:
        super().__init__(over)
        self._over = over
        self.setObjectName("drop")
        self._title, self._text = label("", "title"), label("", "muted")
        lines = (row(None, one, None) for one in (self._title, self._text))
        self.setLayout(column(None, *lines, None))
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def say(self, title: str, text: str) -> None:
        """Set its words."""
        self._title.setText(title)
        self._text.setText(text)

    def lay(self) -> None:
        """Show over the whole of the widget."""
        self.setGeometry(self._over.rect().adjusted(_MARGIN, _MARGIN, -_MARGIN, -_MARGIN))
        self.raise_()
        self.show()


class DropHint(Cover):
    """The one over the window."""

    def cover(self, path: Path) -> None:
        """Show what becomes of a file."""
        if is_model(path):
            title = _translate("drop", "Drop to use this model")
            text = _translate("drop", "You are asked whether it is to be copied.")
        else:
            title = _translate("drop", "Drop to import")
            text = _translate("drop", "You see every row before anything is stored.")
        self.say(title, text)
        self.lay()


def local_path(data: QMimeData) -> Path | None:
    """The one local file or folder that is being dragged, or None."""
    urls = data.urls()
    if len(urls) != 1 or not urls[0].isLocalFile():
        return None
    path = Path(urls[0].toLocalFile())
    return path if path.exists() else None


def local_file(data: QMimeData) -> Path | None:
    """The one local file that is being dragged, or None."""
    path = local_path(data)
    return path if path is not None and path.is_file() else None


def is_model(path: Path) -> bool:
    """Whether a file's name is that of a model."""
    return path.suffix.lower() == ".gguf"
