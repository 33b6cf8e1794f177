"""Dropping files on the window, for the tests of importing."""

from pathlib import Path

from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop.portfolio.preview import PreviewDialog
from desktop.session import Session
from desktop.window import MainWindow

TRADES = """date,kind,asset in,amount in,asset out,amount out,account
2025-01-02 10:00,buy,BTC,0.5,USD,40000,Coinbase
2025-01-03 10:00,buy,ETH,2,USD,6000,Coinbase
2025-13-03 10:00,buy,ETH,2,USD,6000,Coinbase
2025-01-05 10:00,buy,ETH,-2,USD,6000,<b>Kraken</b>
"""


def session(window: MainWindow) -> Session:
    assert window.session is not None
    return window.session


def drop(window: MainWindow, *paths: Path) -> bool:
    """Drag files onto the middle of the window and drop them; whether they were taken."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    place = QPoint(600, 400)
    action, button = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    none = Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(place, action, data, button, none)
    enter.setAccepted(False)
    QApplication.sendEvent(window, enter)
    if not enter.isAccepted():
        return False
    event = QDropEvent(QPointF(place), action, data, button, none)
    QApplication.sendEvent(window, event)
    return event.isAccepted()


def preview(qtbot: QtBot, window: MainWindow) -> PreviewDialog:
    """The preview, once it is there."""
    qtbot.waitUntil(lambda: session(window).importing.dialog is not None)
    dialog = session(window).importing.dialog
    assert dialog is not None
    return dialog
