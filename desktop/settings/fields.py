"""One control for each kind of setting."""

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QComboBox, QLineEdit, QSpinBox, QWidget

from desktop.widgets.switch import Switch
from engine.core.settings import Setting, SettingValue

_translate = QCoreApplication.translate

Changed = Callable[[SettingValue], object]


def field(setting: Setting, value: SettingValue, changed: Changed) -> QWidget:
    """The control for a setting, showing value; changed is called with what the user enters."""
    makers = {"bool": _switch, "int": _number, "choice": _choice, "text": _text, "time": _text}
    make = makers[setting.kind]
    control = make(setting, value, changed)
    control.setAccessibleName(_translate("settings", setting.label))
    control.setAccessibleDescription(_translate("settings", setting.help))
    return control


def show_value(control: QWidget, value: SettingValue) -> None:
    """Show another value without reporting it as a change of the user's."""
    control.blockSignals(True)
    if isinstance(control, Switch):
        control.setChecked(bool(value))
    elif isinstance(control, QSpinBox):
        control.setValue(int(value))
    elif isinstance(control, QComboBox):
        control.setCurrentIndex(control.findData(value))
    elif isinstance(control, QLineEdit):
        control.setText(str(value))
    control.blockSignals(False)


def _switch(setting: Setting, value: SettingValue, changed: Changed) -> QWidget:
    control = Switch(setting.label)
    control.setChecked(bool(value))
    control.toggled.connect(changed)
    return control


def _number(setting: Setting, value: SettingValue, changed: Changed) -> QWidget:
    control = QSpinBox()
    control.setRange(setting.minimum, setting.maximum)
    control.setGroupSeparatorShown(True)
    control.setValue(int(value))
    control.setKeyboardTracking(False)
    control.setFixedWidth(180)
    # The style sheet does not reach inside.
    control.lineEdit().setTextMargins(8, 0, 0, 0)
    control.valueChanged.connect(changed)
    return control


def _choice(setting: Setting, value: SettingValue, changed: Changed) -> QWidget:
    control = QComboBox()
    for choice in setting.choices:
        # Codes such as currencies stay as they are, words begin with a capital.
        shown = choice if choice.isupper() else choice.capitalize()
        control.addItem(_translate("settings", shown), choice)
    control.setCurrentIndex(control.findData(value))
    control.setFixedWidth(180)
    control.setMaxVisibleItems(12)
    control.view().setAccessibleName(_translate("settings", setting.label))
    control.activated.connect(lambda index: changed(control.itemData(index)))
    return control


def _text(setting: Setting, value: SettingValue, changed: Changed) -> QWidget:
    control = QLineEdit(str(value))
    control.setFixedWidth(280)
    control.editingFinished.connect(lambda: changed(control.text()))
    return control
