"""What is known of the chosen run, or of several side by side, and what can be done with it."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QProgressBar, QPushButton

from desktop.safetext import label, one_line
from desktop.training.curves import Curve, Plot
from desktop.training.words import STATE_ROLES, figure_text, state_text, summary
from desktop.widgets.buttons import button, icon_button
from desktop.widgets.card import CardFrame
from desktop.widgets.layout import boxed, clear, column, row
from desktop.widgets.legend import Legend
from desktop.widgets.titles import ElidedLabel, set_words

if TYPE_CHECKING:
    from desktop.training.rows import Listed
    from engine.service import TrainingRun

_STEPS = 1000
_APART = 40
"""Milliseconds between the drawing of two plots: all at once would hold up the window."""
_LOSS, _HELD_OUT = "loss", "held_out/loss"


class RunPanel(CardFrame):
    """Emits what is wanted of the run; the page does it."""

    wanted = Signal(str, object)
    """One of "stop" "resume" "quantize" "report" "delete", and the run."""

    def __init__(self) -> None:
        super().__init__("")
        clear(self.header)
        self.run: TrainingRun | None = None
        self.title = ElidedLabel("", "heading")
        self._state = label("", "tag")
        self.stop = self._button(self.tr("Stop"), "stop")
        self.resume = self._button(self.tr("Resume"), "resume")
        self.quantize = self._button(self.tr("Quantize…"), "quantize")
        self.report = self._button(self.tr("Report…"), "report")
        delete = partial(self._want, "delete")
        self.delete = icon_button("trash", self.tr("Delete the run"), delete, size=16)
        self.header.addWidget(self.title, 1)
        self.header.addWidget(self._state, 0, Qt.AlignmentFlag.AlignVCenter)
        self.header.addSpacing(8)
        for one in self._actions():
            self.header.addWidget(one)
        self._summary = label("", "muted", wrap=True)
        self._said = ElidedLabel("", "small")
        self._why = label("", "error", wrap=True)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(self.tr("How much of the run is done"))
        self._legend = row()
        self.plots = {
            _LOSS: Plot(self.tr("Loss")),
            "reward": Plot(self.tr("Reward")),
            "kl": Plot(self.tr("KL to the reference")),
            "tok_s": Plot(self.tr("Tokens per second")),
        }
        for plot in self.plots.values():
            plot.setParent(self)
            plot.hide()
        self._names: list[str] = []
        self._places: list[str] = []
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(24)
        self._grid.setVerticalSpacing(14)
        for side in range(2):
            self._grid.setColumnStretch(side, 1)
        lines = column(self._summary, self._bar, self._why, self._said, gap=8)
        self.body.addWidget(boxed(lines))
        self.body.addLayout(self._legend)
        self.body.addLayout(self._grid)
        self.hide()

    def show_runs(self, listed: "Sequence[Listed]") -> None:
        """Show one run, or compare several; hidden for none."""
        self.setVisible(bool(listed))
        self.run = listed[0][0] if len(listed) == 1 else None
        for one in (self._summary, self._bar, self._said, *self._actions()):
            one.setVisible(self.run is not None)
        if self.run is not None:
            self._show_run(*listed)
        else:
            names = self.tr("{} runs compared").format(len(listed))
            self._name(names)
            set_words(self._state, "", "tag")
            set_words(self._why, "", "error")
            drawn = [one for one in listed if self.plots.keys() & one[1].curves.keys()]
            bare = ", ".join(run.name for run, figures in listed if (run, figures) not in drawn)
            words = self.tr("Without figures: {}").format(bare) if bare else ""
            set_words(self._summary, words, "muted")
            listed = drawn
        self._show_plots(listed)

    def _show_run(self, listed: "Listed") -> None:
        run, figures = listed
        self._name(run.name)
        set_words(self._state, state_text(run), STATE_ROLES.get(run.state, "tag"))
        self.stop.setVisible(run.state == "running")
        # One that failed before its first step has nothing to go on from, but may be tried again.
        begun = bool(figures.last) or run.state != "failed"
        again = self.tr("Resume") if begun else self.tr("Try again")
        self.resume.setText(again)
        self.resume.setAccessibleName(again)
        self.resume.setVisible(run.state in ("stopped", "failed"))
        self.report.setVisible(bool(figures.last))
        self.quantize.setVisible(run.model is not None and not run.is_running)
        self.delete.setVisible(not run.is_running)
        set_words(self._summary, summary(run, figures), "muted")
        failed = run.state == "failed"
        set_words(self._why, run.text if failed else "", "error")
        # Lines of steps say what is said above.
        self._said.set_text("" if failed or run.text.startswith("step ") else run.text)
        self._said.setVisible(bool(self._said.text()))
        self._bar.setVisible(run.is_running)
        self._bar.setRange(0, 0 if figures.share is None else _STEPS)
        self._bar.setValue(round(_STEPS * (figures.share or 0)))

    def _show_plots(self, listed: "Sequence[Listed]") -> None:
        """A line for each run, or one for training and one for what is held out."""
        alone = self.run is not None
        held = listed[0][1].curves.get(_HELD_OUT) if alone else None
        for number, (name, plot) in enumerate(self.plots.items()):
            curves = [Curve(run.name, *f.curves.get(name, ((), ()))) for run, f in listed]
            if held and name == _LOSS:
                curves.append(Curve(self.tr("Held out"), *held))
            last = listed[0][1].last.get(name) if alone else None
            plot.show_curves(curves, figure_text(name, last), number * _APART)
        pair = [self.tr("Training"), self.tr("Held out")] if held else []
        self._name_lines(pair if alone else [run.name for run, _ in listed])
        self._place()

    def _name_lines(self, names: list[str]) -> None:
        if names != self._names:
            self._names = names
            clear(self._legend)
            if names:
                self._legend.addWidget(Legend(names, as_written=True))

    def _place(self) -> None:
        """Those that are shown stand side by side, two in a row."""
        shown = [name for name, plot in self.plots.items() if not plot.isHidden()]
        if shown != self._places:
            self._places = shown
            for number, name in enumerate(shown):
                self._grid.addWidget(self.plots[name], number // 2, number % 2)

    def _name(self, name: str) -> None:
        self.title.set_text(name)
        self.setAccessibleName(one_line(name))

    def _actions(self) -> tuple[QPushButton, ...]:
        return (self.stop, self.resume, self.quantize, self.report, self.delete)

    def _button(self, text: str, what: str) -> QPushButton:
        return button(text, partial(self._want, what))

    def _want(self, what: str) -> None:
        self.wanted.emit(what, self.run)
