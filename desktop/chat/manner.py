"""What answers in a chat and how: two quiet buttons above the composer."""

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu, QPushButton, QWidget

from desktop.safetext import button_text, label, one_line, tooltip
from desktop.theme.icons import set_icon
from desktop.widgets.buttons import button
from desktop.widgets.layout import row
from desktop.widgets.titles import ElidedLabel
from engine.core.presets import PRECISE

_LONGEST_NAME = 32

Choices = Sequence[tuple[str, str]]
"""Keys and what they are called."""


class MannerSwitch(QWidget):
    """Shows the model and the preset of a chat; a click offers others."""

    model_chosen = Signal(str)
    preset_chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._models: list[tuple[str, str]] = []
        self._own = ""
        self._model, self._preset = "", PRECISE.id
        self.model_button = button("", self._offer_models, kind="quiet")
        self.preset_button = button("", self._offer_presets, kind="quiet")
        for one in (self.model_button, self.preset_button):
            one.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
            set_icon(one, "chevron-down", "muted", 12)
        self._state = ElidedLabel("", "small")
        self.place = label("", "badge")
        self.place.hide()
        line = row(self.model_button, self.preset_button, gap=2, margins=(0, 0, 10, 0))
        line.insertWidget(1, self.place)
        line.addSpacing(8)
        line.addWidget(self._state, 1)
        self.setLayout(line)
        self._tell()

    def show_manner(self, model: str, preset: str) -> None:
        """Show the keys a chat has."""
        self._model, self._preset = model, preset
        self._tell()

    def know_models(self, own: str, models: Choices) -> None:
        """Offer these models; own: the name of the one that is chosen for the whole app."""
        self._own, self._models = own, list(models)
        self._tell()

    def say(self, text: str) -> None:
        """Say what is going on with the model of this chat, or nothing."""
        self._state.set_text(text)

    def show_place(self, place: str) -> None:
        """Mark that questions leave this computer: where to, or "" if they do not."""
        self.place.setText(one_line(place, 60))
        self.place.setVisible(bool(place))

    def model_name(self) -> str:
        """What the model of this chat is called."""
        if not self._model:
            return self._own or self.tr("No model")
        return dict(self._models).get(self._model, self.tr("A model that is gone"))

    def menu(self, kind: str) -> QMenu:
        """The choices for "model" or "preset", with the present one ticked."""
        if kind == "model":
            own = self.tr("As on the Models page ({})").format(self._own or self.tr("none"))
            offered = [("", own), *self._models]
            return self._menu(offered, self._model, self.model_chosen.emit)
        offered = [
            (key, self.tr("{name}: {what}").format(name=name, what=what))
            for key, name, what in self._presets()
        ]
        return self._menu(offered, self._preset, self.preset_chosen.emit)

    def others_menu(self, act: Callable[[str], object]) -> QMenu:
        """All models, to have one of them answer once; act: called with the key chosen."""
        menu = self._menu(self._models, None, act)
        if len(self._models) < 2:
            menu.addAction(self.tr("More models: see “Get models” under Models")).setEnabled(False)
        return menu

    def _presets(self) -> list[tuple[str, str, str]]:
        return [
            ("precise", self.tr("Precise"), self.tr("the likeliest words, always the same")),
            ("balanced", self.tr("Balanced"), self.tr("talk in livelier words")),
            ("creative", self.tr("Creative"), self.tr("talk in surprising words")),
            ("thinking", self.tr("Thinking"), self.tr("think first, if the model can; slower")),
        ]

    def _menu(self, offered: Choices, chosen: str | None, act: Callable[[str], object]) -> QMenu:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        group = QActionGroup(menu)
        for key, text in offered:
            action = menu.addAction(button_text(text))
            action.setCheckable(chosen is not None)
            action.setChecked(key == chosen)
            action.triggered.connect(partial(self._choose, act, key))
            group.addAction(action)
        return menu

    def _choose(self, act: Callable[[str], object], key: str, _checked: bool = False) -> None:
        act(key)

    def _offer_models(self) -> None:
        self._open(self.menu("model"), self.model_button)

    def _offer_presets(self) -> None:
        self._open(self.menu("preset"), self.preset_button)

    def _open(self, menu: QMenu, over: QPushButton) -> None:
        """Above the button: below it is the composer."""
        menu.popup(over.mapToGlobal(QPoint(0, -menu.sizeHint().height())))

    def _tell(self) -> None:
        name = one_line(self.model_name())
        short = name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1].rstrip() + "…"
        self.model_button.setText(button_text(short))
        self.model_button.setAccessibleName(self.tr("Model of this chat: {}").format(name))
        words = (
            self.tr("{} answers in this chat. Click for another model.")
            if self._model
            else self.tr("{}, as chosen on the Models page, answers. Click for another model.")
        )
        self.model_button.setToolTip(tooltip(words.format(name)))
        names = {key: (name, what) for key, name, what in self._presets()}
        preset, what = names.get(self._preset, names[PRECISE.id])
        self.preset_button.setText(preset)
        self.preset_button.setAccessibleName(self.tr("Manner of answers: {}").format(preset))
        self.preset_button.setToolTip(
            tooltip(self.tr("{name}: {what}").format(name=preset, what=what))
        )
