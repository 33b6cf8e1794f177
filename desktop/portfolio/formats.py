"""The formats that the user has described, which files are read by from then on."""

from collections.abc import Callable, Iterable
from functools import partial

from desktop.widgets.card import CardFrame
from desktop.widgets.listing import Line, Listing


class FormatsCard(CardFrame):
    """Their names, each with a button to forget it; nothing at all if there are none."""

    def __init__(self, on_delete: Callable[[str], object]) -> None:
        super().__init__(
            self.tr("Your file formats"), self.tr("What was imported by a format stays without it.")
        )
        self._on_delete = on_delete
        self._listing = Listing(self.tr("Your file formats"), "")
        self.body.addWidget(self._listing)
        self.hide()

    def show_formats(self, names: Iterable[str]) -> None:
        """Show these."""
        lines = [self._line(name) for name in sorted(names)]
        self._listing.show_lines(lines)
        self.setVisible(bool(lines))

    def _line(self, name: str) -> Line:
        forget = ("trash", self.tr("Forget this format"), partial(self._on_delete, name))
        return Line("file", name, actions=(forget,))
