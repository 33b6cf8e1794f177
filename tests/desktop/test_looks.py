"""Accessibility and looks: names, order, contrast, sizes, charts."""

import itertools
from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible, QColor
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from desktop.session import Session
from desktop.theme import theme
from desktop.theme.tokens import load_tokens
from desktop.widgets.card import card_widget
from desktop.widgets.chart import summary
from desktop.widgets.donut import parts
from desktop.widgets.figures import file_size, full, short
from desktop.widgets.scroll import ScrollColumn
from desktop.widgets.toast import Toasts
from desktop.window import MainWindow
from engine.core.cards import Card, ChartCard, Column, Draft, Series, TableCard
from engine.core.events import CardReady, ChoicesOffered, DraftOffered, ThinkDelta
from tests.desktop.fake_service import FakeService
from tests.desktop.scripted_chat import choices, ends, says
from tests.desktop.test_chat import TABLE, ask, finished

LINE = ChartCard(
    "Value",
    "line",
    (Series("BTC", ("2026-01-01", "2026-02-01", "2026-03-01"), (1.0, 3.0, 2.0)),),
    "USD",
    "by close",
    simulated=False,
)
BARS = ChartCard("Return", "bar", (Series("R", ("BTC", "ETH"), (12.0, -4.0)),), "%", "", True)
RING = ChartCard("Weights", "donut", (Series("W", tuple("ABCDEFGHI"), (9.0,) * 9),), "", "", True)


def nameless(root: QWidget) -> list[str]:
    """Widgets that can have the focus and have no name to read aloud."""
    found = []
    for widget in root.findChildren(QWidget):
        if widget.focusPolicy() == Qt.FocusPolicy.NoFocus or widget.objectName().startswith("qt_"):
            continue
        interface = QAccessible.queryAccessibleInterface(widget)
        if not interface.text(QAccessible.Text.Name).strip():
            found.append(f"{type(widget).__name__} in {type(widget.parent()).__name__}")
    return found


@pytest.fixture
def full_window(qtbot: QtBot, window: MainWindow, service: FakeService) -> MainWindow:
    """A window in which every kind of content has been shown."""
    draft = Draft("d", "alert", "New alert", (("Asset", "BTC"),))
    service.chat.add_chat("Old")
    service.chat.script = lambda _: [
        lambda m: ThinkDelta(m, "hm"),
        *(lambda m, card=card: CardReady(m, card) for card in (TABLE, LINE, BARS, RING)),
        *says("Some **text**."),
        lambda m: ChoicesOffered(m, "", choices()),
        lambda m: DraftOffered(m, draft),
        *ends("failed", "It stopped."),
    ]
    ask(window, "Everything")
    qtbot.waitUntil(lambda: finished(window), timeout=20_000)
    for page in ("portfolio", "models", "settings", "chat"):
        window.show_page(page)
        qtbot.wait(100)
    return window


def test_everything_that_can_have_the_focus_has_a_name(full_window: MainWindow) -> None:
    assert nameless(full_window) == []


def test_the_first_screen_and_dialogs_have_names(
    qtbot: QtBot, open_window: Callable[[], MainWindow], service: FakeService
) -> None:
    window = open_window()
    assert nameless(window) == []
    session = window.session
    assert isinstance(session, Session)
    chat = service.chat.add_chat("Old")
    session._rename(chat)
    session._delete(chat)
    assert nameless(window) == []


def test_the_tab_key_goes_through_the_whole_chat_page(qtbot: QtBot, window: MainWindow) -> None:
    window.chat_page.composer.put("text")
    window.activateWindow()
    seen: list[QWidget] = []
    for _ in range(60):
        widget = QApplication.focusWidget()
        if widget is None or widget in seen:
            break
        seen.append(widget)
        qtbot.keyClick(widget, Qt.Key.Key_Tab)
    names = [widget.accessibleName() for widget in seen]
    for name in ("Question", "Send", "Chat", "Search chats", "Chats"):
        assert name in names
    assert names.index("Send") == names.index("Question") + 1
    # The four pages are one stop; the arrow keys go from one to the next.
    chat = seen[names.index("Chat")]
    chat.setFocus()
    qtbot.keyClick(chat, Qt.Key.Key_Down)
    portfolio = QApplication.focusWidget()
    assert portfolio is not None
    assert portfolio.accessibleName() == "Portfolio"
    qtbot.keyClick(portfolio, Qt.Key.Key_Space)
    assert window.session is not None
    assert window.session.pages.page("portfolio").isVisible()


@pytest.mark.parametrize("name", ["light", "dark"])
def test_text_can_be_read(name: str) -> None:
    tokens = load_tokens(name)
    grounds = (tokens.window, tokens.sidebar, tokens.surface, tokens.raised)
    for ground in grounds:
        assert contrast(tokens.text, ground) >= 10
        assert contrast(tokens.muted, ground) >= 4.5
    for colour in (tokens.positive, tokens.negative, tokens.accent_text):
        assert contrast(colour, tokens.surface) >= 4.5
    assert contrast(tokens.on_accent, tokens.accent) >= 4.5
    assert contrast(tokens.warning, tokens.warning_soft) >= 4.5
    assert contrast(tokens.text, tokens.danger_soft) >= 4.5
    assert contrast(tokens.text, tokens.selection) >= 4.5
    for colour in tokens.chart:
        assert contrast(colour, tokens.surface) >= 2


def contrast(first: str, second: str) -> float:
    """The contrast ratio of two colours by WCAG 2.1."""

    def luminance(colour: str) -> float:
        channels = QColor(colour).getRgbF()[:3]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    lighter, darker = sorted((luminance(first), luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("page", ["chat", "portfolio", "models", "settings"])
@pytest.mark.parametrize("size", [(1280, 800), (940, 600)])
def test_no_button_is_cut_off(
    qtbot: QtBot, full_window: MainWindow, page: str, size: tuple[int, int]
) -> None:
    full_window.resize(*size)
    full_window.show_page(page)
    qtbot.wait(50)
    for button in full_window.findChildren(QPushButton):
        if button.isVisible() and button.text():
            assert button.width() >= button.minimumSizeHint().width(), button.text()
            assert button.height() >= button.fontMetrics().height(), button.text()


@pytest.mark.parametrize("card", [TABLE, LINE, BARS, RING], ids=lambda card: card.title)
@pytest.mark.parametrize("name", ["light", "dark"])
def test_cards_are_drawn_in_the_theme(qtbot: QtBot, card: Card, name: str) -> None:
    theme().apply(name)
    widget = card_widget(card)
    qtbot.addWidget(widget)
    widget.resize(600, widget.sizeHint().height())
    widget.show()
    qtbot.wait(30)
    image = widget.grab().toImage()
    surface = QColor(theme().tokens.surface)
    corner = image.pixelColor(image.width() - 12, image.height() // 2)
    assert abs(corner.lightness() - surface.lightness()) < 12
    places = itertools.product(range(8, image.width(), 4), range(8, image.height(), 4))
    assert len({image.pixelColor(x, y).name() for x, y in places}) > 3


def test_a_chart_follows_the_theme(qtbot: QtBot) -> None:
    widget = card_widget(LINE)
    qtbot.addWidget(widget)
    widget.resize(600, 320)
    widget.show()
    qtbot.wait(30)
    before = widget.grab().toImage().pixelColor(580, 160).lightness()
    theme().apply("dark")
    qtbot.wait(30)
    assert widget.grab().toImage().pixelColor(580, 160).lightness() < 60 < before


def test_charts_are_told_in_words() -> None:
    assert summary(LINE) == "BTC: from $1 to $2, lowest $1, highest $3."


def test_small_parts_of_a_ring_are_added_up() -> None:
    shares = parts([(name, 1.0) for name in "ABCDEFGHI"] + [("none", 0.0)], "Other")
    assert [name for name, _ in shares] == [*"ABCDEF", "Other"]
    assert sum(share for _, share in shares) == pytest.approx(1)
    assert shares[-1][1] == pytest.approx(3 / 9)
    assert parts([("none", 0.0)], "Other") == []


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (0, "USD", "$0"),
        (12_500, "USD", "$12.5k"),
        (-1_234_567, "EUR", "-€1.23M"),
        (99.96, "%", "100 %"),
        (0.0312, "%", "0.0312 %"),
        (2_000_000_000, "CHF", "2B CHF"),
        (-0.00001, "USD", "$0"),
    ],
)
def test_short_figures(value: float, unit: str, expected: str) -> None:
    assert short(value, unit) == expected


def test_full_figures() -> None:
    assert full(-1234.5, "USD") == "-$1,234.50"
    assert full(0.0123, "%") == "0.0123 %"
    assert file_size(24_300_000) == "24 MB"
    assert file_size(2_560_000_000) == "2.6 GB"


def test_a_table_of_thousands_of_rows_opens_quickly(qtbot: QtBot) -> None:
    columns = (Column("Asset", "text"), Column("Value", "money"))
    rows = tuple((f"COIN{n}", f"${n}.00") for n in range(20_000))
    widget = card_widget(TableCard("Big", columns, rows, None, "", simulated=False))
    qtbot.addWidget(widget)
    widget.show()
    assert widget.height() < 700


def test_nothing_is_cut_off_in_the_smallest_window(qtbot: QtBot, full_window: MainWindow) -> None:
    full_window.resize(full_window.minimumSize())
    for page in ("chat", "portfolio", "models", "settings"):
        full_window.show_page(page)
        qtbot.wait(50)
        for scroll in full_window.findChildren(ScrollColumn):
            if scroll.isVisible():
                assert scroll.inner.width() == scroll.viewport().width(), page


def test_a_long_toast_is_wrapped_inside_the_window(qtbot: QtBot) -> None:
    host = QWidget()
    qtbot.addWidget(host)
    host.resize(600, 400)
    host.show()
    toasts = Toasts(host, left=100)
    short = toasts.show("Short.")
    long = toasts.show("word " * 50, ("Undo", lambda: None))
    assert long.height() > 2 * short.height()
    assert host.rect().contains(long.geometry())
    assert long.x() >= 100
    # In the lower right corner, the newest lowest.
    assert (long.geometry().right(), long.geometry().bottom()) == (600 - 24 - 1, 400 - 24 - 1)
    assert short.geometry().bottom() < long.y()
    assert not long.geometry().intersects(short.geometry())


def test_toasts_cover_neither_the_head_of_a_page_nor_what_is_typed(window: MainWindow) -> None:
    toast = window.toasts.show("Stored.")
    composer = window.chat_page.composer
    assert toast.geometry().bottom() < composer.mapTo(window, QPoint(0, 0)).y()
    window.show_page("settings")
    assert toast.geometry().bottom() == window.height() - 24 - 1


def test_a_message_said_again_is_shown_once(qtbot: QtBot) -> None:
    host = QWidget()
    qtbot.addWidget(host)
    host.resize(600, 400)
    host.show()
    toasts = Toasts(host)
    for text in ("Stop it first.", "Stored.", "Stop it first.", "Stop it first."):
        toasts.show(text)
    assert toasts.texts() == ["Stored.", "Stop it first."]
    # Each of these undoes something else.
    for _ in range(2):
        toasts.show("Deleted.", ("Undo", lambda: None))
    assert toasts.texts() == ["Stop it first.", "Deleted.", "Deleted."]


def test_toasts_stack_and_go(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("desktop.widgets.toast.SECONDS", 0.2)
    host = QWidget()
    qtbot.addWidget(host)
    host.resize(600, 400)
    host.show()
    toasts = Toasts(host)
    for number in range(5):
        toasts.show(f"<b>{number}</b>")
    assert toasts.texts() == ["<b>2</b>", "<b>3</b>", "<b>4</b>"]
    assert all(one.textFormat() == Qt.TextFormat.PlainText for one in host.findChildren(QLabel))
    qtbot.waitUntil(lambda: toasts.texts() == [])
