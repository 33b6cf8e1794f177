"""Files into the portfolio: nothing is stored before it is confirmed, everything can be undone."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from desktop.dropping import DropHint
from desktop.models.import_file import CopyOrLink
from desktop.portfolio.preview import PreviewDialog
from desktop.widgets.data_table import DataTable
from desktop.window import MainWindow
from tests.desktop.dropped import TRADES, drop, preview, session
from tests.desktop.fake_service import FakeService

PRICES = "date,symbol,price\n2025-01-02,BTC,80000\n2025-01-03,BTC,81000\n"


@pytest.fixture
def window(open_window: Callable[[], MainWindow]) -> MainWindow:
    return open_window()


def cells(dialog: PreviewDialog, name: str) -> list[list[str]]:
    """The rows of one of the lists."""
    table = next(t for t in dialog.findChildren(DataTable) if t.accessibleName() == name)
    model = table.model()
    return [
        [model.index(r, c).data() for c in range(model.columnCount())]
        for r in range(model.rowCount())
    ]


def test_a_dropped_file_is_shown_confirmed_and_undone(
    qtbot: QtBot, window: MainWindow, service: FakeService, trades: Path
) -> None:
    assert drop(window, trades)
    dialog = preview(qtbot, window)
    new = cells(dialog, "New")
    assert new[0] == ["2025-01-02 10:00", "Buy", "0.5 BTC", "$40,000.00", "", "Coinbase"]
    assert len(new) == 2
    refused = cells(dialog, "Not understood")
    assert [line for line, _, _ in refused] == ["4", "5"]
    assert all(reason for _, reason, _ in refused)
    assert service.portfolio.stored == {}

    dialog.confirm_button.click()
    qtbot.waitUntil(lambda: len(service.portfolio.stored) == 1)
    qtbot.waitUntil(lambda: window.toasts.texts() == ["2 rows imported from trades.csv."])
    undo = next(b for b in window.findChildren(QPushButton) if b.text() == "Undo")
    undo.click()
    qtbot.waitUntil(lambda: service.portfolio.stored == {})


def test_cancelling_stores_nothing(
    qtbot: QtBot, window: MainWindow, service: FakeService, trades: Path
) -> None:
    drop(window, trades)
    preview(qtbot, window).reject()
    qtbot.wait(50)
    assert service.portfolio.stored == {}
    assert session(window).importing.dialog is None


def test_prices_are_recognised(
    qtbot: QtBot, window: MainWindow, service: FakeService, tmp_path: Path
) -> None:
    path = tmp_path / "prices.csv"
    path.write_text(PRICES)
    drop(window, path)
    dialog = preview(qtbot, window)
    assert cells(dialog, "New")[0] == ["2025-01-02", "BTC", "$80,000.00"]
    dialog.confirm_button.click()
    qtbot.waitUntil(lambda: len(service.market.stored) == 1)


def test_only_one_local_file_can_be_dropped(
    window: MainWindow, trades: Path, tmp_path: Path
) -> None:
    assert not drop(window, trades, trades)
    assert not drop(window, tmp_path)
    assert not drop(window, tmp_path / "missing.csv")


def test_the_question_field_leaves_files_to_the_window(window: MainWindow) -> None:
    assert not window.chat_page.composer.field.acceptDrops()


def test_a_file_without_new_rows_cannot_be_confirmed(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    path = tmp_path / "bad.csv"
    path.write_text("\n".join([*TRADES.splitlines()[:1], TRADES.splitlines()[3]]) + "\n")
    drop(window, path)
    dialog = preview(qtbot, window)
    assert not dialog.confirm_button.isEnabled()


@pytest.mark.parametrize("link", [False, True])
def test_a_dropped_model_is_asked_about_and_used(
    qtbot: QtBot, window: MainWindow, service: FakeService, tmp_path: Path, link: bool
) -> None:
    path = tmp_path / "big.gguf"
    path.write_bytes(bytes(3_000_000))
    drop(window, path)
    dialog = window.findChild(CopyOrLink)
    assert dialog is not None
    said = "\n".join(one.text() for one in dialog.findChildren(QLabel))
    assert "Use big.gguf" in said
    assert "Copy it: takes 3 MB of the disk." in said
    assert len(service.models.models) == 1
    (dialog.link if link else dialog.copy).click()
    qtbot.waitUntil(lambda: [model.in_use for model in service.models.models] == [False, True])
    assert service.models.linked == ([path] if link else [])


def test_a_dropped_model_that_is_not_wanted_is_left_alone(
    window: MainWindow, service: FakeService, tmp_path: Path
) -> None:
    path = tmp_path / "big.gguf"
    path.write_bytes(b"GGUF")
    drop(window, path)
    dialog = window.findChild(CopyOrLink)
    assert dialog is not None
    dialog.reject()
    assert len(service.models.models) == 1


@pytest.mark.parametrize(
    ("name", "said"),
    [("big.gguf", "asked whether it is to be copied"), ("a.csv", "see every row before anything")],
)
def test_what_is_dragged_over_the_window_is_told_what_becomes_of_it(
    window: MainWindow, tmp_path: Path, name: str, said: str
) -> None:
    hint = window.findChild(DropHint)
    assert hint is not None
    hint.cover(tmp_path / name)
    assert said in "\n".join(one.text() for one in hint.findChildren(QLabel))


def test_a_long_file_is_counted_whole(
    qtbot: QtBot, window: MainWindow, service: FakeService, tmp_path: Path
) -> None:
    path = tmp_path / "long.csv"
    lines = [f"2025-01-02 10:00,buy,BTC,0.{n + 1:04},USD,40000,Coinbase" for n in range(2_500)]
    path.write_text("\n".join([TRADES.splitlines()[0], *lines]) + "\n")
    drop(window, path)
    dialog = preview(qtbot, window)
    assert dialog.confirm_button.text() == "Import 2,500 rows"
    assert len(cells(dialog, "New")) == 2_000
    dialog.confirm_button.click()
    qtbot.waitUntil(lambda: [len(one.rows) for one in service.portfolio.stored.values()] == [2_500])
