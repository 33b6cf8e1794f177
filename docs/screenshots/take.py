"""Takes the README's screenshots from the real app on the demo portfolio.

QT_QPA_PLATFORM=offscreen python docs/screenshots/take.py
"""

import json
import math
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from desktop.analysis.page import AnalysisPage
from desktop.app import App
from desktop.theme import theme
from engine.core.paths import Paths
from engine.core.resources import resource
from engine.training_runs.known import KnownRuns, Start
from engine.training_runs.metrics import METRICS
from engine.training_runs.process import EXIT, PROCESS, began

FOLDER = Path(__file__).resolve().parent
QUESTIONS = ("Do BTC and ETH move together?", "What if BTC falls 30 %?")
MOST_SECONDS = 120.0


def main() -> None:
    application = QApplication([])
    with tempfile.TemporaryDirectory() as folder:
        paths = Paths(Path(folder) / "assay")
        app = App(paths)
        app.start()
        app.window.resize(1280, 800)
        wait(lambda: app.window.session is not None)
        session = app.window.session
        assert session is not None
        theme().apply("light")
        save(app, "first-run")
        session.importing.load_demo()
        wait(lambda: app.window.onboarding is None)
        for question in QUESTIONS:
            ask(app, question)
        save(app, "chat-light")
        app.window.show_page("portfolio")
        save(app, "portfolio-light")
        app.window.show_page("models")
        session.pages.models().tabs.show_tab("get")
        save(app, "models-light")
        train(app, paths.training)
        save(app, "training-light")
        make(app, paths.training / "sft-1")
        save(app, "wizard-light")
        session.pages.models().wizard.left.emit()
        app.window.show_page("training")
        theme().apply("dark")
        save(app, "training-dark")
        app.window.show_page("analysis")
        analysis = session.pages.page("analysis")
        assert isinstance(analysis, AnalysisPage)
        wait(lambda: analysis.chosen() != "")
        analysis.choose("correlations")
        save(app, "analysis-dark")
        app.window.show_page("alerts")
        save(app, "alerts-dark")
        app.window.show_page("portfolio")
        save(app, "portfolio-dark")
        app.window.show_page("models")
        session.pages.models().tabs.show_tab("library")
        save(app, "models-dark")
        app.window.show_page("chat")
        save(app, "chat-dark")
        app.window.close()
        app.close()
    application.processEvents()


def ask(app: App, question: str) -> None:
    """Ask and wait for the whole answer."""
    composer = app.window.chat_page.composer
    composer.put(question)
    composer.submit()
    wait(lambda: composer.action.accessibleName() == "Send")
    composer.field.clearFocus()


def train(app: App, folder: Path) -> None:
    """Show two runs of made-up figures, of which one is running."""
    for number, (name, last) in enumerate((("sft-1", 1200), ("grpo-1", 620))):
        run = folder / name
        run.mkdir(parents=True)
        with (run / METRICS).open("w", encoding="utf-8") as file:
            for step in range(10, last + 1, 10):
                file.write(json.dumps(figures(step, last, number)) + "\n")
        pid = os.getpid()
        note = {"pid": pid, "began": began(pid) if number else "long ago"}
        (run / PROCESS).write_text(json.dumps(note), encoding="utf-8")
        if not number:
            (run / EXIT).write_text("0", encoding="utf-8")
            (run / "model").mkdir()
        method = name.partition("-")[0]
        KnownRuns(folder / "runs.json").put(run, Start(method, method, "", {}, ""))
    app.window.show_page("training")


def make(app: App, run: Path) -> None:
    """Show what can be made of a run's model, for which the starter's weights stand in."""
    (run / "model").rmdir()
    (run / "model").symlink_to(resource("models", "starter-base"))
    assert app.window.session is not None
    page = app.window.session.pages.models()
    app.window.show_page("models")
    page.make(run.name)
    wait(lambda: page.wizard is not None and page.wizard.choice.isVisible())


def figures(step: int, last: int, number: int) -> dict[str, float]:
    """A line of metrics as a run writes it."""
    wave = math.sin(step / 7) * math.sin(step / 31)
    line = {
        "step": step,
        "time": 2.0 * step,
        "eta_s": 2.0 * (1000 - step) if number else 0.0,
        "loss": 2 + 4.5 * math.exp(-step / (180 + 60 * number)) + 0.1 * wave,
        "tok_s": 2300 + 60 * wave,
        "mfu": 0.31,
    }
    if number:
        line |= {"reward": 0.8 - 0.6 * math.exp(-step / 300) + 0.05 * wave}
        line |= {"kl": 0.004 * math.sqrt(step) + 0.005 * abs(wave)}
    return line


def save(app: App, name: str) -> None:
    """Write what the window shows, once it has come to rest."""
    pause(1.5)
    app.window.grab().save(str(FOLDER / f"{name}.png"))


def wait(ready: Callable[[], bool]) -> None:
    """Let the app work until it is ready."""
    for _ in range(round(MOST_SECONDS / 0.05)):
        if ready():
            return
        pause(0.05)
    raise TimeoutError("the app did not get ready")


def pause(seconds: float) -> None:
    """Let the app work."""
    loop = QEventLoop()
    QTimer.singleShot(round(seconds * 1000), loop.quit)
    loop.exec()


if __name__ == "__main__":
    main()
