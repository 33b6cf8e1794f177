"""Names a model server on another computer, or changes its address, model or key."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QLineEdit, QWidget

from desktop.bridge import Bridge
from desktop.safetext import label
from desktop.widgets.buttons import button
from desktop.widgets.fitting import Fitting
from desktop.widgets.layout import column, row
from desktop.widgets.titles import set_words

if TYPE_CHECKING:
    from engine.service import Endpoint

Keep = Callable[[str, str, str, str], object]
"""Name, address, model and key; runs away from the window's thread, may raise KnownError."""


class EndpointDialog(QDialog):
    """Closes once the server is kept; nothing is asked of it yet."""

    def __init__(
        self, parent: QWidget, bridge: Bridge, keep: Keep, old: "Endpoint | None" = None
    ) -> None:
        """old: what is to be changed; its key stays if none is entered."""
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        title = self.tr("Add a model server") if old is None else self.tr("Change {}")
        title = title.format(old.name if old else "")
        self.setWindowTitle(title)
        self.setMinimumWidth(540)
        self._bridge, self._keep = bridge, keep
        self.name = _field(self.tr("Name"), self.tr("such as gpu"), 40)
        self.url = _field(self.tr("Address"), "http://192.168.1.20:8080", 500)
        self.model = _field(self.tr("Model"), self.tr("chosen when it is asked, if empty"), 300)
        hint = self.tr("the kept one stays, if empty") if old is not None and old.has_key else ""
        self.key = _field(self.tr("Key, if it needs one"), hint, 300)
        self.key.setEchoMode(QLineEdit.EchoMode.Password)
        if old is not None:
            self.name.setText(old.name)
            self.name.setEnabled(False)
            self.url.setText(old.url)
            self.model.setText(old.model)
        self._error = label("", "error", wrap=True)
        self._error.hide()
        self.save = button(self.tr("Keep"), self._save, kind="primary")
        self.save.setDefault(True)
        fields = column(gap=10)
        for one in (self.name, self.url, self.model, self.key):
            one.textChanged.connect(self._enable)
            fields.addLayout(column(label(one.accessibleName(), "small"), one, gap=4))
        words = self.tr(
            "A server that speaks OpenAI's chat interface: llama-server, vLLM, Ollama, or Assay on "
            "another computer. It stays off until you switch it on. At another address it is "
            "another server: off again, and without the key. The key is kept in the keyring."
        )
        self.setLayout(
            column(
                label(title, "heading", wrap=True),
                label(words, "muted", wrap=True),
                fields,
                self._error,
                8,
                row(None, button(self.tr("Cancel"), self.reject), self.save),
                gap=8,
                margins=(24, 20, 24, 20),
            )
        )
        self._fitting = Fitting(self)
        self._enable()
        (self.name if old is None else self.url).setFocus()
        self.open()

    def _enable(self) -> None:
        self.save.setEnabled(bool(self.name.text().strip() and self.url.text().strip()))

    def _save(self) -> None:
        name, url, model, key = (
            one.text().strip() for one in (self.name, self.url, self.model, self.key)
        )
        self.save.setEnabled(False)
        self._bridge.run(
            lambda: self._keep(name, url, model, key),
            lambda _: self.accept(),
            self._failed,
            owner=self,
        )

    def _failed(self, sentence: str) -> None:
        set_words(self._error, sentence, "error")
        self._fitting.again()
        self._enable()


def _field(name: str, example: str, longest: int) -> QLineEdit:
    field = QLineEdit()
    field.setAccessibleName(name)
    field.setPlaceholderText(example)
    field.setMaxLength(longest)
    return field
