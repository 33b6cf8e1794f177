"""The second step: what the model is, on what terms, and what is to be made of it."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QLineEdit

from desktop.builds.choices import ChoicesTable, Row, own_row
from desktop.builds.own_size import OwnSize
from desktop.builds.step import Step, primary
from desktop.builds.texts import Texts
from desktop.builds.words import bits_of, is_searched, kind_words, needs, source_facts
from desktop.safetext import label, one_line
from desktop.widgets.buttons import button
from desktop.widgets.card import CardFrame
from desktop.widgets.figures import file_size
from desktop.widgets.layout import clear, column, framed
from desktop.widgets.titles import ElidedLabel, set_words
from engine.core.builds import BuildOrder

if TYPE_CHECKING:
    from engine.core.builds import BuildLook, BuildSource

_NAME_LENGTH = 80
_VERSION = 12
"""Letters of it that are shown."""


class ChoiceStep(Step):
    """One press makes what is recommended."""

    ordered = Signal(object)
    """A BuildOrder."""
    back_wanted = Signal()

    def __init__(self) -> None:
        super().__init__(self.tr("What to make"))
        self._look: BuildLook | None = None
        self._host = ""
        self._what = what = CardFrame("")
        clear(what.header)
        self._title = ElidedLabel("", "heading")
        self._kind = label("", "tag")
        what.header.addWidget(self._title, 1)
        what.header.addWidget(self._kind, 0, Qt.AlignmentFlag.AlignVCenter)
        self._facts = label("", "muted", wrap=True)
        self.licence = label("", wrap=True)
        what.body.addWidget(self._facts)
        what.body.addWidget(framed(column(self.licence, margins=(12, 8, 12, 8)), "well"))
        self.name_field = QLineEdit()
        self.name_field.setAccessibleName(self.tr("Name of the new model"))
        self.name_field.setMaxLength(_NAME_LENGTH)
        self.name_field.textChanged.connect(lambda _: self._enable())
        make = CardFrame(self.tr("What to make of it"))
        # Beside the title, so that it is seen without scrolling.
        make.header.addWidget(label(self.tr("Name"), "small"))
        make.header.addWidget(self.name_field, 1)
        self.table = ChoicesTable()
        self.table.picked.connect(self._picked)
        self.own = OwnSize()
        self.own.changed.connect(self._resize)
        self.needs = label("", "small", wrap=True)
        self._notice = label("", "error", wrap=True)
        for one in (self.table, self.own, self.needs, self._notice):
            make.body.addWidget(one)
        self.texts = Texts()
        more = CardFrame(self.tr("Texts of your own"))
        explained = self.tr(
            "Texts of your own show which weights matter for what you ask. They stay on this "
            "computer."
        )
        more.body.addWidget(self.texts)
        more.body.addWidget(label(explained, "small", wrap=True))
        for card in (what, make, more):
            self.body.addWidget(card)
        self.body.addStretch(1)
        self._error = label("", "error", wrap=True)
        self._error.hide()
        self.make = primary(button(self.tr("Make it"), self._order, kind="primary"))
        self.foot.addWidget(button(self.tr("Back"), self.back_wanted.emit))
        self.foot.addWidget(self._error, 1)
        self.foot.addStretch(0)
        self.foot.addWidget(self.make)

    def begin(self) -> None:
        self.make.setFocus()

    def show_look(self, look: "BuildLook", host: str) -> None:
        """Show what was found; host: who would be asked for what is not here yet."""
        self._look, self._host = look, host
        source = look.source
        self._title.set_text(source.name)
        self._what.setAccessibleName(one_line(source.name))
        self._kind.setText(kind_words(source.kind))
        self._facts.setText(self._about(source))
        self.licence.setText(self._licence(source))
        self.needs.setText(self._needs(look))
        set_words(self._notice, look.notice, "error")
        self.name_field.setModified(False)
        self.texts.show_texts(())
        searched = (bits_of(one.target) for one in look.choices if is_searched(one.target))
        self.own.begin(next(searched, 0.0))
        self.table.show_choices(look.choices, self._own(look))
        self._picked()
        set_words(self._error, "", "error")
        much = self.tr("Download {} and make it").format(file_size(source.bytes))
        self.make.setText(much if self._fetches() else self.tr("Make it"))
        self.make.setAccessibleName(self.make.text())
        self._enable()

    def say(self, sentence: str) -> None:
        """Show why it cannot begin."""
        set_words(self._error, sentence, "error")
        self._enable()
        self.make.setFocus()

    def order(self) -> BuildOrder:
        """What is chosen."""
        assert self._look is not None
        return BuildOrder(
            self.name_field.text().strip(),
            self._look.source.place,
            self.table.chosen().target,
            self.texts.paths,
        )

    def _about(self, source: "BuildSource") -> str:
        """What the model is, in a line."""
        place = source.place if source.place != source.name else ""
        parts = [one_line(place, 300), source_facts(source)]
        if source.version:
            parts.append(self.tr("version {}").format(one_line(source.version[:_VERSION])))
        return " · ".join(part for part in parts if part)

    def _licence(self, source: "BuildSource") -> str:
        if source.licence:
            words = self.tr("Licence: {}. It also holds for what you make of this model.")
            return words.format(one_line(source.licence, 200))
        if source.kind == "run":
            return self.tr("Licence: that of the model and the data that the run began with.")
        return self.tr(
            "Licence: none is named here. Read on its maker's page what you may do with it."
        )

    def _fetches(self) -> bool:
        return self._look is not None and self._look.source.kind == "hub"

    def _own(self, look: "BuildLook") -> Row | None:
        """A size of the user's own can be foreseen where the number of weights is known."""
        weights = look.source.parameters
        return own_row(look.choices, weights, self.own.bits()) if weights else None

    def _resize(self) -> None:
        own = self._own(self._look) if self._look is not None else None
        if own is not None:
            self.table.show_own(own)
            self._propose_name()

    def _picked(self) -> None:
        """Show the slider where it counts."""
        if self._look is None or not self.table.choices.rows:
            return
        own = self.table.own_chosen()
        if own and self.own.isHidden():
            # Once it has its place.
            QTimer.singleShot(0, self.own, lambda: self.pane.ensureWidgetVisible(self.own))
        self.own.setVisible(own)
        self._propose_name()

    def _propose_name(self) -> None:
        """Name the new model after what is made, unless the user has named it."""
        if self._look is not None and not self.name_field.isModified():
            made = self.table.chosen().target
            self.name_field.setText(one_line(f"{self._look.source.name}-{made}", _NAME_LENGTH))

    def _needs(self, look: "BuildLook") -> str:
        words = needs(look)
        if not self._fetches():
            return words
        comes = self.tr("{size} come from {host}, once.")
        return f"{comes.format(size=file_size(look.source.bytes), host=self._host)} {words}"

    def _enable(self) -> None:
        self.make.setEnabled(bool(self.name_field.text().strip()))

    def _order(self) -> None:
        set_words(self._error, "", "error")
        self.make.setEnabled(False)
        self.ordered.emit(self.order())
