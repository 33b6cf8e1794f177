"""Pages that scroll: a centred column, and one that follows its end."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

_NEAR_END = 32


class ScrollColumn(QScrollArea):
    """A scrolling column no wider than most_width; put the content into `column`."""

    def __init__(self, name: str, most_width: int, gap: int, margin: int) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalScrollBar().setSingleStep(24)
        self.column = QVBoxLayout()
        self.column.setSpacing(gap)
        self.column.setContentsMargins(0, 0, 0, 0)
        inner = QWidget()
        inner.setMaximumWidth(most_width)
        inner.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        inner.setLayout(self.column)
        self.inner = holder = QWidget()
        # Filled, so that scrolling moves what is painted instead of painting it again.
        holder.setAutoFillBackground(True)
        centred = QHBoxLayout(holder)
        centred.setContentsMargins(margin, margin, margin, margin)
        # The column takes all the room there is, up to its greatest width.
        centred.addStretch(1)
        centred.addWidget(inner, 1000)
        centred.addStretch(1)
        self._centred = centred
        self._margin = margin
        self.setWidget(holder)
        self.verticalScrollBar().rangeChanged.connect(self._balance)

    def _balance(self, _least: int, most: int) -> None:
        """Keep the column in the middle of the page whether there is a scroll bar or not.

        The bar stands in the margin at the right; where that is too narrow, the column moves.
        """
        bar = self.verticalScrollBar().sizeHint().width() if most else 0
        margin = self._margin
        left, right = (margin, margin - bar) if margin >= bar else (margin + bar, margin)
        if self._centred.contentsMargins().right() != right or left != margin:
            self._centred.setContentsMargins(left, margin, right, margin)


class FollowingScroll(ScrollColumn):
    """Stays at the end while the content grows, unless the user has scrolled up."""

    def __init__(self, name: str, most_width: int, gap: int, margin: int) -> None:
        super().__init__(name, most_width, gap, margin)
        self._following = True
        self._adjusting = False
        bar = self.verticalScrollBar()
        bar.rangeChanged.connect(self._range_changed)
        bar.valueChanged.connect(self._moved)

    def following(self) -> bool:
        """Whether the end is in view and stays so."""
        return self._following

    def follow(self) -> None:
        """Go to the end and stay there."""
        self._following = True
        self._to_end()

    def _range_changed(self) -> None:
        if self._following:
            self._to_end()

    def goal(self) -> int:
        """How far following goes, as a value of the scroll bar: to the end."""
        return self.verticalScrollBar().maximum()

    def _to_end(self) -> None:
        bar = self.verticalScrollBar()
        self._adjusting = True
        bar.setValue(max(bar.value(), self.goal()))
        self._adjusting = False

    def _moved(self, value: int) -> None:
        if not self._adjusting:
            self._following = value >= self.goal() - _NEAR_END
