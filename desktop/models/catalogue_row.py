"""One model that can be got: what it is good for, what it needs, and whether it fits."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QWidget

from desktop.models.context_bars import ContextBars
from desktop.models.words import FIT_ROLES, fit_badge, fit_sentence
from desktop.safetext import ask_before_opening, label, one_line, tooltip
from desktop.theme.icons import set_label_icon
from desktop.widgets.buttons import button
from desktop.widgets.figures import file_size
from desktop.widgets.layout import boxed, column, row
from desktop.widgets.titles import ElidedLabel

if TYPE_CHECKING:
    from engine.service import CatalogueEntry, ModelFit


class CatalogueRow(QWidget):
    """The figures behind the badge are in its tooltip, and under "Details" with those of longer
    conversations."""

    download_wanted = Signal()
    use_wanted = Signal(int)

    def __init__(
        self, entry: "CatalogueEntry", fit: "ModelFit | None", number: int | None, coming: bool
    ) -> None:
        """number: the one it has on this computer, None if it is not there; coming: it is being
        fetched."""
        super().__init__()
        self.entry = entry
        self._fit = fit
        self._fold: QWidget | None = None
        mark = QLabel()
        set_label_icon(mark, "models", "muted", 18)
        title = row(ElidedLabel(entry.name, "strong"), gap=8)
        title.setStretch(0, 1)
        if number is not None:
            title.addWidget(label(self.tr("On this computer"), "tag"))
        elif fit is not None:
            self.badge = label(fit_badge(fit.words), FIT_ROLES[fit.words])
            self.badge.setToolTip(tooltip(fit_sentence(fit)))
            title.addWidget(self.badge)
        self._lines = column(title, gap=3)
        if entry.note:
            self._lines.addWidget(label(entry.note, "muted", wrap=True))
        self._lines.addWidget(label(self._facts(), "small", wrap=True))
        links = row(gap=4)
        self._details = button(self.tr("Details"), self._unfold, kind="fold")
        self._details.setAccessibleName(self.tr("Details: {}").format(one_line(entry.name)))
        links.addWidget(self._details)
        if entry.page is not None:
            links.addWidget(self._link(entry.page))
        links.addStretch(1)
        self._lines.addLayout(links)
        line = row(mark, gap=12, margins=(0, 4, 0, 4))
        line.setAlignment(mark, Qt.AlignmentFlag.AlignTop)
        line.addLayout(self._lines, 1)
        name = one_line(entry.name)
        if number is not None:
            act = button(self.tr("Use"), lambda: self.use_wanted.emit(number))
            act.setAccessibleName(self.tr("Use: {}").format(name))
            line.addWidget(act, 0, Qt.AlignmentFlag.AlignTop)
        elif entry.can_be_fetched:
            act = button(self.tr("Download…"), self.download_wanted.emit)
            act.setAccessibleName(self.tr("Download: {}").format(name))
            act.setEnabled(not coming)
            line.addWidget(act, 0, Qt.AlignmentFlag.AlignTop)
        self.setLayout(line)
        self._details.setVisible(fit is not None)

    def _facts(self) -> str:
        entry = self.entry
        words = [entry.quantization]
        if entry.size:
            words.append(self.tr("{} to download").format(file_size(entry.size)))
        if entry.memory:
            words.append(self.tr("about {} of memory").format(file_size(entry.memory)))
        licence = entry.licence or self.tr("not known")
        words.append(self.tr("licence: {}").format(licence))
        if entry.own:
            words.append(self.tr("from your own list"))
        return " · ".join(one_line(word) for word in words if word)

    def _link(self, page: str) -> QWidget:
        link = button(
            self.tr("Read about it"), lambda: ask_before_opening(self.window(), page), kind="link"
        )
        link.setAccessibleName(self.tr("Read about it: {}").format(one_line(self.entry.name)))
        return link

    def _unfold(self) -> None:
        """Show or hide the figures; they are built when they are first wanted."""
        assert self._fit is not None
        if self._fold is None:
            lines = column(label(fit_sentence(self._fit), "small", wrap=True), gap=6)
            if self._fit.contexts:
                words = self.tr(
                    "The longer a conversation may get, the more memory it takes (4,096 tokens are "
                    "about 3,000 words); the line marks what is free for a model now. Assay takes "
                    "the longest that fits."
                )
                lines.addWidget(ContextBars(self._fit))
                lines.addWidget(label(words, "small", wrap=True))
            self._fold = boxed(lines)
            self._lines.addWidget(self._fold)
        else:
            self._fold.setVisible(not self._fold.isVisible())
        shown = self._fold.isVisibleTo(self)
        self._details.setText(self.tr("Hide details") if shown else self.tr("Details"))
