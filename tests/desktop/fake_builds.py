"""Builds that are moved on by hand."""

import threading
from dataclasses import replace
from pathlib import Path

from engine.core.builds import (
    BuildChoice,
    BuildLook,
    BuildOrder,
    BuildSource,
    BuildStatus,
    StageStatus,
)
from engine.core.errors import KnownError
from engine.core.events import DataChanged, EventBus, JobProgress
from engine.core.jobs import Job, JobPool, Progress

GB = 1_000_000_000
STAGES = (
    ("fetch", "Fetching the weights"),
    ("convert", "Converting"),
    ("calibrate", "Finding which weights matter"),
    ("quantize", "Making it smaller"),
    ("compare", "Comparing it with the original"),
)
FIGURES = {
    "size_before": 8_044_000_000.0,
    "size": 2_497_000_000.0,
    "agreement": 0.9421,
    "mean_divergence": 0.0187,
    "reference_perplexity": 12.31,
    "candidate_perplexity": 12.52,
}
CHOICES = (
    BuildChoice("Q8_0", 4_280_000_000, 5_100_000_000, "tight", False),
    BuildChoice("Q6_K", 3_310_000_000, 4_100_000_000, "fits", False),
    BuildChoice("Q4_K_M", 2_500_000_000, 3_300_000_000, "fits", True),
    BuildChoice("Q3_K_M", 2_080_000_000, 2_900_000_000, "fits", False),
)
SEARCHED = BuildChoice("4.8bpw", 2_430_000_000, 3_230_000_000, "fits", True)
RUN = BuildSource("run", "sft-1", "sft-1", "qwen3", 0, 0, "", "")


class FakeBuilds:
    """Every source is a Qwen3 of 4 billion weights, but for those whose name says otherwise."""

    def __init__(self, bus: EventBus, jobs: JobPool) -> None:
        self._bus, self._jobs = bus, jobs
        self.statuses: dict[str, BuildStatus] = {}
        self.at_hand: list[BuildSource] = []
        self.asked: list[tuple[object, ...]] = []
        self.may_look = threading.Event()
        self.may_look.set()
        self.refusal = ""
        self.disk_free = 80 * GB
        self.licence = "Apache-2.0"
        self.parameters = 4_022_000_000
        self.choices = CHOICES

    def look(self, source: str) -> Job[BuildLook]:
        self.asked.append(("look", source))

        def found(progress: Progress) -> BuildLook:
            while not self.may_look.wait(0.01):
                progress.check()
            if "missing" in source:
                raise KnownError("There is no config.json in this folder.", "Choose another one.")
            kind = "folder" if source.startswith("/") else "hub" if "/" in source else "run"
            if source.endswith(".gguf"):
                kind = "file"
            name = Path(source).name
            return BuildLook(
                BuildSource(
                    kind, source, name, "qwen3", self.parameters, 8_044_000_000, self.licence,
                    "1cfa9a7208912126459214e8b04321603b3df60c",
                ),
                self.choices, 19 * GB, self.disk_free, 2 * GB, 6 * GB,
                "" if self.disk_free > 19 * GB else "There is not enough disk space.",
                4096,
            )  # fmt: skip

        return self._jobs.submit("Looking", found)

    def sources(self) -> list[BuildSource]:
        return list(self.at_hand)

    def start(self, order: BuildOrder) -> str:
        self.asked.append(("start", order))
        if self.refusal:
            raise KnownError(self.refusal)
        self.statuses["k1"] = BuildStatus("k1", order, "running", stages(0), "", None, {}, None, 0)
        self._tell()
        return "k1"

    def move(self, **values: object) -> None:
        """Let the build be somewhere else."""
        self.statuses["k1"] = replace(self.statuses["k1"], **values)  # type: ignore[arg-type]
        self._bus.publish(JobProgress("build-k1", "Building", None, "", done=False))

    def build(self) -> None:
        """Let the build end well."""
        done = stages(len(STAGES))
        report = Path("report.html")
        self.move(
            state="built",
            notice="",
            stages=done,
            figures=FIGURES,
            report=report,
            size=2_497_000_000,
        )
        self._tell()

    def resume(self, key: str) -> None:
        self.asked.append(("resume", key))
        self.move(state="running", notice="", stages=stages(2, 0.1))

    def stop(self, key: str) -> None:
        self.asked.append(("stop", key))
        self.move(state="stopping")

    def delete(self, key: str) -> int:
        self.asked.append(("delete", key))
        del self.statuses[key]
        self._tell()
        return 8 * GB

    def list(self) -> list[BuildStatus]:
        return list(self.statuses.values())

    def try_out(self, key: str, text: str) -> Job[str]:
        self.asked.append(("try", text))

        def answer(_: object) -> str:
            if "bad" in text:
                raise KnownError("The model could not be loaded.", "Close other programs.")
            return "It is what liquidity providers lose against <b>holding</b> the two coins."

        return self._jobs.submit("Asking", answer)

    def register(self, key: str, use: bool) -> int:
        self.asked.append(("register", key, use))
        if self.refusal:
            raise KnownError(self.refusal)
        self.move(state="registered", model=7)
        self._tell()
        return 7

    def _tell(self) -> None:
        self._bus.publish(DataChanged(frozenset({"builds"})))


def stages(done: int, fraction: float | None = None, failed: str = "") -> tuple[StageStatus, ...]:
    """The stages when so many are done and the next one runs, or has failed."""
    found = []
    for number, (name, title) in enumerate(STAGES):
        stage = StageStatus(name, title, "waiting", None, "")
        if number < done:
            stage = StageStatus(name, title, "done", 1.0, "")
        elif number == done and failed:
            stage = StageStatus(name, title, "failed", None, failed)
        elif number == done:
            stage = StageStatus(name, title, "running", fraction, "")
        found.append(stage)
    return tuple(found)
