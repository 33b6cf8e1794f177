"""Names an Ethereum-compatible node; it is asked for its chain before it is kept."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QLineEdit, QWidget

from desktop.bridge import Bridge, Call
from desktop.safetext import clean, label
from desktop.widgets.activity import Activity
from desktop.widgets.buttons import button
from desktop.widgets.layout import column, row
from engine.core.jobs import Job
from engine.service import Node


class NodeDialog(QDialog):
    """Name, address and key of a node; closes once the node has answered and is kept."""

    def __init__(
        self,
        parent: QWidget,
        bridge: Bridge,
        add: Callable[[str, str, str], Job[Node]],
        done: Callable[[Node], object],
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Add a node"))
        self.setMinimumWidth(520)
        self._bridge, self._add, self._done = bridge, add, done
        self._call: Call | None = None
        self.name = _field(self.tr("Name"), self.tr("such as home"), 40)
        self.url = _field(self.tr("Address"), "http://127.0.0.1:8545", 500)
        self.key = _field(
            self.tr("Key, if it needs one"), self.tr("stands as {key} in the address"), 300
        )
        self.key.setEchoMode(QLineEdit.EchoMode.Password)
        self.error = label("", "error", wrap=True)
        self.error.hide()
        self._activity = Activity()
        self.ask = button(self.tr("Test and keep"), self._ask, kind="primary")
        self.ask.setDefault(True)
        fields = column(gap=10)
        for one in (self.name, self.url, self.key):
            one.textChanged.connect(self._enable)
            fields.addLayout(column(label(one.accessibleName(), "small"), one, gap=4))
        note = self.tr(
            "Any Ethereum-compatible JSON-RPC node. It is asked for its chain now, and kept only "
            "if it answers. The key is kept in the keyring of your system."
        )
        self.setLayout(
            column(
                label(self.tr("Add a node"), "heading"),
                label(note, "muted", wrap=True),
                fields,
                self.error,
                self._activity,
                8,
                row(None, button(self.tr("Cancel"), self.reject), self.ask),
                gap=8,
                margins=(24, 20, 24, 20),
            )
        )
        self._enable()
        self.name.setFocus()
        self.finished.connect(self._stop)
        self.open()

    def _enable(self) -> None:
        self.ask.setEnabled(bool(self.name.text().strip() and self.url.text().strip()))

    def _ask(self) -> None:
        name, url, key = (one.text().strip() for one in (self.name, self.url, self.key))
        self.error.hide()
        self.ask.setEnabled(False)
        self._activity.start(self.tr("Asking the node for its chain…"))
        add = partial(self._add, name, url, key)
        self._call = self._bridge.run_job(add, self._kept, self._failed, owner=self)

    def _kept(self, node: Node) -> None:
        self._call = None
        self.accept()
        self._done(node)

    def _failed(self, sentence: str) -> None:
        self._call = None
        self._activity.stop()
        self.error.setText(clean(sentence))
        self.error.show()
        self._enable()

    def _stop(self) -> None:
        if self._call is not None:
            self._call.cancel()


def _field(name: str, example: str, longest: int) -> QLineEdit:
    field = QLineEdit()
    field.setAccessibleName(name)
    field.setPlaceholderText(example)
    field.setMaxLength(longest)
    return field
