"""The left side of the window: pages, conversations, and what the model is doing."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QLabel, QSizePolicy, QWidget

from desktop.chat.conversations import Conversations
from desktop.safetext import label, one_line, tooltip
from desktop.theme import follow_theme, theme
from desktop.theme.icons import pixmap, set_icon
from desktop.widgets.buttons import button
from desktop.widgets.layout import column, row, rule

_WIDTH = 244
_BADGE = 162  # of the words on it
_MANY = 100

PAGES = ("chat", "portfolio", "analysis", "alerts", "market", "models", "training", "settings")


class Sidebar(QWidget):
    """Emits which page is wanted; Ctrl+1 to Ctrl+8 do the same."""

    page_wanted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("sidebar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedWidth(_WIDTH)
        mark = QLabel()
        mark.setPixmap(pixmap("assay", "accent", 24, self.devicePixelRatioF()))
        self.conversations = Conversations()
        self._state = _ModelState(lambda: self.page_wanted.emit("models"))
        self._group = QButtonGroup(self)
        names = {
            "chat": (self.tr("Chat"), "chat"),
            "portfolio": (self.tr("Portfolio"), "portfolio"),
            "analysis": (self.tr("Analysis"), "analysis"),
            "alerts": (self.tr("Alerts"), "bell"),
            "market": (self.tr("Market data"), "chart"),
            "models": (self.tr("Models"), "models"),
            "training": (self.tr("Training"), "training"),
            "settings": (self.tr("Settings"), "settings"),
        }
        self._pages = {}
        self._counts = {}
        self._names = {key: name for key, (name, _) in names.items()}
        pages = column(gap=2)
        for number, (key, (name, icon)) in enumerate(names.items(), start=1):
            one = button(
                name,
                partial(self.page_wanted.emit, key),
                kind="nav",
                hint=self.tr("{name} (Ctrl+{number})").format(name=name, number=number),
            )
            one.setText(f"\u2002{name}")
            one.setCheckable(True)
            set_icon(one, icon, "muted", 18)
            badge = label("", "count")
            badge.hide()
            one.setLayout(row(None, badge, margins=(0, 0, 8, 0)))
            self._group.addButton(one)
            self._pages[key] = one
            self._counts[key] = badge
            pages.addWidget(one)
        brand = row(mark, label(self.tr("Assay"), "brand"), None, gap=10, margins=(10, 4, 0, 8))
        lines = column(brand, pages, 6, rule(), gap=6, margins=(10, 12, 10, 10))
        lines.addWidget(self.conversations, 1)
        lines.addWidget(self._state)
        self.setLayout(lines)

    def show_count(self, page: str, count: int) -> None:
        """Show how many things of a page the user has not seen."""
        badge, one = self._counts[page], self._pages[page]
        badge.setText(str(count) if count < _MANY else f"{_MANY - 1}+")
        badge.setVisible(count > 0)
        name = self._names[page]
        words = self.tr("{name}, {count} new")
        one.setAccessibleName(words.format(name=name, count=count) if count else name)

    def mark(self, page: str) -> None:
        """Mark the page that is shown."""
        self._pages[page].setChecked(True)

    def show_model(self, state: str, name: str, notice: str) -> None:
        """Show which model there is and what it does."""
        self._state.show_state(state, name, notice)

    def show_elsewhere(self, name: str, place: str) -> None:
        """Show that a model server answers in this chat, and where it is; "": none does."""
        self._state.show_elsewhere(name, place)


class _ModelState(QWidget):
    """A coloured dot and the name of the model that answers; a click opens the models page."""

    def __init__(self, on_click: Callable[[], object]) -> None:
        super().__init__()
        self._tint = "faint"
        self._dot = QLabel()
        self._dot.setFixedSize(8, 8)
        self._button = button("", on_click, kind="quiet")
        self._button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        line = row(self._dot, gap=6, margins=(12, 0, 0, 0))
        line.addWidget(self._button, 1)
        self._place = label("", "badge")
        self._place.hide()
        badge = row(self._place, None, margins=(33, 0, 0, 4))
        self.setLayout(column(line, badge, gap=0))
        self._local = ("none", "", "")
        self._elsewhere = ("", "")
        follow_theme(self, self._paint_dot)
        self._tell()

    def show_state(self, state: str, name: str, notice: str) -> None:
        self._local = (state, name, notice)
        self._tell()

    def show_elsewhere(self, name: str, place: str) -> None:
        self._elsewhere = (name, place)
        self._tell()

    def _tell(self) -> None:
        state, name, notice = self._local
        other, place = self._elsewhere
        self._place.ensurePolished()
        fits = self._place.fontMetrics().elidedText(place, Qt.TextElideMode.ElideRight, _BADGE)
        self._place.setText(one_line(fits))
        self._place.setToolTip(tooltip(place))
        self._place.setVisible(bool(place))
        if place:
            # Whatever the model on this computer does, it is not the one that answers.
            state, name, notice = "ready", other, ""
        words = {
            "none": self.tr("No model"),
            "loading": self.tr("Loading {}…"),
            "ready": "{}",
            "busy": self.tr("{} is answering"),
            "failed": self.tr("{} could not be loaded"),
            "stopped": self.tr("{} has stopped"),
        }[state]
        name = name or self.tr("model")
        text = one_line(words.format(name))
        self._tint = {
            "none": "faint",
            "loading": "warning",
            "ready": "positive",
            "busy": "accent",
            "failed": "negative",
            "stopped": "warning",
        }[state]
        metrics = self._button.fontMetrics()
        # A long name is cut, not what is said of it.
        room = _WIDTH - 64 - metrics.horizontalAdvance(words.format(""))
        shown = metrics.elidedText(one_line(name), Qt.TextElideMode.ElideRight, room)
        self._button.setText(words.format(shown).replace("&", "&&"))
        said = f"{text}, {one_line(place)}" if place else text
        self._button.setAccessibleName(self.tr("Model: {}").format(said))
        self._button.setToolTip(tooltip(notice or said))
        self._paint_dot()

    def _paint_dot(self) -> None:
        colour = getattr(theme().tokens, self._tint)
        self._dot.setStyleSheet(f"background: {colour}; border-radius: 4px;")
