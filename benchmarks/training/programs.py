"""Running a program as a whole and reading what it cost from the kernel."""

import os
import random
import statistics
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Cost:
    """Seconds by the clock, seconds of processor time with those of its children, peak bytes."""

    wall: float
    cpu: float
    memory: int

    def __sub__(self, other: "Cost") -> "Cost":
        """What the longer of two runs cost more; the peak is the longer one's."""
        return Cost(self.wall - other.wall, self.cpu - other.cpu, self.memory)

    def speed(self, tokens: int) -> str:
        """Tokens per second by the clock and of processor time, and the peak."""
        return (
            f"{tokens / self.wall:.0f} tok/s ({tokens / self.cpu:.0f} per CPU second, "
            f"{self.memory / 1e6:.0f} MB)"
        )


def cost(command: Sequence[str | Path], folder: Path, threads: int) -> Cost:
    """Run a program to its end; RuntimeError with the end of its output if it fails."""
    environment = os.environ | {
        "OMP_NUM_THREADS": str(threads),
        "PYTHONPATH": str(ROOT),
        "TOKENIZERS_PARALLELISM": "false",
    }
    log = folder / "benchmark.log"
    started = monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=folder,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command[0]} failed:\n{log.read_text(errors='replace')[-2000:]}")
    return Cost(monotonic() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def middle(values: Sequence[float]) -> str:
    """Median with the smallest and largest of some rounds."""
    return f"{statistics.median(values):.2f} ({min(values):.2f}–{max(values):.2f})"


def paragraphs() -> list[str]:
    """The paragraphs of Assay's own guides: real prose of 10 to 120 words."""
    texts = (ROOT / "resources" / "knowledge").rglob("*.md")
    found = [
        " ".join(part.split())
        for path in sorted(texts)
        for part in path.read_text(encoding="utf-8").split("\n\n")
        if not part.startswith("#")
    ]
    return [text for text in found if 10 <= len(text.split()) <= 120]


def exchanges(count: int) -> list[tuple[str, str]]:
    """Questions and answers about those paragraphs, the same every time."""
    chooser, texts = random.Random(1), paragraphs()
    answers = [chooser.choice(texts) for _ in range(count)]
    return [(f"Explain: {answer.split('.')[0]}", answer) for answer in answers]


def messages(exchange: tuple[str, str]) -> list[dict[str, str]]:
    """A question and its answer as messages."""
    return [
        {"role": role, "content": said}
        for role, said in zip(("user", "assistant"), exchange, strict=True)
    ]
