"""The first screen: two ways to a first answer, and what stays private."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QWidget

from desktop.safetext import label
from desktop.theme.icons import pixmap, set_label_icon
from desktop.widgets.buttons import button
from desktop.widgets.layout import boxed, column, framed, row

_WIDTH = 700


class OnboardingPage(QWidget):
    """Shown while there is neither a portfolio nor a conversation."""

    import_wanted = Signal()
    demo_wanted = Signal()
    skip_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        mark = QLabel()
        mark.setPixmap(pixmap("assay", "accent", 56, self.devicePixelRatioF()))
        ways = row(
            self._way(
                "upload",
                self.tr("Your own portfolio"),
                self.tr(
                    "A CSV export of Coinbase, Kraken or Binance, or a simple table. You see "
                    "every row before anything is stored."
                ),
                button(self.tr("Import a CSV"), self.import_wanted.emit, kind="primary"),
            ),
            self._way(
                "flask",
                self.tr("Just looking"),
                self.tr(
                    "A simulated portfolio with three years of made-up prices, marked as such "
                    "everywhere, gone with one click."
                ),
                button(self.tr("Try the demo portfolio"), self.demo_wanted.emit),
            ),
            gap=16,
        )
        promises = row(
            self._promise("lock", self.tr("Stored encrypted, only here")),
            self._promise("models", self.tr("The model runs offline")),
            self._promise("check", self.tr("Figures are never guessed")),
            gap=20,
        )
        skip = button(self.tr("Start without a portfolio"), self.skip_wanted.emit, kind="link")
        content = boxed(
            column(
                row(None, mark, None),
                8,
                row(None, label(self.tr("Ask your portfolio anything"), "display"), None),
                row(
                    None,
                    label(
                        self.tr("A private crypto analyst that lives on this computer."), "muted"
                    ),
                    None,
                ),
                20,
                ways,
                16,
                promises,
                12,
                row(None, skip, None),
                gap=4,
            )
        )
        content.setFixedWidth(_WIDTH)
        self.setLayout(column(None, row(None, content, None), None, margins=(24, 24, 24, 24)))

    def _way(self, icon: str, title: str, text: str, action: QWidget) -> QWidget:
        mark = QLabel()
        set_label_icon(mark, icon, "accent", 26)
        lines = column(
            mark,
            label(title, "heading"),
            label(text, "muted", wrap=True),
            None,
            row(action, None),
            gap=10,
            margins=(20, 20, 20, 20),
        )
        return framed(lines, "card")

    def _promise(self, icon: str, text: str) -> QWidget:
        mark = QLabel()
        set_label_icon(mark, icon, "muted", 16)
        words = label(text, "small", wrap=True)
        line = row(mark, gap=8)
        line.addWidget(words, 1)
        return boxed(line)
