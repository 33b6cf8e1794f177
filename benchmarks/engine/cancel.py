"""How long a stop takes, while the prompt is read and while the answer is written.

python benchmarks/engine/cancel.py --model FILE [--count 200]
"""

import argparse
import random
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.engine.peers import Assay, conditions, median, words
from engine.model.client import GenerateRequest, LoadOptions

BARS = {"reading": 0.050, "writing": 0.030}


def stopped(side: Assay, moment: str, number: int, chance: random.Random) -> float:
    """Seconds from cancel() to the end of the iteration."""
    reading = moment == "reading"
    prompt = words(600 if reading else 10, seed=number + 1)
    request = GenerateRequest(prompt, max_tokens=500, ignore_end=True, session=f"chat:{number}")
    began = threading.Event()
    generation = side.client.generate(request, lambda done, total: began.set())
    ended: list[float] = []

    def read() -> None:
        for _ in generation:
            pass
        ended.append(time.perf_counter())

    reader = threading.Thread(target=read)
    reader.start()
    began.wait()
    time.sleep(chance.uniform(0.0, 0.3))
    at = time.perf_counter()
    generation.cancel()
    reader.join()
    assert generation.stats is not None
    if generation.stats.finish != "cancelled":
        raise SystemExit("the answer ended before it was stopped")
    return ended[0] - at


def main() -> int:
    """Command line; 1 if a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--count", type=int, default=200)
    arguments = parser.parse_args()
    print(conditions(arguments.model))
    side = Assay(arguments.model, LoadOptions(n_ctx=4096))
    chance = random.Random(1)
    missed = False
    for moment, bar in BARS.items():
        times = sorted(stopped(side, moment, one, chance) for one in range(arguments.count))
        last = times[min(len(times) - 1, round(0.99 * len(times)))]
        missed |= last > bar
        print(
            f"{moment}: median {1000 * median(times):.1f} ms, p99 {1000 * last:.1f} ms, "
            f"longest {1000 * times[-1]:.1f} ms (bar p99 {1000 * bar:.0f} ms)",
            flush=True,
        )
    side.close()
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
