"""The downloads that run, wait or have failed; a new one begins only after a question."""

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal

from desktop.bridge import Bridge
from desktop.models.download_row import DownloadRow
from desktop.models.words import fit_sentence
from desktop.widgets.card import CardFrame
from desktop.widgets.dialogs import Question
from desktop.widgets.figures import file_size
from desktop.widgets.layout import column
from desktop.widgets.toast import Toasts
from engine.core.events import DataChanged, Event, JobProgress

if TYPE_CHECKING:
    from engine.service import CatalogueEntry, DownloadStatus, ModelFile, ModelFit, Service

_PREFIX = "download-"


class DownloadsCard(CardFrame):
    """Hidden while there is nothing to show; rows are kept and updated."""

    changed = Signal(frozenset)
    """The ids of the catalogue that are being fetched or half there."""
    use_wanted = Signal(int)

    def __init__(self, service: "Service", bridge: Bridge, toasts: Toasts) -> None:
        super().__init__(self.tr("Downloads"))
        self._service = service
        self._bridge = bridge
        self._toasts = toasts
        self._asking = False
        self._again = False
        self.rows: dict[str, DownloadRow] = {}
        self._lines = column(gap=8)
        self.body.addLayout(self._lines)
        self.hide()
        bridge.received.connect(self._on_event)
        self.refresh()

    def refresh(self) -> None:
        """Look again how far everything is, once at a time."""
        if self._asking:
            self._again = True
            return
        self._asking = True
        self._bridge.run(self._service.downloads.list, self._show, self._failed, owner=self)

    def ask(self, entry: "CatalogueEntry", fit: "ModelFit | None") -> None:
        """Ask whether to fetch a model of the catalogue: from whom, how much, on what terms."""
        words = [self.tr("The licence is {}.").format(entry.licence or self.tr("not known"))]
        if fit is not None:
            words.append(fit_sentence(fit))
        if fit is not None and fit.words == "too large":
            words.append(self.tr("This computer cannot run it."))
        self.consent(entry.name, entry.size or 0, " ".join(words), entry.id)

    def consent(self, name: str, size: int, more: str, which: str) -> None:
        """Ask whether to fetch a file; which: as downloads.start() takes it."""
        downloads = self._service.downloads

        def ask(host: str) -> None:
            much = file_size(size) if size else self.tr("A file whose size is not known yet")
            comes = self.tr(
                "{much} will come from {host}. It learns which file you ask for, and the address "
                "of this computer; nothing else is sent."
            ).format(much=much, host=host)
            Question(
                self.window(),
                self.tr("Download {}?").format(name),
                f"{comes}\n\n{more}".strip(),
                self.tr("Download"),
                lambda: self._bridge.run(partial(downloads.start, which), owner=self),
                kind="primary",
            )

        self._bridge.run(downloads.host, ask, owner=self)

    def _show(self, found: "list[DownloadStatus]") -> None:
        self._asking = False
        keys = {one.key for one in found}
        for key in [key for key in self.rows if key not in keys]:
            row = self.rows.pop(key)
            row.hide()
            row.deleteLater()
        for status in found:
            if status.key in self.rows:
                self.rows[status.key].show_status(status)
            else:
                self._add(status)
        self.setVisible(bool(self.rows))
        self.changed.emit(frozenset(one.entry for one in found if one.entry))
        if self._again:
            self._again = False
            self.refresh()

    def _failed(self, sentence: str) -> None:
        self._asking = False
        self._toasts.show(sentence)

    def _add(self, status: "DownloadStatus") -> None:
        downloads, key = self._service.downloads, status.key
        row = self.rows[key] = DownloadRow(status)
        row.pause_wanted.connect(lambda: self._do(partial(downloads.pause, key)))
        row.resume_wanted.connect(lambda: self._do(partial(downloads.resume, key)))
        row.cancel_wanted.connect(partial(self._ask_cancel, key))
        self._lines.addWidget(row)

    def _do(self, act: partial[None]) -> None:
        self._bridge.run(act, lambda _: self.refresh(), owner=self)

    def _ask_cancel(self, key: str) -> None:
        status = self.rows[key].status
        cancel = partial(self._service.downloads.cancel, key)
        words = self.tr("What has come so far ({}) is deleted.").format(file_size(status.done))
        Question(
            self.window(),
            self.tr("Stop the download of {}?").format(status.name),
            words,
            self.tr("Stop and delete"),
            lambda: self._bridge.run(cancel, lambda _: self.refresh(), owner=self),
        )

    def _on_event(self, event: Event) -> None:
        if isinstance(event, DataChanged) and "models" in event.kinds:
            self.refresh()
        elif isinstance(event, JobProgress) and event.job_id.startswith(_PREFIX):
            if event.done and event.fraction == 1:
                key = event.job_id.removeprefix(_PREFIX)
                self._bridge.run(
                    partial(self._service.downloads.wait, key), self._there, owner=self
                )
            self.refresh()

    def _there(self, added: "ModelFile") -> None:
        """A download has ended well."""
        use = (self.tr("Use it"), lambda: self.use_wanted.emit(added.id))
        self._toasts.show(self.tr("{} is on this computer.").format(added.name), use)
