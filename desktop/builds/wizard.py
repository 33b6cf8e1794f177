"""The wizard: source, choice, work, result; in the place of the Models page while it is open."""

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from desktop.bridge import Bridge, Call
from desktop.builds.acts import BuildActs
from desktop.builds.choice_step import ChoiceStep
from desktop.builds.following import Following
from desktop.builds.result_step import ResultStep
from desktop.builds.source_step import SourceStep
from desktop.builds.step import MARGIN, Step, centred
from desktop.builds.trail import Trail
from desktop.builds.work_step import WorkStep
from desktop.widgets.buttons import button
from desktop.widgets.layout import boxed, column
from desktop.widgets.titles import page_head
from desktop.widgets.toast import Toasts

if TYPE_CHECKING:
    from engine.core.builds import BuildLook, BuildOrder, BuildStatus
    from engine.service import Service


class Wizard(QWidget):
    """Leaving it stops nothing; coming back shows where the build is by then."""

    left = Signal()

    def __init__(
        self, service: "Service", bridge: Bridge, toasts: Toasts, following: Following
    ) -> None:
        super().__init__()
        self._service, self._bridge, self._toasts = service, bridge, toasts
        self._following = following
        self._acts = BuildActs(self, service, bridge, toasts)
        self._looking: Call | None = None
        self._asking: Call | None = None
        self.key = ""
        """Of the build that is shown; "" before there is one."""
        self.source = SourceStep()
        self.choice = ChoiceStep()
        self.work = WorkStep()
        self.result = ResultStep()
        steps: tuple[Step, ...] = (self.source, self.choice, self.work, self.result)
        self._stack = QStackedWidget()
        for step in steps:
            self._stack.addWidget(step)
        self.trail = Trail([step.name for step in steps])
        self.leave = button(self.tr("To the models"), self.left.emit, icon="chevron-left")
        words = self.tr(
            "One file of the weights of a model, small enough for this computer, and what that "
            "costs, measured."
        )
        head = column(page_head(self.tr("Make a model"), words, self.leave), self.trail, gap=10)
        top = centred(boxed(head))
        top.setContentsMargins(MARGIN, MARGIN, MARGIN, 0)
        content = column(top, gap=0)
        content.addWidget(self._stack, 1)
        self.setLayout(content)
        self._connect()

    def begin(self, source: str = "") -> None:
        """Begin with a source, or with the question for one."""
        self.key = ""
        self._stop_looking()
        self._stop_asking()
        self._show_step(self.source)
        builds, downloads = self._service.builds, self._service.downloads
        self._bridge.run(builds.sources, self.source.show_sources, owner=self)
        self._bridge.run(downloads.host, self.source.show_host, owner=self)
        if source:
            self._look(source)

    def show_build(self, key: str) -> None:
        """Show how far a build is, or what came of it."""
        self._stop_looking()
        if key != self.key:
            self._stop_asking()
        self.key = key
        self._show_build(anew=True)

    def shows(self, key: str) -> bool:
        """Whether this build is seen."""
        return self.isVisible() and self.key == key

    def _connect(self) -> None:
        source, choice, work, result = self.source, self.choice, self.work, self.result
        source.chosen.connect(self._look)
        source.begun.connect(self._show_begun)
        source.cancelled.connect(self._stop_looking)
        choice.back_wanted.connect(self.begin)
        choice.ordered.connect(self._start)
        work.stop_wanted.connect(lambda: self._acts.stop(self.key))
        work.resume_wanted.connect(lambda: self._acts.resume(self.key))
        result.report_wanted.connect(self._open_report)
        result.asked.connect(self._try_out)
        result.register_wanted.connect(self._register)
        for step in (work, result):
            step.delete_wanted.connect(lambda: self._ask_delete(self.key))
        self._following.changed.connect(self._show_build)

    def _show_step(self, step: Step) -> None:
        self._stack.setCurrentWidget(step)
        self.trail.show_step(self._stack.currentIndex())
        if self.isVisible():
            step.begin()
            self._toasts.place()

    def _look(self, source: str) -> None:
        self._stop_looking()
        self._show_step(self.source)
        self.source.look_at(source)
        builds, downloads = self._service.builds, self._service.downloads

        def found(look: "BuildLook") -> None:
            self._bridge.run(downloads.host, partial(self._choose, look), owner=self)

        self._looking = self._bridge.run_job(
            partial(builds.look, source), found, self._refused, owner=self
        )

    def _show_begun(self, place: str) -> None:
        """Show the build whose download was begun."""
        builds = self._following.builds
        of_it = {key: one for key, one in builds.items() if one.order.source == place}
        done = ("built", "registered")
        key = next((key for key, one in of_it.items() if one.state not in done), "")
        if key:
            self.show_build(key)

    def _stop_looking(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None
        self.source.look_at("")

    def _refused(self, sentence: str) -> None:
        self._stop_looking()
        self.source.say(sentence)

    def _choose(self, look: "BuildLook", host: str) -> None:
        if self._looking is None:
            return  # given up meanwhile
        self._stop_looking()
        self.choice.show_look(look, host)
        self._show_step(self.choice)

    def _start(self, order: "BuildOrder") -> None:
        def started(key: str) -> None:
            self.key = key
            self._following.refresh()

        start = partial(self._service.builds.start, order)
        self._bridge.run(start, started, self.choice.say, owner=self)

    def _status(self) -> "BuildStatus | None":
        return self._following.builds.get(self.key)

    def _show_build(self, anew: bool = False) -> None:
        """Show the step that the build is at; anew: also if it is that already."""
        status = self._status()
        if status is None:
            return
        step: Step = self.work
        if status.state in ("built", "registered"):
            step = self.result
            self.result.show_status(status)
        else:
            self.work.show_status(status, self._following.left(self.key))
        if anew or self._stack.currentWidget() is not step:
            self._show_step(step)

    def _open_report(self) -> None:
        status = self._status()
        if status is not None and status.report is not None:
            self._acts.report(status.report)

    def _try_out(self, text: str) -> None:
        ask = partial(self._service.builds.try_out, self.key, text)
        self._asking = self._bridge.run_job(
            ask, self.result.show_answer, self.result.refuse, owner=self
        )

    def _stop_asking(self) -> None:
        """The answer is not waited for: another build is shown."""
        if self._asking is not None:
            self._asking.cancel()
            self._asking = None

    def _register(self, use: bool) -> None:
        status, key = self._status(), self.key
        name = status.order.name if status is not None else ""
        words = self.tr("{} is in your models and answers from now on.")
        if not use:
            words = self.tr("{} is in your models.")

        def add() -> str:
            """The name in the library, which is another one if the same file was there before."""
            number = self._service.builds.register(key, use)
            models = self._service.models.list()
            return next((one.name for one in models if one.id == number), name)

        def added(called: str) -> None:
            said = words.format(called)
            if called != name:
                said = self.tr("The same file was there before. {}").format(said)
            self.result.say("")
            free = (self.tr("Free the disk…"), partial(self._ask_delete, key))
            self._toasts.show(said, free)
            if self.key == key:
                self.left.emit()

        self._bridge.run(add, added, self.result.say, owner=self)

    def _ask_delete(self, key: str) -> None:
        status = self._following.builds.get(key)
        if status is not None:
            self._acts.ask_delete(status, partial(self._deleted, key))

    def _deleted(self, key: str) -> None:
        if self.key == key:
            self.left.emit()
