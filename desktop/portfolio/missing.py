"""What the records do not tell, and what that does to the figures."""

from collections.abc import Sequence

from desktop.safetext import label
from desktop.widgets.buttons import button
from desktop.widgets.card import CardFrame
from desktop.widgets.layout import row

_SHOWN = 4


class MissingCard(CardFrame):
    """The first sentences, and all of them on demand; nothing at all if there are none."""

    def __init__(self) -> None:
        super().__init__(self.tr("What is not known"))
        self._sentences: Sequence[str] = ()
        self._words = label("", "muted", wrap=True)
        self.more = button(self.tr("Show all"), self._show_all, kind="link")
        self.body.addWidget(self._words)
        self.body.addLayout(row(self.more, None))
        self.hide()

    def show_missing(self, sentences: Sequence[str]) -> None:
        """Show these sentences."""
        self._sentences = sentences
        self._words.setText("\n".join(sentences[:_SHOWN]))
        self.more.setText(self.tr("Show all {}").format(f"{len(sentences):,}"))
        self.more.setVisible(len(sentences) > _SHOWN)
        self.setVisible(bool(sentences))

    def _show_all(self) -> None:
        self._words.setText("\n".join(self._sentences))
        self.more.hide()
