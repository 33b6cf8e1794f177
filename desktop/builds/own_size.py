"""A slider and a field for the bits per weight of a searched file."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDoubleSpinBox, QSlider, QWidget

from desktop.safetext import label
from desktop.widgets.layout import row

_LEAST, _MOST, _USUAL = 2.5, 8.5, 4.5
_STEPS = 10
"""Of the slider in one bit."""


class OwnSize(QWidget):
    """Both show the same; the field takes what is typed."""

    changed = Signal(float)

    def __init__(self) -> None:
        super().__init__()
        name = self.tr("Bits per weight")
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(round(_LEAST * _STEPS), round(_MOST * _STEPS))
        self.slider.setPageStep(_STEPS // 2)
        self.slider.setAccessibleName(name)
        self.field = QDoubleSpinBox()
        self.field.setRange(_LEAST, _MOST)
        self.field.setDecimals(1)
        self.field.setSingleStep(1 / _STEPS)
        self.field.setFixedWidth(72)
        self.field.setAccessibleName(name)
        self.field.lineEdit().setTextMargins(8, 0, 0, 0)
        line = row(label(self.tr("Size"), "muted"), gap=12)
        line.addWidget(self.slider, 1)
        line.addWidget(self.field)
        line.addWidget(label(self.tr("bits per weight"), "muted"))
        self.setLayout(line)
        self.field.setValue(_USUAL)
        self.slider.setValue(round(_USUAL * _STEPS))
        self.slider.valueChanged.connect(lambda steps: self.field.setValue(steps / _STEPS))
        self.field.valueChanged.connect(self._typed)

    def begin(self, bits: float) -> None:
        """Set a size without telling."""
        self.blockSignals(True)
        self.field.setValue(bits or _USUAL)
        self.blockSignals(False)

    def bits(self) -> float:
        """Bits per weight."""
        return round(self.field.value(), 1)

    def _typed(self, bits: float) -> None:
        self.slider.setValue(round(bits * _STEPS))
        self.changed.emit(self.bits())
