"""Takes the README's screenshots from the real app on the demo portfolio.

QT_QPA_PLATFORM=offscreen python docs/screenshots/take.py
"""

import tempfile
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from desktop.analysis.page import AnalysisPage
from desktop.app import App
from desktop.theme import theme
from engine.core.paths import Paths

FOLDER = Path(__file__).resolve().parent
QUESTIONS = ("Do BTC and ETH move together?", "What if BTC falls 30 %?")
MOST_SECONDS = 120.0


def main() -> None:
    application = QApplication([])
    with tempfile.TemporaryDirectory() as folder:
        app = App(Paths(Path(folder) / "assay"))
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
        theme().apply("dark")
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
