"""Measures how a model runs fastest on this machine; a process of its own, locked in.

    python -m engine.model.child.probe PARENT_PID MODEL --seconds S --memory BYTES

Prints JSON lines: {"progress": 0…1}, {"measured": {…}} with the best known so far after every
stage, {"failed": "…"} if nothing can be measured. Closing stdin ends it. Everything is measured
in turns, as another program may take the processor at any moment; that only ever adds to a
time, so the lower quartile counts.

With --layers N it only tries to run with so many layers on the graphics card, and prints
{"offload": true} if that works.
"""

import argparse
import json
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, replace
from typing import IO, Any

from engine.model import landlock, sandbox
from engine.model.fit.memory import BATCH, default_threads
from engine.model.tuning.settings import FASTER, Measured

SHALLOW, NEAR, MIDDLE, DEEP = 128, 384, 1024, 2048
BATCHES = (BATCH, 64, 128, 512)
READING = 64  # tokens, to compare how fast a prompt is read
CURVE = (1, 2, 3, 4, 6, 8, 12, 16)
ROUNDS, MANY_ROUNDS = 5, 7
FEWER = 0.97  # of the fastest: what has to be reached with fewer threads or smaller steps


def main() -> None:
    """Lock the process in, then measure."""
    lines = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    parser = argparse.ArgumentParser()
    parser.add_argument("parent", type=int)
    parser.add_argument("model")
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--memory", type=int, required=True)
    parser.add_argument("--repacked", action="store_true")
    parser.add_argument("--layers", type=int, default=0)
    wanted = parser.parse_args()
    end = time.monotonic() + wanted.seconds
    sandbox.harden(wanted.parent)
    sandbox.lock_in(landlock.card_files())
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    sandbox.limit_memory(wanted.memory)
    probe = Probe(lines, wanted.model, end, wanted.repacked)
    if wanted.layers:
        probe.offload(wanted.layers)
    else:
        probe.run()
    os._exit(0)  # whatever the library would do at its end is not needed


def _end_with_stdin() -> None:
    while os.read(0, 4096):
        pass
    os._exit(0)


class Probe:
    """Measures stage after stage until the time is up, telling after each what is best so far.

    end: in time.monotonic's seconds; repacked: some of the model's weights can be repacked.
    """

    def __init__(self, lines: IO[str], path: str, end: float, repacked: bool) -> None:
        # llama.cpp is loaded by these imports, behind the lock.
        from engine.model.child import api, timing  # noqa: PLC0415

        self._library = timing
        self._errors: Callable[[], str] = api.recent_errors
        self._lines = lines
        self._path = path
        self._end = end
        self._repacked = repacked
        self._busy = _is_busy()
        threads = default_threads()
        self._best = Measured(threads, threads, BATCH, repack=True)

    def run(self) -> None:
        """Measure everything there is time for."""
        library = self._library
        start = time.monotonic()
        try:
            weights = library.Weights(self._path, mmap=not self._repacked, repack=True)
            loading = time.monotonic() - start
            plain = library.Bench(weights, DEEP, self._best.threads, flash=False)
            plain.fill(MIDDLE)
        except library.CannotMeasure as error:
            self._say({"failed": f"{error}: {self._errors()}"[:2000]})
            return
        self._tell(0.2)
        stages: tuple[tuple[float, Callable[[], None]], ...] = (
            (0.35, lambda: self._threads(plain)),
            (0.6, lambda: self._curve(plain)),
            (0.75, lambda: self._flash(weights, plain)),
            (0.95, lambda: self._batches(plain)),
            (1.0, lambda: self._repack(plain, loading)),
        )
        for done, stage in stages:
            try:
                stage()
            except library.CannotMeasure:
                continue  # this model or this machine cannot do that; the default stays
            finally:
                self._tell(done)

    def offload(self, layers: int) -> None:
        """Read and write a little with so many layers on the graphics card."""
        library = self._library
        try:
            weights = library.Weights(self._path, mmap=True, repack=True, layers=layers)
            bench = library.Bench(weights, SHALLOW, self._best.threads, flash=False)
            bench.step(READING)
            bench.step(1)
        except library.CannotMeasure as error:
            self._say({"failed": f"{error}: {self._errors()}"[:2000]})
            return
        self._say({"offload": True})

    def _threads(self, plain: Any) -> None:
        """How many threads decode one token fastest, unless others hold the processor now:
        they would make one thread look best for good."""
        if self._busy:
            return
        counts = _thread_counts(default_threads())

        def once(threads: int) -> float:
            plain.threads(threads, threads)
            return min(float(plain.step(1)) for _ in range(2))

        if len(counts) > 1:
            times = self._in_turns(counts, once, ROUNDS)
            self._best = replace(self._best, threads=_fewest(times))
        self._use(plain)

    def _flash(self, weights: Any, plain: Any) -> None:
        """Whether flash attention is faster, with few and with many tokens in memory."""
        flash = self._library.Bench(weights, DEEP, self._best.threads, flash=True)
        try:
            self._use(flash)
            both = (plain, flash)
            found = []
            # With few tokens the two differ by a few percent only, and where they meet counts.
            for depth, rounds in ((SHALLOW, MANY_ROUNDS), (NEAR, MANY_ROUNDS), (DEEP, ROUNDS)):
                for bench in both:
                    bench.fill(depth)
                times = self._in_turns((0, 1), lambda which: float(both[which].step(1)), rounds)
                found.append((depth, times[0], times[1]))
            self._best = replace(self._best, flash_times=tuple(found))
        finally:
            flash.close()

    def _curve(self, plain: Any) -> None:
        """What decoding several tokens at once costs, relative to one."""
        times = self._in_turns(CURVE, lambda size: float(plain.step(size, size)), 3, some=True)
        curve, least = [], 1.0
        for size in CURVE[1:]:
            if size in times:
                least = max(least, times[size] / times[1])
                curve.append((size, round(least, 3)))
        self._best = replace(self._best, cost_curve=tuple(curve))

    def _batches(self, plain: Any) -> None:
        """How many threads read a prompt fastest, and in how large steps."""
        plain.clear()
        several = sorted({self._best.threads, default_threads()})
        if len(several) > 1:

            def read(threads: int) -> float:
                plain.threads(threads, threads)
                return float(plain.step(READING))

            times = self._in_turns(several, read, 3)
            self._best = replace(self._best, threads_batch=_fewest(times))
        self._use(plain)
        times = self._in_turns(BATCHES, lambda size: float(plain.step(size)), 2, some=True)
        each = {size: time / size for size, time in times.items()}
        self._best = replace(self._best, batch=_fewest(each))

    def _repack(self, plain: Any, loading: float) -> None:
        """Whether the layout the weights are repacked to is the faster one."""
        if not self._repacked or 4 * loading > self._left():
            return
        weights = self._library.Weights(self._path, mmap=True, repack=False)
        other = self._library.Bench(weights, DEEP, self._best.threads, flash=False)
        self._use(other)
        both = (other, plain)
        for bench in both:
            bench.fill(SHALLOW)
        single = self._in_turns((0, 1), lambda which: float(both[which].step(1)), ROUNDS)
        several = self._in_turns((0, 1), lambda which: float(both[which].step(READING)), 2)
        slower = single[0] > FASTER * single[1] or several[0] > several[1]
        self._best = replace(self._best, repack=slower)

    def _use(self, bench: Any) -> None:
        bench.threads(self._best.threads, self._best.threads_batch)

    def _in_turns(
        self,
        settings: Iterable[int],
        once: Callable[[int], float],
        rounds: int,
        some: bool = False,
    ) -> dict[int, float]:
        """Time of each setting. Raises CannotMeasure if there is no time for all of them, or for
        the first where `some` are enough.

        A setting that was not tried yet is expected to take up to twice the longest.
        """
        times: dict[int, list[float]] = {}
        order = list(settings)
        for _ in range(rounds):
            for setting in order:
                longest = 2 * max(map(max, times.values()), default=0.0)
                expected = max(times.get(setting, [longest]))
                if expected / 1e3 > self._left():
                    break
                times.setdefault(setting, []).append(once(setting))
        if order[0] not in times or (len(times) < len(order) and not some):
            raise self._library.CannotMeasure("time")
        return {setting: sorted(values)[len(values) // 4] for setting, values in times.items()}

    def _left(self) -> float:
        return self._end - time.monotonic()

    def _tell(self, done: float) -> None:
        self._say({"progress": done, "measured": asdict(self._best)})

    def _say(self, values: dict[str, object]) -> None:
        print(json.dumps(values), file=self._lines, flush=True)


def _is_busy() -> bool:
    """Whether other programs kept half of the processor busy for the last minute."""
    if not hasattr(os, "getloadavg"):
        return False
    return os.getloadavg()[0] > default_threads() / 2


def _thread_counts(most: int) -> list[int]:
    """The numbers of threads worth trying, up to `most`."""
    few = 8
    return list(range(1, most + 1)) if most <= few else sorted(_parts(most))


def _parts(most: int) -> Iterator[int]:
    yield from {most, most - 1, *(most * part // 8 for part in range(1, 8))}


def _fewest(times: dict[int, float]) -> int:
    """The smallest setting that is nearly as fast as the fastest."""
    return min(which for which, time in times.items() if FEWER * time <= min(times.values()))


if __name__ == "__main__":
    main()
