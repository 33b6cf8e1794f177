"""The wizard on a real service: the starter's weights become a file that answers."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from desktop.models.page import ModelsPage
from engine.core.resources import resource
from engine.service import Service
from tests.desktop.opened_window import OpenedWindow, words

pytestmark = pytest.mark.timeout(900)
PATIENCE = 600_000
"""Milliseconds for a stage on a busy machine."""


class Making(OpenedWindow):
    """A window at its Models page."""

    KEY = "models"

    def __init__(self, qtbot: QtBot, service: Service) -> None:
        super().__init__(qtbot, service)
        self.page = self.shown(ModelsPage)

    def sees(self, text: str) -> None:
        self.qtbot.waitUntil(lambda: text in words(self.page), timeout=PATIENCE)

    def press(self, name: str) -> None:
        def found() -> list[QPushButton]:
            buttons = self.page.findChildren(QPushButton)
            return [b for b in buttons if b.isVisible() and b.accessibleName() == name]

        self.wait(lambda: len(found()) == 1 and found()[0].isEnabled())
        found()[0].click()


@pytest.fixture
def it(qtbot: QtBot, tmp_path: Path) -> Iterator[Making]:
    with Making.opened(qtbot, tmp_path / "home") as found:
        yield found


def test_the_starter_is_made_smaller_tried_and_used(it: Making) -> None:
    pytest.importorskip("tokenizers")
    source = str(resource("models", "starter-base"))
    it.press("Make a model…")
    assert it.page.wizard is not None
    it.page.wizard.source.chosen.emit(source)
    it.sees("What to make of it")
    it.sees("8.4 million weights · 16.8 MB")
    choice = it.page.wizard.choice
    rows = [one.target for one in choice.table.choices.rows]
    choice.table.selectRow(rows.index("Q8_0"))
    foreseen = choice.table.chosen().size
    it.press("Make it")
    it.sees("Comparing it with the original")
    it.qtbot.waitUntil(it.page.wizard.result.isVisible, timeout=PATIENCE)
    assert "of 100 places it would choose the same next word" in words(it.page)
    status = it.service.builds.list()[0]
    assert status.size == pytest.approx(foreseen, rel=0.05)
    assert status.figures["agreement"] > 0.95
    it.press("Ask")
    answer = it.page.wizard.result.answer
    it.qtbot.waitUntil(answer.isVisible, timeout=PATIENCE)
    assert answer.text().strip()
    it.press("Add to my models")
    it.says("starter-base-Q8_0 is in your models and answers from now on.")
    added = next(one for one in it.service.models.list() if one.in_use)
    assert (added.name, added.size) == ("starter-base-Q8_0", status.size)
    it.sees("In your models")
