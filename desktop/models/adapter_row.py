"""One adapter: its name, how strongly it works, and its switch."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QLabel, QSlider, QWidget

from desktop.safetext import label, one_line
from desktop.widgets.buttons import icon_button
from desktop.widgets.layout import column, row
from desktop.widgets.switch import Switch
from desktop.widgets.titles import ElidedLabel, set_words

if TYPE_CHECKING:
    from engine.service import Adapter

_STEPS = 20
"""Of the slider to 1.0."""
_REST_MILLISECONDS = 400


class AdapterRow(QWidget):
    """What is set is told once the slider has come to rest."""

    scale_wanted = Signal(float)
    switch_wanted = Signal(bool)
    remove_wanted = Signal()

    def __init__(self, adapter: "Adapter") -> None:
        super().__init__()
        name = one_line(adapter.name)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, 2 * _STEPS)
        self.slider.setPageStep(_STEPS // 4)
        self.slider.setFixedWidth(160)
        self.slider.setAccessibleName(self.tr("Strength of {}").format(name))
        self._figure = label("", "small")
        self._figure.setFixedWidth(36)
        self.switch = Switch(self.tr("Use the adapter {}").format(name))
        self.switch.clicked.connect(self.switch_wanted)
        remove = icon_button(
            "trash", self.tr("Remove adapter: {}").format(name), self.remove_wanted.emit, size=16
        )
        self._trouble = QLabel()
        self._trouble.setTextFormat(Qt.TextFormat.PlainText)
        self._trouble.setWordWrap(True)
        place = ElidedLabel(str(adapter.path), "small")
        words = column(ElidedLabel(adapter.name, "strong"), place, self._trouble, gap=2)
        line = row(gap=12, margins=(0, 2, 0, 2))
        line.addLayout(words, 1)
        for one in (self.slider, self._figure, self.switch, remove):
            line.addWidget(one)
        self.setLayout(line)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MILLISECONDS)
        self._rest.timeout.connect(lambda: self.scale_wanted.emit(self.slider.value() / _STEPS))
        self.show_adapter(adapter)
        self.slider.valueChanged.connect(self._moved)

    def show_adapter(self, adapter: "Adapter") -> None:
        """Show what is stored, unless the user is just setting something else."""
        self.switch.setChecked(adapter.on)
        set_words(self._trouble, adapter.trouble, "error")
        if not self._rest.isActive() and not self.slider.isSliderDown():
            self.slider.blockSignals(True)
            self.slider.setValue(round(adapter.scale * _STEPS))
            self.slider.blockSignals(False)
            self._say()

    def _moved(self) -> None:
        self._say()
        self._rest.start()

    def _say(self) -> None:
        text = f"{self.slider.value() / _STEPS:.2f}"
        self._figure.setText(text)
        self.slider.setAccessibleDescription(text)
