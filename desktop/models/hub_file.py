"""Looks a file on the Hub up that is not in the catalogue, before it is fetched."""

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QLineEdit, QWidget

from desktop.bridge import Bridge, Call
from desktop.safetext import label
from desktop.widgets.activity import Activity
from desktop.widgets.buttons import button
from desktop.widgets.figures import file_size
from desktop.widgets.fitting import Fitting
from desktop.widgets.layout import column, row
from desktop.widgets.titles import set_words

if TYPE_CHECKING:
    from engine.service import DownloadOffer, Service


class HubFileDialog(QDialog):
    """The place of a file; "Look it up" asks the Hub, "Download" fetches what was found."""

    wanted = Signal(str)

    def __init__(self, parent: QWidget, service: "Service", bridge: Bridge, host: str) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        title = self.tr("Another model from {}").format(host)
        self.setWindowTitle(title)
        self.setMinimumWidth(540)
        self._service, self._bridge = service, bridge
        self._call: Call | None = None
        self._found = ""
        self.place = QLineEdit()
        self.place.setAccessibleName(self.tr("Place of the file"))
        self.place.setPlaceholderText("Qwen/Qwen3-4B-GGUF/Qwen3-4B-Q8_0.gguf")
        self.place.setMaxLength(400)
        self.place.textChanged.connect(self._typed)
        self._activity = Activity()
        self._said = label("", "muted", wrap=True)
        self._said.hide()
        self.look = button(self.tr("Look it up"), self._look)
        self.fetch = button(self.tr("Download"), self._fetch, kind="primary")
        words = self.tr(
            "Name a GGUF file as OWNER/NAME/FILE.gguf. “Look it up” asks {} how large it is and "
            "what it needs; it learns which file you ask for, and the address of this computer."
        ).format(host)
        self.setLayout(
            column(
                label(title, "heading", wrap=True),
                label(words, "muted", wrap=True),
                self.place,
                self._activity,
                self._said,
                8,
                row(None, button(self.tr("Cancel"), self.reject), self.look, self.fetch),
                gap=8,
                margins=(24, 20, 24, 20),
            )
        )
        self._fitting = Fitting(self)
        self._typed()
        self.place.setFocus()
        self.finished.connect(self._stop)
        self.open()

    def _typed(self) -> None:
        self._found = ""
        self.look.setEnabled(bool(self.place.text().strip()) and self._call is None)
        self.look.setDefault(True)
        self.fetch.setEnabled(False)

    def _look(self) -> None:
        which = self.place.text().strip()
        self._said.hide()
        self._activity.start(self.tr("Asking…"))
        self._call = self._bridge.run_job(
            partial(self._service.downloads.look, which),
            partial(self._show, which),
            self._failed,
            owner=self,
        )
        self._typed()

    def _show(self, which: str, offer: "DownloadOffer") -> None:
        self._end()
        words = [
            self.tr("{name}: {size} to download, {quantization} {architecture} model.").format(
                name=offer.name,
                size=file_size(offer.size),
                quantization=offer.quantization,
                architecture=offer.architecture,
            )
        ]
        if offer.memory:
            words.append(
                self.tr("It needs about {needed} of memory; {free} are free for a model.").format(
                    needed=file_size(offer.memory), free=file_size(offer.available)
                )
            )
        words.append(self.tr("{} of disk space are free.").format(file_size(offer.free)))
        words.append(self.tr("The licence stands on the page of the model."))
        if offer.added is not None:
            words.append(self.tr("You have it already."))
        if offer.notice:
            words.append(offer.notice)
        set_words(self._said, " ".join(words), "muted")
        if which == self.place.text().strip() and offer.added is None:
            self._found = which
            self.fetch.setEnabled(True)
            self.fetch.setDefault(True)

    def _failed(self, sentence: str) -> None:
        self._end()
        set_words(self._said, sentence, "error")

    def _end(self) -> None:
        self._call = None
        self._activity.stop()
        self._fitting.again()
        self._typed()

    def _fetch(self) -> None:
        self.wanted.emit(self._found)
        self.accept()

    def _stop(self) -> None:
        if self._call is not None:
            self._call.cancel()
