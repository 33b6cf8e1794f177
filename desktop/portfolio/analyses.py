"""A tab that shows analyses of the portfolio, one at a time."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QVBoxLayout

from desktop.analysis.view import AnalysisView
from desktop.portfolio.part import Desk, Part
from desktop.safetext import label
from desktop.widgets.layout import clear, column, row
from desktop.widgets.segments import Segments

if TYPE_CHECKING:
    from engine.service import Form


class AnalysesPart(Part):
    """Names are those of the analyses; more than one can be switched between."""

    def __init__(self, desk: Desk, names: Sequence[str]) -> None:
        super().__init__(desk)
        self._names = names
        self._forms: dict[str, Form] = {}
        self.chosen = names[0]
        self.view: AnalysisView | None = None
        self._segments: Segments | None = None
        self._head = column(gap=16)
        self._place = column(gap=12)
        self._arrange(self.scrolling(self.tr("Analyses")))

    def load(self) -> None:
        self.run(self.service.analysis.forms, self._show_forms)

    def choose(self, name: str) -> None:
        """Show one of the analyses; what is entered in the one already shown stays."""
        entered = self.view.form.entered() if self.view and name == self.chosen else {}
        self.chosen = name
        if self._segments is not None:
            self._segments.choose(name)
        form = self._forms[name]
        clear(self._place)
        self.view = AnalysisView(self.service, self.desk.bridge, form, entered)
        self.view.ask_wanted.connect(self.desk.ask_wanted.emit)
        self._place.addWidget(label(self.tr(form.intro), "muted", wrap=True))
        self._place.addWidget(self.view)

    def _arrange(self, content: QVBoxLayout) -> None:
        content.addLayout(self._head)
        content.addLayout(self._place)

    def _show_forms(self, forms: "Sequence[Form]") -> None:
        known = {form.name: form for form in forms if form.name in self._names}
        before, self._forms = self._forms, known
        if self._segments is None and len(known) > 1:
            choices = [(name, self.tr(known[name].title)) for name in self._names]
            self._segments = Segments(self.tr("Analyses"), choices, self.chosen, self.choose)
            self._head.addLayout(row(self._segments, None))
        if not before or not known[self.chosen].asks_as(before[self.chosen]):
            self.choose(self.chosen)
