"""Dialogs whose fields come and go."""

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QDialog


class Fitting(QObject):
    """Keeps a dialog as high as what is in it, when it is shown and whenever it is told to.

    Qt's own way stops at two thirds of the screen, where fields would be cut off.
    """

    def __init__(self, dialog: QDialog) -> None:
        super().__init__(dialog)
        self._dialog = dialog
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._fit)
        dialog.installEventFilter(self)

    def again(self) -> None:
        """Fit once what has changed has its place."""
        self._timer.start()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show:
            self._fit()
        return super().eventFilter(watched, event)

    def _fit(self) -> None:
        layout = self._dialog.layout()
        assert layout is not None
        layout.activate()
        width = self._dialog.width()
        # The size hint has room for words wrapped as in a narrower dialog.
        wraps = layout.hasHeightForWidth()
        hint = layout.totalSizeHint().height()
        self._dialog.resize(width, layout.totalHeightForWidth(width) if wraps else hint)
