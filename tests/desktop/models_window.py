"""The Models page in the window on the service in memory, and what a user presses there."""

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtWidgets import QDialog, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from desktop.models.page import ModelsPage
from desktop.widgets.dialogs import Question
from desktop.window import MainWindow

D = TypeVar("D", bound=QDialog)
W = TypeVar("W", bound=QWidget)


class ModelsWindow:
    """A window at one of the tabs of its Models page."""

    def __init__(self, qtbot: QtBot, window: MainWindow, tab: str) -> None:
        self.qtbot = qtbot
        self.wait = qtbot.waitUntil
        self.window = window
        window.show_page("models")
        assert window.session is not None
        page = window.session.pages.page("models")
        assert isinstance(page, ModelsPage)
        self.page = page
        page.tabs.show_tab(tab)

    def section(self, kind: type[W]) -> W:
        """The section of a kind."""
        found = self.page.findChild(kind)
        assert isinstance(found, kind)
        return found

    def words(self) -> str:
        """All words that are seen."""
        shown = (one.text() for one in self.page.findChildren(QLabel) if one.isVisible())
        return "\n".join(shown)

    def sees(self, text: str) -> None:
        """Wait until a text is seen."""
        self.wait(lambda: text in self.words())

    def buttons(self, name: str) -> list[QPushButton]:
        """The visible buttons of an accessible name."""
        found = self.window.findChildren(QPushButton)
        return [one for one in found if one.isVisible() and one.accessibleName() == name]

    def press(self, name: str) -> None:
        """Click a button once it can be clicked."""
        self.wait(lambda: any(one.isEnabled() for one in self.buttons(name)))
        self.buttons(name)[0].click()

    def dialog(self, kind: type[D]) -> D:
        """The open dialog of a kind, once it is there."""

        def found() -> list[D]:
            return [one for one in self.window.findChildren(kind) if one.isVisible()]

        self.wait(lambda: len(found()) == 1)
        return found()[0]

    def answer(self, yes: bool = True) -> str:
        """Answer the question that is asked; returns its words."""
        question = self.dialog(Question)
        text = "\n".join(one.text() for one in question.findChildren(QLabel))
        if yes:
            question.yes_button.click()
        else:
            question.reject()
        return text

    def says(self, text: str) -> None:
        """Wait for a message that contains a text."""
        self.wait(lambda: any(text in one for one in self.window.toasts.texts()))


Open = Callable[[str], ModelsWindow]
