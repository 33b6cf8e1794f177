"""What fired lately in a few sentences, asked for with a button over the history."""

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from desktop.bridge import Bridge
from desktop.safetext import clean, label
from desktop.theme.icons import set_icon
from desktop.widgets.activity import Activity
from desktop.widgets.announce import announce
from desktop.widgets.buttons import button, icon_button
from desktop.widgets.layout import column, framed, row
from desktop.widgets.markdown_view import MarkdownView
from engine.core.events import (
    Event,
    StatusChanged,
    TextDelta,
    TextReplaced,
    ThinkDelta,
    TurnFinished,
)

if TYPE_CHECKING:
    from engine.service import Service


class Summary(QWidget):
    """The words as they come, and whose they are; `ask` is the button, which stops them too."""

    def __init__(self, service: "Service", bridge: Bridge) -> None:
        super().__init__()
        self._service = service
        self._number = 0
        self._writing = False
        self.ask = button(self.tr("Summarise what fired"), self._press, icon="chat")
        self.text = MarkdownView(self.tr("Summary of what fired"))
        self.activity = Activity()
        self._remark = label("", "small", wrap=True)
        self._close = icon_button("close", self.tr("Close the summary"), self.hide)
        # Its place stays, so that the words do not move when it comes.
        policy = self._close.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self._close.setSizePolicy(policy)
        words = column(self.text, self.activity, self._remark, gap=8)
        line = row(gap=8, margins=(14, 12, 8, 12))
        line.addLayout(words, 1)
        line.addLayout(column(self._close, None))
        self.setLayout(column(framed(line, "well")))
        self.hide()
        bridge.received.connect(self._on_event)

    def _press(self) -> None:
        # Neither waits for anything.
        if self._writing:
            self._service.alert_summary.stop()
            return
        self._show_writing(True)
        self.text.set_text("")
        self.text.hide()
        self._remark.hide()
        self._close.hide()
        self.activity.start(self.tr("Summing up what fired…"))
        self.show()
        self._number = self._service.alert_summary.start()

    def _on_event(self, event: Event) -> None:
        if not self._writing or getattr(event, "message_id", 0) != self._number:
            return
        match event:
            case StatusChanged(text=text) if text:
                self.activity.start(text)
            case ThinkDelta():
                self.activity.start(self.tr("Thinking…"))
            case TextDelta(text=text):
                self.activity.stop()
                self.text.show()
                self.text.append(text)
            case TextReplaced(text=text):
                self.text.set_text(text)
                self.text.setVisible(bool(text))
                if not text:
                    self.activity.start(self.tr("Checking the figures…"))
            case TurnFinished():
                self._finish(event)

    def _finish(self, event: TurnFinished) -> None:
        self.activity.stop()
        self.text.finish()
        model = event.figures.model if event.figures is not None else ""
        whose = self.tr("In the words of {}; the figures are checked.").format(model)
        remarks = (
            self.tr("Stopped.") if event.status == "stopped" else "",
            whose if model and event.status == "complete" else "",
            event.notice,
        )
        self._remark.setText(clean(" ".join(filter(None, remarks))))
        self._remark.setVisible(bool(self._remark.text()))
        self._close.show()
        self._show_writing(False)
        announce(self.text, f"{self.text.text()} {self._remark.text()}")

    def _show_writing(self, writing: bool) -> None:
        self._writing = writing
        name = self.tr("Stop") if writing else self.tr("Summarise what fired")
        self.ask.setText(f"\u2009{name}")
        self.ask.setAccessibleName(name)
        set_icon(self.ask, "stop" if writing else "chat", "muted", 16)
