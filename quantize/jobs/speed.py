"""Times how fast a model reads and writes, as the application runs it."""

import sys
import time
from itertools import cycle, islice
from pathlib import Path

from quantize.jobs import Arguments, Report, Result
from quantize.jobs.running import read, tuned_context, tuned_model, write

WARM_UP = 16  # tokens


def speed(arguments: Arguments, report: Report) -> Result:
    """Read a text of `depth` tokens, then write `tokens` more.

    arguments: model (path) with quantize.running.settings, text, depth, tokens. Returns the
    seconds each took, and the most memory the process has held, in bytes (0: unknown).
    """
    depth, count = int(arguments["depth"]), int(arguments["tokens"])
    model = tuned_model(arguments)
    context = tuned_context(model, arguments, depth + count + WARM_UP)
    tokens = list(islice(cycle(model.tokenize(arguments["text"], start=True)), depth))
    list(islice(write(context, read(context, tokens[:WARM_UP]), WARM_UP), 2))
    context.cut(0, 0)
    began = time.perf_counter()
    row = read(context, tokens)
    context.logits(row)  # waits for the end of the computation
    written = time.perf_counter()
    # A token is decoded when the next is asked for, so one more is.
    list(islice(write(context, row, depth), count + 1))
    ended = time.perf_counter()
    report(1.0, "Measuring speed")
    return {
        "prompt_seconds": written - began,
        "seconds": ended - written,
        "resident": _most_held(),
    }


def _most_held() -> int:
    """Bytes of main memory this process has held at most, what it maps of the file included."""
    if sys.platform != "linux":
        return 0
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0
