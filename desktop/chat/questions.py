"""A question in the transcript: its bubble, its versions, and changing it in place."""

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from desktop.chat.answer import Asked
from desktop.chat.composer import MOST_CHARACTERS, QuestionField, say_if_too_long, too_long_label
from desktop.chat.walker import Walker
from desktop.safetext import label
from desktop.widgets.buttons import button, icon_button
from desktop.widgets.layout import boxed, column, framed, row

_BUBBLE_WIDTH = 520


class EditField(QuestionField):
    """The field in which a question is changed; Esc gives up."""

    given_up = Signal()

    def event(self, event: QEvent) -> bool:
        # Otherwise the window would take Esc for "stop the answer".
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.key() == Qt.Key.Key_Escape
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.given_up.emit()
        else:
            super().keyPressEvent(event)


class UserRow(QWidget):
    """What the user asked, on the right."""

    edited = Signal(int, str)
    version_wanted = Signal(int)

    def __init__(self, asked: Asked) -> None:
        super().__init__()
        self.asked = asked
        words = label(asked.text, wrap=True, selectable=True)
        words.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        words.ensurePolished()
        metrics = words.fontMetrics()
        longest = max(metrics.horizontalAdvance(line) for line in words.text()[:2_000].split("\n"))
        # A wrapped label asks for too little width of its own accord.
        words.setFixedWidth(min(_BUBBLE_WIDTH, longest + 4))
        bubble = framed(row(words, margins=(14, 9, 14, 9)), "bubble")
        bubble.setAccessibleName(self.tr("You asked: {}").format(words.text()))
        self.walker = Walker(
            self.tr("Previous question"), self.tr("Next question"), self.version_wanted.emit
        )
        self.pencil = icon_button(
            "pencil", self.tr("Change the question"), self.begin_edit, kind="tiny", size=15
        )
        line = row(None, gap=4)
        # Beside the last line of the question.
        side = boxed(row(self.walker, self.pencil, gap=4, margins=(0, 0, 0, 5)))
        line.addWidget(side, 0, Qt.AlignmentFlag.AlignBottom)
        line.addWidget(bubble)
        self._view = boxed(line)
        self._lines = column(self._view)
        self.setLayout(self._lines)
        self._editor: QWidget | None = None
        self.field: EditField | None = None
        self.know(asked.message_id, asked.siblings)

    def know(self, message_id: int, siblings: tuple[int, ...] = ()) -> None:
        """The question is stored under this id; before that it cannot be changed."""
        self.asked.message_id, self.asked.siblings = message_id, siblings
        self.walker.show_place(message_id, siblings)
        policy = self.pencil.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.pencil.setSizePolicy(policy)
        self.pencil.setVisible(message_id > 0)

    def begin_edit(self) -> None:
        """Show a field with the question in the place of the bubble."""
        if self._editor is not None or not self.asked.message_id:
            return
        self.field = field = EditField()
        field.setAccessibleName(self.tr("Changed question"))
        field.setPlainText(self.asked.text)
        field.moveCursor(field.textCursor().MoveOperation.End)
        send = button(self.tr("Ask"), self._send, kind="primary")
        cancel = button(self.tr("Cancel"), self.end_edit)
        what = label(self.tr("The old question and its answers stay."), "small", wrap=True)
        buttons = row()
        buttons.addWidget(what, 1)
        buttons.addWidget(cancel)
        buttons.addWidget(send)
        field.submitted.connect(self._send)
        field.given_up.connect(self.end_edit)
        over = too_long_label()

        def typed() -> None:
            send.setEnabled(self._sendable())
            say_if_too_long(over, field.toPlainText().strip())

        field.textChanged.connect(typed)
        self._editor = framed(column(field, over, buttons, margins=(16, 10, 10, 10)), "composer")
        field.focus_changed.connect(self._mark)
        self._view.hide()
        self._lines.addWidget(self._editor)
        field.setFocus()

    def end_edit(self) -> None:
        """The bubble is back, as it was."""
        if self._editor is not None:
            self._editor.hide()
            self._editor.deleteLater()
            self._editor = self.field = None
            self._view.show()
            self.pencil.setFocus()

    def _mark(self, active: bool) -> None:
        if self._editor is not None:
            self._editor.setProperty("active", active)
            self._editor.style().polish(self._editor)

    def _sendable(self) -> bool:
        text = self.field.toPlainText().strip() if self.field is not None else ""
        return 0 < len(text) <= MOST_CHARACTERS

    def _send(self) -> None:
        if self.field is not None and self._sendable():
            text = self.field.toPlainText().strip()
            self.end_edit()
            self.edited.emit(self.asked.message_id, text)
