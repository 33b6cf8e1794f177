"""Finds the settings a model runs fastest with on this machine: once, then they are known."""

import logging
from collections.abc import Callable
from pathlib import Path

from engine.core.errors import Cancelled
from engine.core.steps import Step, unwatched
from engine.model.fit.memory import RESERVE, available_memory
from engine.model.gguf.header import GgufHeader
from engine.model.side_process import run_side
from engine.model.tuning.settings import Measured, Tuning, default_tuning, measured_tuning
from engine.model.tuning.steps import Plan, memory_for
from engine.model.tuning.store import TuningStore, machine_key, read_measured, shape_key, size_key

DEPTH = 3072  # tokens the probe holds at most
LEAST_SECONDS, MOST_SECONDS, SECONDS_PER_GB = 20.0, 90.0, 30.0
PROBE = "engine.model.child.probe"
OFFLOAD_SECONDS = 300.0  # drivers may translate their programs first
GRACE_SECONDS = 15.0  # a probe that is in the middle of something when its time is up

_log = logging.getLogger(__name__)


class Tuner:
    """Knows or measures how models run here. path: of the file where measurements are kept."""

    def __init__(self, path: Path) -> None:
        self._store = TuningStore(path)
        self._machine = machine_key()
        self._failed: set[str] = set()
        self._no_offload: set[str] = set()

    def known(self, header: GgufHeader, n_ctx: int, freed: int = 0) -> Tuning | None:
        """The settings for a context of n_ctx tokens if a model of this shape was measured.

        freed: bytes that are given back before it is loaded.
        """
        measured = self._store.get(self._machine, shape_key(header))
        if measured is None:
            return None
        return measured_tuning(measured, header, available_memory() + freed, n_ctx)

    def can_offload(
        self, path: Path, header: GgufHeader, layers: int, check: Callable[[], None]
    ) -> bool:
        """Whether so many layers of a model run on the graphics card: tried once, in a process of
        its own; blocks. check: called all the while, and may raise Cancelled."""
        shape = shape_key(header)
        if shape in self._no_offload or layers <= self._store.offload(self._machine, shape):
            return shape not in self._no_offload
        works = False

        def on_line(values: dict[str, object]) -> None:
            nonlocal works
            works = works or values.get("offload") is True

        estimate = memory_for(header, Plan(DEPTH, 512))
        arguments = [str(path.absolute()), "--layers", str(layers), "--seconds", "0"]
        arguments += ["--memory", str(estimate.total + estimate.copies + RESERVE)]
        try:
            code = run_side(PROBE, arguments, on_line, OFFLOAD_SECONDS, check)
        except OSError as error:
            _log.warning("the probe could not be started: %s", error)
            code = None
        if works and code == 0:
            self._store.put_offload(self._machine, shape, layers)
            return True
        _log.info("%d layers do not run on the graphics card (%s)", layers, code)
        self._no_offload.add(shape)
        return False

    def factor(self, header: GgufHeader) -> float:
        """What models of this size really use here, as a multiple of the estimate, 0.8 to 1.5."""
        return self._store.factor(self._machine, size_key(header))

    def was_used(self, header: GgufHeader, factor: float) -> None:
        """Remember what a model really used, as a multiple of the estimate."""
        self._store.put_factor(self._machine, size_key(header), factor)

    def has_failed(self, header: GgufHeader) -> bool:
        """Whether measuring a model of this shape came to nothing since the program began."""
        return shape_key(header) in self._failed

    def tuning(self, header: GgufHeader, n_ctx: int) -> Tuning:
        """The settings to load with: measured ones, else sensible ones."""
        return self.known(header, n_ctx) or default_tuning(header, available_memory())

    def measure(
        self,
        path: Path,
        header: GgufHeader,
        step: Step = unwatched,
        seconds: float | None = None,
    ) -> bool:
        """Measure a model in a process of its own and keep the result; blocks.

        step: told how far it is, 0…1, often, and may raise Cancelled; seconds: at most, None = by
        the model's size. False if nothing could be measured, for want of memory or because the
        file cannot be run: loading it will say so.
        """
        shape = shape_key(header)
        self._failed.add(shape)
        try:
            best = self._probed(path, header, step, seconds)
        except Cancelled:
            self._failed.discard(shape)
            raise
        if best is None:
            return False
        self._failed.discard(shape)
        self._store.put(self._machine, shape, best)
        return True

    def _probed(
        self, path: Path, header: GgufHeader, step: Step, seconds: float | None
    ) -> Measured | None:
        """What a process of its own measures, None if that is nothing of use."""
        estimate = memory_for(header, Plan(DEPTH, 512))
        if estimate.total + estimate.kv + RESERVE > available_memory():
            _log.info("not measured: too little memory is free")
            return None
        if seconds is None:
            wanted = SECONDS_PER_GB * header.size / 1e9
            seconds = min(max(wanted, LEAST_SECONDS), MOST_SECONDS)
        best: Measured | None = None
        fraction = 0.0

        def on_line(values: dict[str, object]) -> None:
            nonlocal best, fraction
            best = read_measured(values.get("measured")) or best
            done = values.get("progress")
            if isinstance(done, int | float):
                fraction = min(max(float(done), 0.0), 1.0)
            if "failed" in values:
                _log.info("the probe failed: %s", str(values["failed"])[:500])

        arguments = [str(path.absolute()), "--seconds", str(seconds)]
        arguments += ["--memory", str(2 * estimate.total + estimate.copies + RESERVE)]
        if estimate.copies:
            arguments.append("--repacked")
        try:
            code = run_side(
                PROBE,
                arguments,
                on_line,
                seconds + GRACE_SECONDS,
                lambda: step(fraction, "Trying settings"),
            )
        except OSError as error:
            _log.warning("the probe could not be started: %s", error)
            return None
        if code != 0:
            _log.info("the probe ended early (%s)", code)
        if best is None or not (best.flash_times or best.cost_curve):
            return None
        return best
