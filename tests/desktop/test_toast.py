"""Messages over the window are shown in full and for as long as reading them takes."""

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from desktop.widgets.toast import SECONDS, Toast, Toasts


@pytest.fixture
def toasts(qtbot: QtBot) -> Toasts:
    host = QWidget()
    qtbot.addWidget(host)
    host.resize(900, 600)
    host.show()
    return Toasts(host)


def seconds(toast: Toast) -> float:
    """How long it stays."""
    return toast.findChildren(QTimer)[0].interval() / 1000


def test_a_long_message_is_neither_cut_nor_hurried(toasts: Toasts) -> None:
    text = "It could not be read because of this and that. " * 15
    toast = toasts.show(text)
    assert toast.text == text.strip()
    assert seconds(toast) > 40


def test_a_short_message_is_soon_gone(toasts: Toasts) -> None:
    assert seconds(toasts.show("Stored.")) == SECONDS
