"""Cycles are collected on the main thread, and only there."""

import gc
import threading
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject, QThread
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from desktop.collector import Collector


@pytest.fixture
def collector(qapp: object) -> Iterator[Collector]:
    parent = QObject()
    yield Collector(parent)
    gc.unfreeze()


class Cycle(QWidget):
    """A widget nobody but itself holds; notes on which thread it dies."""

    def __init__(self, deaths: list[bool]) -> None:
        super().__init__()
        self.itself = self
        self._deaths = deaths

    def __del__(self) -> None:
        self._deaths.append(QThread.currentThread().isMainThread())


def allocate(kept: list[list[int]]) -> None:
    """Enough to start the collector wherever it is allowed to run."""
    kept.extend([number] for number in range(5_000))


def test_a_forgotten_widget_dies_on_the_main_thread(qtbot: QtBot, collector: Collector) -> None:
    deaths: list[bool] = []
    kept: list[list[int]] = []
    Cycle(deaths)
    thread = threading.Thread(target=allocate, args=(kept,))
    thread.start()
    thread.join()
    assert deaths == []
    qtbot.waitUntil(lambda: deaths == [True])


def test_it_collects_what_is_due_and_nothing_else(collector: Collector) -> None:
    gc.collect()
    assert collector.collect() is None
    kept = [[] for _ in range(gc.get_threshold()[0] + 1)]
    assert collector.collect() == 0
    assert collector.collect() is None
    assert kept


def test_what_is_loaded_is_left_out(collector: Collector) -> None:
    before = gc.get_freeze_count()
    collector.settle()
    assert gc.get_freeze_count() > before
