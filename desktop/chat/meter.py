"""The figures of an answer, quietly, and how full the model's context is."""

from PySide6.QtCore import QCoreApplication, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from desktop.safetext import tooltip
from desktop.theme import follow_theme, theme
from engine.core.answer_figures import AnswerFigures

_translate = QCoreApplication.translate

_SIZE = QSize(56, 4)
_NEARLY_FULL = 0.85


def figures_line(figures: AnswerFigures) -> str:
    """The figures in a few words: "12.3 tokens/s · 340 tokens · thought 8 s"."""
    words = []
    if figures.tokens_per_second:
        words.append(_translate("meter", "{:,.1f} tokens/s").format(figures.tokens_per_second))
    words.append(
        _translate("meter", "1 token")
        if figures.tokens == 1
        else _translate("meter", "{:,} tokens").format(figures.tokens)
    )
    if figures.thinking_seconds >= 1:
        words.append(
            _translate("meter", "thought {}").format(seconds_text(figures.thinking_seconds))
        )
    return " · ".join(words)


def figures_hint(figures: AnswerFigures) -> str:
    """The same at length, for a tooltip."""
    lines = [figures.model] if figures.model else []
    lines.append(
        _translate("meter", "{:,} tokens read, {:,} of them still in memory").format(
            figures.prompt_tokens, figures.cached_tokens
        )
    )
    lines.append(
        _translate("meter", "{:,} tokens written in {}").format(
            figures.tokens, seconds_text(figures.seconds)
        )
    )
    if figures.drafted:
        lines.append(
            _translate("meter", "{:,} of {:,} guessed tokens were right").format(
                figures.accepted, figures.drafted
            )
        )
    return "\n".join(lines)


def dropped_line(figures: AnswerFigures) -> str:
    """What the model was not told of, as a sentence; "" if that is nothing."""
    count = figures.dropped_turns
    if count <= 0:
        return ""
    if count == 1:
        return _translate("meter", "1 older question was left out")
    return _translate("meter", "{:,} older questions were left out").format(count)


def context_line(figures: AnswerFigures) -> str:
    """How full the context is: "2,310 of 4,096 tokens; 2 older questions were left out"."""
    line = _translate("meter", "{:,} of {:,} tokens").format(
        figures.context_used, figures.context_tokens
    )
    dropped = dropped_line(figures)
    return f"{line}; {dropped}" if dropped else line


def seconds_text(seconds: float) -> str:
    """A duration: "0.4 s", "8 s", "2 min 5 s"."""
    if seconds < 1:
        return _translate("meter", "{:.1f} s").format(seconds)
    whole = round(seconds)
    if whole < 60:
        return _translate("meter", "{} s").format(whole)
    return _translate("meter", "{} min {} s").format(whole // 60, whole % 60)


class ContextMeter(QWidget):
    """A thin bar: how much of its context the model used for an answer."""

    def __init__(self, figures: AnswerFigures) -> None:
        super().__init__()
        self._part = min(1.0, figures.context_used / figures.context_tokens)
        self.setFixedSize(_SIZE.width(), 16)
        words = self.tr("Context: {}").format(context_line(figures))
        self.setToolTip(tooltip(words))
        self.setAccessibleName(words)
        follow_theme(self, self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        tokens = theme().tokens
        top = (self.height() - _SIZE.height()) / 2
        bar = QRectF(0, top, self.width(), _SIZE.height())
        painter.setBrush(QColor(tokens.hover))
        painter.drawRoundedRect(bar, 2, 2)
        painter.setBrush(QColor(tokens.warning if self._part > _NEARLY_FULL else tokens.faint))
        bar.setWidth(max(_SIZE.height(), self._part * self.width()))
        painter.drawRoundedRect(bar, 2, 2)
