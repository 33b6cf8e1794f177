"""The card of the adapters of the model that answers."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog

from desktop.bridge import Bridge
from desktop.models.adapter_row import AdapterRow
from desktop.safetext import label
from desktop.widgets.buttons import button
from desktop.widgets.card import CardFrame
from desktop.widgets.layout import clear, column
from desktop.widgets.titles import set_words

if TYPE_CHECKING:
    from engine.service import Adapter, Service


class AdaptersCard(CardFrame):
    """Added, weighed, switched and removed; each model has its own."""

    def __init__(self, service: "Service", bridge: Bridge) -> None:
        super().__init__(self.tr("Adapters of this model"))
        self._service = service
        self._bridge = bridge
        self.rows: dict[Path, AdapterRow] = {}
        self.header.addWidget(button(self.tr("Add an adapter…"), self._choose))
        words = self.tr(
            "A small file (LoRA, as GGUF) that changes how this one model words its answers. It is "
            "used from where it is. At 0 it does nothing, at 1 it works as it was made."
        )
        self.body.addWidget(label(words, "muted", wrap=True))
        self._lines = column(gap=6)
        self.body.addLayout(self._lines)
        self._error = label("", "error", wrap=True)
        self._error.hide()
        self.body.addWidget(self._error)

    def refresh(self) -> None:
        """Load them again."""
        self._bridge.run(self._service.models.adapters.list, self._show, owner=self)

    def add(self, path: Path) -> None:
        """Check a file and use it with the model that answers."""
        self._do(partial(self._service.models.adapters.add, path))

    def _show(self, adapters: "Sequence[Adapter]") -> None:
        if [one.path for one in adapters] != list(self.rows):
            clear(self._lines)
            self.rows = {one.path: self._row(one) for one in adapters}
        for one in adapters:
            self.rows[one.path].show_adapter(one)

    def _row(self, adapter: "Adapter") -> AdapterRow:
        area, path = self._service.models.adapters, adapter.path
        line = AdapterRow(adapter)
        line.scale_wanted.connect(lambda scale: self._do(partial(area.change, path, scale=scale)))
        line.switch_wanted.connect(lambda on: self._do(partial(area.change, path, on=on)))
        line.remove_wanted.connect(lambda: self._do(partial(area.remove, path)))
        self._lines.addWidget(line)
        return line

    def _do(self, act: Callable[[], object]) -> None:
        set_words(self._error, "", "error")
        self._bridge.run(act, lambda _: self.refresh(), self._failed, owner=self)

    def _failed(self, sentence: str) -> None:
        set_words(self._error, sentence, "error")
        self.refresh()

    def _choose(self) -> None:
        dialog = QFileDialog(self.window(), self.tr("Add an adapter"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters([self.tr("Adapters (*.gguf)"), self.tr("All files (*)")])
        dialog.fileSelected.connect(lambda name: self.add(Path(name)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
