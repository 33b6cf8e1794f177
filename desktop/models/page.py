"""The Models page: the models on this computer, those to get, servers elsewhere, our own server."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from desktop.bridge import Bridge
from desktop.builds.acts import BuildActs
from desktop.builds.card import BuildsCard
from desktop.builds.following import Following
from desktop.builds.wizard import Wizard
from desktop.models.getting import GetSection
from desktop.models.import_file import CopyOrLink, ask_for_file
from desktop.models.library import LibrarySection
from desktop.models.remote import RemoteSection
from desktop.models.server import ServerSection
from desktop.widgets.buttons import button
from desktop.widgets.layout import boxed, column, row
from desktop.widgets.scroll import ScrollColumn
from desktop.widgets.tabs import Tabs
from desktop.widgets.titles import page_head
from desktop.widgets.toast import Toasts

if TYPE_CHECKING:
    from engine.core.builds import BuildStatus
    from engine.service import Service

_WIDTH = 880
_MARGIN = 24


class ModelsPage(QWidget):
    """Four sections, one of which is shown; each loads itself when it is first seen.

    While a model is made, the wizard stands in their place until it is left.
    """

    show_wanted = Signal()
    """This page is to be shown."""

    def __init__(self, service: "Service", bridge: Bridge, toasts: Toasts) -> None:
        super().__init__()
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._service, self._bridge, self._toasts = service, bridge, toasts
        self.builds = Following(service, bridge, self)
        self.builds.failed.connect(toasts.show)
        self.builds.ended.connect(self._ended)
        self._making = BuildsCard(self.builds, BuildActs(self, service, bridge, toasts))
        self._making.show_wanted.connect(self.show_build)
        self.wizard: Wizard | None = None
        self.library = LibrarySection(service, bridge, toasts, self._making)
        sections: tuple[tuple[str, str, Callable[[], QWidget]], ...] = (
            ("library", self.tr("On this computer"), lambda: self.library),
            ("get", self.tr("Get models"), self._get),
            ("remote", self.tr("Other computers"), lambda: RemoteSection(service, bridge)),
            ("server", self.tr("Server"), lambda: ServerSection(service, bridge, toasts)),
        )
        self.tabs = Tabs(
            self.tr("Models"),
            [(key, name, partial(_scrolling, name, build)) for key, name, build in sections],
            self,
        )
        self.library.get_wanted.connect(partial(self.tabs.show_tab, "get"))
        new = self.tr("Make a model…")
        self._new = button(new, self.make, kind="primary", icon="flask")
        head = page_head(
            self.tr("Models"),
            self.tr("The model puts the results into words; Assay computes the figures itself."),
            button(self.tr("Use a GGUF file…"), self._choose, icon="file"),
            self._new,
        )
        top = boxed(column(head, self.tabs.bar, gap=14))
        top.setMaximumWidth(_WIDTH)
        centred = row(margins=(_MARGIN, _MARGIN, _MARGIN, 8))
        centred.addStretch(1)
        centred.addWidget(top, 1000)
        centred.addStretch(1)
        content = column(centred, gap=0)
        content.addWidget(self.tabs, 1)
        self._stack = QStackedWidget()
        self._stack.addWidget(boxed(content))
        self.setLayout(column(self._stack))
        self.tabs.show_tab("library")

    def make(self, source: str = "") -> None:
        """Open the wizard at its beginning; source: a folder, a file or a training run."""
        self._open_wizard().begin(source)

    def show_build(self, key: str) -> None:
        """Open the wizard at a build."""
        self._open_wizard().show_build(key)

    def add(self, path: Path, link: bool = False) -> None:
        """Check a file, copy it into the models folder (link: not), and use it."""
        self.tabs.show_tab("library")
        self.library.add(path, link)

    def offer(self, path: Path) -> None:
        """A file was dropped: ask whether to copy it, then use it."""
        CopyOrLink(self.window(), path, lambda link: self.add(path, link))

    def _get(self) -> QWidget:
        section = GetSection(self._service, self._bridge, self._toasts)
        section.use_wanted.connect(self.library.use)
        return section

    def _choose(self) -> None:
        ask_for_file(self.window(), self.add)

    def _open_wizard(self) -> Wizard:
        if self.wizard is None:
            self.wizard = Wizard(self._service, self._bridge, self._toasts, self.builds)
            self.wizard.left.connect(self._leave_wizard)
            self._stack.addWidget(self.wizard)
        self._stack.setCurrentWidget(self.wizard)
        return self.wizard

    def _leave_wizard(self) -> None:
        self._stack.setCurrentIndex(0)
        self.tabs.show_tab("library")
        self._new.setFocus()

    def _ended(self, status: "BuildStatus") -> None:
        """A build has ended; said where it is not seen."""
        if self.wizard is not None and self.wizard.shows(status.key):
            return
        words = self.tr("{} is made and can be added to your models.")
        if status.state == "failed":
            words = self.tr("{} could not be made.")
        shown = (self.tr("Show"), partial(self._show_from_afar, status.key))
        self._toasts.show(words.format(status.order.name), shown)

    def _show_from_afar(self, key: str) -> None:
        self.show_wanted.emit()
        self.show_build(key)


def _scrolling(name: str, build: Callable[[], QWidget]) -> QWidget:
    scroll = ScrollColumn(name, _WIDTH, gap=16, margin=_MARGIN)
    scroll.column.addWidget(build())
    scroll.column.addStretch(1)
    return scroll
