"""Damaged model files against the reader and the model child: nothing may end the application.

    nice python -m benchmarks.gguf_fuzz --count 10000 --seed 1

Each file is read by the application's own reader; what it accepts is loaded by a real ModelClient
and asked for two tokens. That runs in a process of its own, so that its death would be counted
and survived here. Passed if the application never died, every refusal was one sentence in at most
10 seconds, and a good model loads afterwards.
"""

import argparse
import importlib
import json
import logging
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.gguf_mutations import Mutator, make_small, odd_model, odd_models
from benchmarks.make_gguf import byte_characters
from engine.core.errors import Cancelled, KnownError
from engine.model.client import GenerateRequest, LoadOptions, ModelClient
from engine.model.gguf.header import read_header

ROOT = Path(__file__).resolve().parents[1]
LIMIT = 10.0  # seconds for a refusal
SILENT = 60.0  # seconds without a result after which the application counts as hung
AGAIN = 100  # after so many loads the good model is loaded
ENOUGH = 20  # deaths of the application that are worth counting
CONTEXT = 256
OUTCOMES = {
    "reader": "refused by the reader",
    "memory": "refused for lack of memory",
    "child": "refused by the child",
    "died": "child died, said in a sentence",
    "loaded": "loaded and answered",
    "skipped": "accepted, not loaded (limit)",
    "hung": "child stopped after 10 s",
    "bug": "other exceptions",
}


class Deaths(logging.Handler):
    """Counts the children that died while they loaded."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.count = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Called by logging."""
        self.count += "the child died" in record.getMessage()


class Application:
    """The side that must live: reads files and loads them in children."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "damaged.gguf"
        self._good = folder / "good.gguf"
        self.read_seconds = 0.0  # of the last file, by the reader
        self._started = False
        self._client = ModelClient(self._note)
        self._deaths = Deaths()
        logger = logging.getLogger("engine.model.loading")
        logger.setLevel(logging.INFO)
        logger.addHandler(self._deaths)

    def _note(self, state: str, notice: str) -> None:
        self._started |= state == "loading"

    def try_file(self, content: bytes, load: bool) -> tuple[str, str]:
        """What became of a file, a key of OUTCOMES, and the sentence it got."""
        self._path.write_bytes(content)
        begin = time.process_time()
        try:
            read_header(self._path)
        except KnownError as error:
            return "reader", error.sentence
        finally:
            self.read_seconds = time.process_time() - begin
        return self._load() if load else ("skipped", "")

    def _load(self) -> tuple[str, str]:
        self._started = False
        deaths = self._deaths.count
        timer = threading.Timer(LIMIT, self._client.close)
        timer.start()
        try:
            self._client.load(self._path, LoadOptions(n_ctx=CONTEXT))
            list(self._client.generate(GenerateRequest("Hi", max_tokens=2)))
        except KnownError as error:
            died = self._deaths.count > deaths or "stopped" in error.sentence
            if not self._started:
                return "memory", error.sentence
            return ("died" if died else "child"), error.sentence
        except Cancelled:
            return "hung", ""
        finally:
            timer.cancel()
        return "loaded", ""

    def good_loads(self) -> bool:
        """Whether the undamaged model loads and answers, as after every user's bad download."""
        try:
            self._client.load(self._good, LoadOptions(n_ctx=CONTEXT))
            list(self._client.generate(GenerateRequest("Hi", max_tokens=2)))
        except KnownError:
            return False
        return True


def cases(folder: Path, count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """Name and content of every file: the crafted ones, the odd ones, the mutations."""
    sys.path.insert(0, str(ROOT / "tests" / "engine" / "model"))
    classes, crafts = map(importlib.import_module, ("gguf_classes", "gguf_craft"))
    for name, (content, _) in classes.OTHERS.items():
        yield name, content
    for name, (change, _) in classes.CASES.items():
        craft = crafts.Craft(byte_characters())
        change(craft)
        yield name, craft.encode()
    for name, keys in odd_models():
        yield name, odd_model(keys)
    mutator = Mutator(make_small(folder / "good.gguf"))
    for index in range(count):
        yield f"mutation {index}", mutator.mutate(seed, index)


def work(folder: Path, count: int, seed: int, first: int, child_limit: int) -> None:
    """Try the files from number `first` on; a line of JSON on stdout for each."""
    make_small(folder / "good.gguf")
    application = Application(folder)
    loads = 0
    for number, (name, content) in enumerate(cases(folder, count, seed)):
        if number < first:
            continue
        begin = time.monotonic()
        try:
            outcome, sentence = application.try_file(content, loads < child_limit)
        except Exception as error:  # noqa: BLE001 (a bug of ours: to be told, not to end this)
            outcome, sentence = "bug", repr(error)
        seconds = time.monotonic() - begin
        loads += outcome not in ("reader", "skipped", "memory")
        _tell(
            name=name,
            outcome=outcome,
            sentence=sentence,
            seconds=seconds,
            read_seconds=application.read_seconds,
        )
        if loads and loads % AGAIN == 0 and outcome not in ("reader", "skipped"):
            _tell(good=application.good_loads())
    _tell(good=application.good_loads())


def _tell(**result: object) -> None:
    print(json.dumps(result), flush=True)


@dataclass
class Tally:
    """What became of all files."""

    outcomes: Counter[str] = field(default_factory=Counter)
    sentences: Counter[str] = field(default_factory=Counter)
    slowest: tuple[float, str] = (0.0, "")
    slowest_read: float = 0.0
    deaths: int = 0
    good: list[bool] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def add(self, result: dict[str, object]) -> None:
        """Count one line of a worker."""
        if "good" in result:
            self.good.append(bool(result["good"]))
            return
        name, outcome, sentence = (str(result[key]) for key in ("name", "outcome", "sentence"))
        seconds = float(str(result["seconds"]))
        self.outcomes[outcome] += 1
        self.slowest = max(self.slowest, (seconds, name))
        self.slowest_read = max(self.slowest_read, float(str(result["read_seconds"])))
        if sentence:
            self.sentences[f"{outcome}: {sentence}"] += 1
        silent = not sentence.endswith(".") and outcome not in ("loaded", "skipped")
        if outcome in ("bug", "hung") or silent or seconds > LIMIT:
            self.failures.append(f"{name}: {outcome} after {seconds:.1f} s {sentence}")

    @property
    def passed(self) -> bool:
        """Whether nothing happened that must not."""
        return not self.deaths and not self.failures and bool(self.good) and all(self.good)

    def table(self) -> str:
        """The summary as Markdown."""
        rows = [("files", sum(self.outcomes.values()))]
        rows += [(words, self.outcomes[key]) for key, words in OUTCOMES.items()]
        rows += [("deaths of the application", self.deaths)]
        lines = [f"| {words} | {number:,} |" for words, number in rows]
        loaded = f"{sum(self.good)} of {len(self.good)} times"
        return "\n".join(
            [
                "| | |",
                "|---|---:|",
                *lines,
                f"| slowest check by the reader (processor) | {self.slowest_read * 1000:.0f} ms |",
                f"| slowest of all ({self.slowest[1]}) | {self.slowest[0]:.1f} s |",
                f"| next model loads | {loaded} |",
            ]
        )


def run(count: int, seed: int, child_limit: int) -> Tally:
    """Try all files in worker processes, a new one where one ends too early."""
    tally = Tally()
    with tempfile.TemporaryDirectory() as folder:
        complete = False
        while not complete and tally.deaths < ENOUGH:
            first = sum(tally.outcomes.values()) + tally.deaths
            used = first - tally.outcomes["reader"] - tally.outcomes["skipped"]
            arguments = (folder, count, seed, first, max(0, child_limit - used))
            process = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.gguf_fuzz", "--worker", *map(str, arguments)],
                cwd=ROOT,
                stdout=subprocess.PIPE,
                text=True,
            )
            _listen(process, tally)
            complete = process.returncode == 0
            if not complete:  # the file it died of is left out
                tally.deaths += 1
                tally.failures.append(f"the application ended with {process.returncode} at {first}")
    return tally


def _listen(process: "subprocess.Popen[str]", tally: Tally) -> None:
    """Count a worker's lines until it ends; one that says nothing any more is ended."""
    assert process.stdout is not None
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    pipe = process.stdout

    def read() -> None:
        for line in pipe:
            lines.put(line)
        lines.put("")

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    with suppress(queue.Empty):
        while line := lines.get(timeout=SILENT):
            tally.add(json.loads(line))
            done = sum(tally.outcomes.values())
            if done % 500 == 0:
                print(f"{done:,} files", file=sys.stderr, flush=True)
        process.wait(SILENT)
    if process.poll() is None:
        process.kill()
    process.wait()
    reader.join()
    pipe.close()


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=10_000, help="mutations")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--child-limit", type=int, default=4000, help="files given to a child")
    parser.add_argument("--sentences", action="store_true", help="list what was said")
    parser.add_argument("--worker", nargs=5, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        folder, *numbers = arguments.worker
        work(Path(folder), *map(int, numbers))
        return 0
    begin = time.monotonic()
    tally = run(arguments.count, arguments.seed, arguments.child_limit)
    print(tally.table())
    if arguments.sentences:
        for sentence, number in tally.sentences.most_common():
            print(f"{number:6,} {sentence}")
    print(*tally.failures, sep="\n")
    print(f"{'passed' if tally.passed else 'FAILED'} in {time.monotonic() - begin:.0f} s")
    return 0 if tally.passed else 1


if __name__ == "__main__":
    sys.exit(main())
