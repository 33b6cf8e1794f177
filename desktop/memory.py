"""What the window remembers between runs: its size, place and theme. Nothing of the user's data.

The settings are in the encrypted database, which is not open yet when the window appears.
"""

import base64
import binascii
import json
import logging
from pathlib import Path

from PySide6.QtCore import QByteArray
from PySide6.QtWidgets import QMainWindow

from engine.core.errors import KnownError
from engine.core.files import write_atomic

_log = logging.getLogger(__name__)


class WindowMemory:
    """One small file in the data folder; whatever is wrong with it is ignored."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "window.json"
        self.theme = "system"
        self._geometry = b""
        try:
            data = json.loads(self._path.read_text(encoding="utf-8"))
            self.theme = str(data["theme"])
            self._geometry = base64.b64decode(data["geometry"], validate=True)
        except FileNotFoundError:
            return
        except (OSError, ValueError, KeyError, TypeError, binascii.Error):
            _log.warning("the size of the window was not remembered")

    def restore(self, window: QMainWindow) -> None:
        """Put the window where it was; Qt sees to it that it is on the screen."""
        if self._geometry:
            window.restoreGeometry(QByteArray(self._geometry))

    def save(self, window: QMainWindow, theme: str) -> None:
        """Remember size, place and theme, if there is a data folder by now."""
        if not self._path.parent.is_dir():
            return
        geometry = base64.b64encode(window.saveGeometry().data()).decode()
        text = json.dumps({"theme": theme, "geometry": geometry})
        try:
            write_atomic(self._path, text.encode())
        except KnownError as error:
            _log.warning("the size of the window is not remembered: %s", error.sentence)
