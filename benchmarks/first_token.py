"""Seconds from opening Assay to the first token of its first answer.

    python benchmarks/first_token.py              the starter model, demo portfolio, 10 cold starts
    python benchmarks/first_token.py --model FILE

Each start is a fresh process that asks the moment the data folder is open, while the model still
loads: nobody types that fast, so this is the longest a user can wait.
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
from pathlib import Path

QUESTION = "what is my portfolio worth?"
BAR_SECONDS = 1.0


def measure(home: Path, model: Path | None) -> dict[str, float]:
    """In the fresh process: open, ask, wait for the first piece of text; seconds since `start`."""
    start = float(os.environ["FIRST_TOKEN_START"])
    from engine.core.events import Event, TextDelta, TurnFinished  # noqa: PLC0415
    from engine.core.paths import Paths  # noqa: PLC0415
    from engine.service import Service  # noqa: PLC0415

    imported = time.time()
    service = Service.open(Paths(home), model_path=model)
    opened = time.time()
    first: list[float] = []
    finished = threading.Event()

    def listen(event: Event) -> None:
        if isinstance(event, TextDelta) and event.text.strip() and not first:
            first.append(time.time())
        if isinstance(event, TurnFinished):
            finished.set()

    service.bus.subscribe(listen)
    service.chat.ask(None, QUESTION)
    finished.wait()
    ready = service.models.current().state != "failed"
    service.close()
    return {
        "imported": imported - start,
        "opened": opened - start,
        "first_token": first[0] - start,
        "model": float(ready),
    }


def cold_start(home: Path, model: Path | None) -> dict[str, float]:
    """Run `measure` in a process of its own."""
    command = [sys.executable, __file__, "--inside", str(home)]
    command += ["--model", str(model)] if model else []
    environment = os.environ | {"FIRST_TOKEN_START": str(time.time())}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def main() -> int:
    """Command line; exit status 1 above the bar."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        print(json.dumps(measure(options.inside, options.model)))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        demo = [sys.executable, "-m", "engine.cli", "--home", folder, "demo"]
        subprocess.run(demo, check=True, capture_output=True)
        runs = [cold_start(Path(folder), options.model) for _ in range(options.runs)]
    if not all(run["model"] for run in runs):
        print("No model was loaded: these are answers without one.")
    for name, what in (
        ("imported", "program loaded"),
        ("opened", "data folder open, question asked"),
        ("first_token", "first token"),
    ):
        times = sorted(run[name] for run in runs)
        print(f"{what:34} median {statistics.median(times):.2f} s, slowest {times[-1]:.2f} s")
    waits = sorted(run["first_token"] - run["opened"] for run in runs)
    median = statistics.median(waits)
    print(
        f"{'wait from question to first token':34} median {median:.2f} s, slowest {waits[-1]:.2f} s"
    )
    return 0 if median <= BAR_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
