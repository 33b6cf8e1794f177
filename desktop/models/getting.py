"""The section of models to get: what there is, whether it fits, and the downloads."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal

from desktop.bridge import Bridge
from desktop.market.keys import KeyDialog
from desktop.market.section import Section
from desktop.models.catalogue_row import CatalogueRow
from desktop.models.downloads import DownloadsCard
from desktop.models.hub_file import HubFileDialog
from desktop.safetext import label
from desktop.widgets.activity import Activity
from desktop.widgets.buttons import button
from desktop.widgets.card import CardFrame
from desktop.widgets.layout import clear, column, row, rule
from desktop.widgets.titles import set_words
from desktop.widgets.toast import Toasts

if TYPE_CHECKING:
    from engine.service import CatalogueEntry, ModelFit, Service

_STARTER = "starter"


class GetSection(Section):
    """Nothing is asked for by itself: every download begins with a question."""

    kinds = frozenset({"models", "settings"})
    use_wanted = Signal(int)

    def __init__(self, service: "Service", bridge: Bridge, toasts: Toasts) -> None:
        super().__init__(bridge)
        self._service = service
        self._bridge = bridge
        self._toasts = toasts
        self._shown: object = None
        self._coming: frozenset[str] = frozenset()
        self._found: tuple[tuple[CatalogueEntry, ...], dict[str, ModelFit], dict[str, int]]
        self._found = ((), {}, {})
        self.downloads = DownloadsCard(service, bridge, toasts)
        self.downloads.changed.connect(self._mark_coming)
        self.downloads.use_wanted.connect(self.use_wanted)
        offers = CardFrame(self.tr("Models to get"))
        offers.header.addWidget(button(self.tr("Access token…"), self._ask_token))
        offers.header.addWidget(button(self.tr("Another model…"), self._ask_other))
        words = self.tr(
            "Assay downloads nothing by itself: each download is asked about first, and can be "
            "paused. The figures in the answers are computed by Assay whichever model you use; a "
            "larger one words them better and takes longer. Some models want an access token of "
            "their maker's site."
        )
        offers.body.addWidget(label(words, "muted", wrap=True))
        self._busy = Activity()
        offers.body.addWidget(self._busy)
        # Not before it is in there: what has no parent would be shown as a window.
        self._busy.start(self.tr("Looking what fits…"))
        self._rows = column(gap=8, margins=(0, 8, 0, 0))
        offers.body.addLayout(self._rows)
        self._note = label("", "error", wrap=True)
        self._note.hide()
        offers.body.addWidget(self._note)
        hint = self.tr(
            "The site or mirror that models come from, and how much of your connection a download "
            "may take, are under Settings."
        )
        offers.body.addLayout(row(label(hint, "small", wrap=True)))
        self.setLayout(column(self.downloads, offers, gap=16))

    def refresh(self) -> None:
        """Load the catalogue again, and how its models fit now."""
        downloads = self._service.downloads
        self._bridge.run(
            lambda: (downloads.catalogue(), downloads.fits(), downloads.added()),
            lambda found: self._show(*found),
            self._failed,
            owner=self,
        )

    def _show(
        self,
        catalogue: "tuple[tuple[CatalogueEntry, ...], tuple[str, ...]]",
        fits: "dict[str, ModelFit]",
        added: dict[str, int],
    ) -> None:
        entries, refused = catalogue
        self._found = (entries, fits, added)
        self._busy.stop()
        set_words(self._note, "\n".join(refused), "error")
        self._show_rows()

    def _show_rows(self) -> None:
        """Build the rows anew if what they say has changed; else leave the focus where it is."""
        entries, fits, added = self._found
        badges = tuple((key, fit.words) for key, fit in fits.items())
        now = (entries, badges, tuple(added.items()), self._coming)
        if now == self._shown:
            return
        self._shown = now
        clear(self._rows)
        first = True
        # What cannot be fetched as it is comes last.
        for entry in sorted(entries, key=lambda one: not one.can_be_fetched):
            if entry.id == _STARTER:
                continue
            if not first:
                self._rows.addWidget(rule())
            first = False
            fit = fits.get(entry.id)
            line = CatalogueRow(entry, fit, added.get(entry.id), entry.id in self._coming)
            line.download_wanted.connect(partial(self.downloads.ask, entry, fit))
            line.use_wanted.connect(self.use_wanted)
            self._rows.addWidget(line)

    def _mark_coming(self, coming: frozenset[str]) -> None:
        if coming != self._coming:
            self._coming = coming
            self._show_rows()

    def _failed(self, sentence: str) -> None:
        self._busy.stop()
        set_words(self._note, sentence, "error")

    def _ask_other(self) -> None:
        def ask(host: str) -> None:
            dialog = HubFileDialog(self.window(), self._service, self._bridge, host)
            dialog.wanted.connect(self._fetch)

        self._bridge.run(self._service.downloads.host, ask, owner=self)

    def _fetch(self, which: str) -> None:
        self._bridge.run(partial(self._service.downloads.start, which), owner=self)

    def _ask_token(self) -> None:
        downloads, run = self._service.downloads, self._bridge.run

        def said(text: str) -> Callable[[object], object]:
            return lambda _: self._toasts.show(text)

        def keep(token: str) -> None:
            kept = said(self.tr("The access token is in the keyring."))
            run(partial(downloads.set_token, token), kept, owner=self)

        def forget() -> None:
            run(downloads.forget_token, said(self.tr("The token is forgotten.")), owner=self)

        def ask(found: tuple[str, bool]) -> None:
            why = self.tr(
                "Only models whose makers want you to accept their terms need an access token. "
                "Accept them on the model's page, make a token in your account there, and put it "
                "in here; it is sent to this host alone."
            )
            KeyDialog(self.window(), found[0], found[1], keep, forget, why)

        run(lambda: (downloads.host(), downloads.has_token()), ask, owner=self)
