"""Measures the window: stalls of its main thread while an answer streams, and start-up.

    QT_QPA_PLATFORM=offscreen python benchmarks/window.py [--runs 5]

Stalls: a 20,000-character Markdown answer with a table card and a chart card streams into the
real window at 200 pieces a second while a 4 ms timer on the main thread notes how late it fires.
Start-up: the time from starting a Python process to the first painted window that takes key
strokes, for Assay on a data folder with the demo portfolio and for a bare PySide6 window; and the
time to the data folder being open behind it.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtWidgets import QApplication

from desktop.opening import Start
from desktop.session import Session
from desktop.theme import theme
from desktop.widgets.chart import load_plots
from desktop.window import MainWindow
from engine.core.cards import ChartCard, Column, Series, TableCard
from engine.core.events import CardReady, Event, TextDelta, TurnFinished, TurnStarted
from engine.core.paths import Paths
from engine.service import Service

ROOT = Path(__file__).resolve().parent.parent
CHARACTERS = 20_000
PIECE = 9
PIECES_PER_SECOND = 200
TICK_SECONDS = 0.004

BARE = """
import time
from PySide6.QtWidgets import QApplication, QLineEdit, QMainWindow
application = QApplication([])
window = QMainWindow()
window.setCentralWidget(QLineEdit())
window.show()
window.centralWidget().setFocus()
"""
ASSAY = """
import time
from pathlib import Path
from PySide6.QtWidgets import QApplication
application = QApplication([])
from desktop.app import App
from engine.core.paths import Paths
app = App(Paths(Path({data!r})))
app.start()
window = app.window
"""
OPEN = """
while window.session is None:
    application.processEvents()
print("OPEN", time.monotonic(), flush=True)
"""
READY = """
from PySide6.QtCore import QEvent, QObject, QTimer
class Watch(QObject):
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint:
            window.removeEventFilter(self)
            QTimer.singleShot(0, application.quit)
        return False
watch = Watch()
window.installEventFilter(watch)
application.exec()
print("READY", time.monotonic(), flush=True)
{then}
import os
{close}
os._exit(0)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5, help="start-ups to take the median of")
    arguments = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    result = {"stalls": measure_stalls(), "start_up": measure_start_up(arguments.runs)}
    print(json.dumps(result, indent=2))


def answer() -> str:
    """Markdown of CHARACTERS characters with everything the view can draw."""
    section = (
        "## What moved\n\nBitcoin added **12.4 %** over the quarter while *Ether* lost 3.1 %, so "
        "the weight of the largest position rose again. See `what_if` for the other side of it, "
        "and the [glossary](https://example.org/glossary) for the terms.\n\n"
        "- The portfolio closed at $79,567.09.\n- Volatility was 41.2 % a year.\n"
        "- The deepest fall was -18.9 %.\n\n"
        "| Asset | Value | Weight |\n|---|--:|--:|\n| BTC | $38,462.04 | 48.3 % |\n"
        "| ETH | $17,577.27 | 22.1 % |\n| SOL | $11,525.10 | 14.5 % |\n\n"
        "> Past figures say nothing about the next ones.\n\n"
        "```\nvalue = amount * close\n```\n\n"
    )
    return (section * (CHARACTERS // len(section) + 1))[:CHARACTERS]


def measure_stalls() -> dict[str, float]:
    """Stream one answer into the window; milliseconds by which the main thread was late."""
    application = QApplication([])
    theme().apply("light")
    # The app loads the chart library right after it has started.
    load_plots()
    with tempfile.TemporaryDirectory() as folder:
        service = Service.open(Paths(Path(folder)), background=False)
        service.portfolio.load_demo()
        window = MainWindow()
        session = Session(window, Start.read(service))
        window.show()
        session.new_chat()
        chat_id = service.chat.new()
        wait(0.5)
        session.open_chat(chat_id)
        wait(0.5)
        table = TableCard(
            "Holdings",
            tuple(Column(name, "money") for name in ("Asset", "Value", "Cost", "Gain")),
            tuple((f"COIN{n}", f"${n}.00", "$1.00", f"+${n}.00") for n in range(12)),
            None,
            "by first in, first out",
            simulated=True,
        )
        days = tuple(f"2026-{1 + n // 28:02d}-{1 + n % 28:02d}" for n in range(330))
        values = tuple(20_000.0 + 37 * n % 4_000 for n in range(330))
        chart = ChartCard(
            "Value", "line", (Series("Value", days, values),), "USD", "", simulated=True
        )
        events: list[Event] = [TurnStarted(chat_id, 1), CardReady(1, table)]
        text = answer()
        for at in range(0, len(text), PIECE):
            events.append(TextDelta(1, text[at : at + PIECE]))
        events.insert(len(events) // 2, CardReady(1, chart))
        events.append(TurnFinished(1, "complete", "Not advice."))
        late = stream(events, service.bus.publish)
        row = window.chat_page.transcript.row(1)
        assert row is not None
        assert len(row.text.text()) == len(text)
        # Without anything to do the timer shows what this machine adds of its own.
        idle = watch(lambda: None, 3.0)
        window.close()
        service.close()
    application.processEvents()
    return {
        "characters": len(text),
        "ticks": len(late),
        "p50_ms": percentile(late, 50),
        "p95_ms": percentile(late, 95),
        "p99_ms": percentile(late, 99),
        "max_ms": max(late),
        "idle_p99_ms": percentile(idle, 99),
        "idle_max_ms": max(idle),
    }


def stream(events: list[Event], publish: Callable[[Event], None]) -> list[float]:
    """Publish the events from another thread at their pace; how late the ticks were, in ms."""

    def work() -> None:
        begun = time.monotonic()
        for number, event in enumerate(events):
            publish(event)
            time.sleep(max(0.0, begun + number / PIECES_PER_SECOND - time.monotonic()))

    thread = threading.Thread(target=work)
    late = watch(thread.start, len(events) / PIECES_PER_SECOND + 1.0)
    thread.join()
    return late


def watch(start: Callable[[], None], seconds: float) -> list[float]:
    """Run the event loop and note, in ms, how much later than due each tick came."""
    late: list[float] = []
    last = time.perf_counter()

    def tick() -> None:
        nonlocal last
        now = time.perf_counter()
        late.append(max(0.0, now - last - TICK_SECONDS) * 1000)
        last = now

    timer = QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.setInterval(round(TICK_SECONDS * 1000))
    timer.timeout.connect(tick)
    start()
    timer.start()
    wait(seconds)
    timer.stop()
    return late[1:]


def wait(seconds: float) -> None:
    """Let the window work."""
    loop = QEventLoop()
    QTimer.singleShot(round(seconds * 1000), loop.quit)
    loop.exec()


def measure_start_up(runs: int) -> dict[str, float]:
    """Median seconds to a usable window, ours and a bare one, started one after the other.

    The ratio is the median over the pairs: a shared machine is at times half as fast for minutes,
    and both starts of a pair meet the same machine.
    """
    with tempfile.TemporaryDirectory() as folder:
        service = Service.open(Paths(Path(folder)), background=False)
        service.portfolio.load_demo()
        service.close()
        programs = {
            "bare": BARE + READY.format(then="", close=""),
            "assay": ASSAY.format(data=folder)
            + READY.format(then=OPEN, close="window.close(); app.close()"),
        }
        times: dict[str, list[float]] = {"bare": [], "assay": [], "open": []}
        for number in range(runs + 1):
            for name, program in programs.items():
                seconds = start(program)
                if number:  # the first round fills the caches
                    times[name].append(seconds["READY"])
                    if "OPEN" in seconds:
                        times["open"].append(seconds["OPEN"])
    bare, assay, opened = (statistics.median(times[name]) for name in ("bare", "assay", "open"))
    ratio = statistics.median(a / b for a, b in zip(times["assay"], times["bare"], strict=True))
    return {"bare_s": bare, "assay_s": assay, "ratio": ratio, "data_open_s": opened}


def start(program: str) -> dict[str, float]:
    """Seconds from starting a Python process to what it reports."""
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    lines = (line.split() for line in done.stdout.splitlines())
    return {line[0]: float(line[1]) - begun for line in lines if line[0] in {"READY", "OPEN"}}


def percentile(values: list[float], percent: float) -> float:
    """The value that so many per cent of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


if __name__ == "__main__":
    main()
