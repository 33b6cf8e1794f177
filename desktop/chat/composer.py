"""Where questions are typed: Enter sends, Shift+Enter breaks the line."""

from PySide6.QtCore import QCoreApplication, QEvent, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QPlainTextEdit, QWidget

from desktop.safetext import label
from desktop.theme.icons import set_icon
from desktop.widgets.buttons import icon_button
from desktop.widgets.layout import column, framed, row
from desktop.widgets.titles import set_words

_translate = QCoreApplication.translate

_MOST_LINES = 8
MOST_CHARACTERS = 8_000


class QuestionField(QPlainTextEdit):
    """A text field that grows with its text."""

    submitted = Signal()
    focus_changed = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self.setTabChangesFocus(True)
        # A file dropped here belongs to the window, which imports it.
        self.setAcceptDrops(False)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().setDocumentMargin(2)
        self.textChanged.connect(self._grow)
        self._grow()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        enter = event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}
        if enter and not event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.submitted.emit()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.focus_changed.emit(True)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.focus_changed.emit(False)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in {QEvent.Type.FontChange, QEvent.Type.StyleChange}:
            self._grow()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._grow()

    def _grow(self) -> None:
        # The layout of a plain text field counts its height in lines.
        lines = max(1, min(_MOST_LINES, int(self.document().size().height())))
        self.setFixedHeight(lines * self.fontMetrics().lineSpacing() + 6)
        policy = Qt.ScrollBarPolicy
        over = self.document().size().height() > _MOST_LINES
        self.setVerticalScrollBarPolicy(
            policy.ScrollBarAsNeeded if over else policy.ScrollBarAlwaysOff
        )


class Composer(QWidget):
    """The question field and its one button, which sends or stops."""

    sent = Signal(str)
    stop_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._busy = False
        self.field = QuestionField()
        self.field.setAccessibleName(self.tr("Question"))
        self.field.setPlaceholderText(self.tr("Ask about your portfolio…"))
        self.action = icon_button("send", self.tr("Send"), self._act, kind="round", size=16)
        inner = row(gap=8, margins=(16, 9, 9, 9))
        inner.addWidget(self.field, 1, Qt.AlignmentFlag.AlignVCenter)
        inner.addWidget(self.action, 0, Qt.AlignmentFlag.AlignBottom)
        self._frame = framed(inner, "composer")
        self.too_long = too_long_label()
        self.setLayout(column(self._frame, self.too_long, gap=4))
        self.setFocusProxy(self.field)
        self.field.submitted.connect(self.submit)
        self.field.textChanged.connect(self._refresh)
        self.field.focus_changed.connect(self._mark)
        self._refresh()

    def set_busy(self, busy: bool) -> None:
        """While an answer is being written the button stops it."""
        self._busy = busy
        name = self.tr("Stop") if busy else self.tr("Send")
        self.action.setAccessibleName(name)
        self.action.setToolTip(self.tr("Stop (Esc)") if busy else self.tr("Send (Enter)"))
        self._refresh()

    def put(self, text: str) -> None:
        """Put text into the field, for the user to change or send."""
        self.field.setPlainText(text)
        self.field.moveCursor(self.field.textCursor().MoveOperation.End)
        self.field.setFocus()

    def submit(self) -> None:
        """Send what is typed, unless an answer is being written or there is nothing."""
        text = self.field.toPlainText().strip()
        if text and not self._busy and len(text) <= MOST_CHARACTERS:
            self.field.clear()
            self.sent.emit(text)

    def _act(self) -> None:
        if self._busy:
            self._stop()
        else:
            self.submit()
        self.field.setFocus()

    def _stop(self) -> None:
        if self._busy:
            self.stop_wanted.emit()

    def _refresh(self) -> None:
        text = self.field.toPlainText().strip()
        usable = self._busy or 0 < len(text) <= MOST_CHARACTERS
        self.action.setEnabled(usable)
        name = "stop" if self._busy else "send"
        set_icon(self.action, name, "on_accent" if usable else "faint", 16)
        say_if_too_long(self.too_long, text)

    def _mark(self, active: bool) -> None:
        self._frame.setProperty("active", active)
        self._frame.style().polish(self._frame)


def too_long_label() -> QLabel:
    """Where say_if_too_long says it."""
    words = label("", "error", wrap=True)
    words.hide()
    return words


def say_if_too_long(place: QLabel, text: str) -> None:
    """Say why a question cannot be asked; the sentence is the service's."""
    words = _translate(
        "composer", "The question has {:,} characters; {:,} are possible. Shorten it."
    )
    over = len(text) > MOST_CHARACTERS
    set_words(place, words.format(len(text), MOST_CHARACTERS) if over else "", "error")
