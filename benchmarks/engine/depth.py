"""Tokens per second at several depths of the context, against llama-server with its defaults.

    python benchmarks/engine/depth.py --llama-server BINARY --model FILE [--depths 0 2048 8192]

Same file, same source of llama.cpp, same context; runs alternate; medians and their ratio. As in
the application, the context has at least 4,096 tokens, and the model is measured once before and
runs with the settings that follow for a context of that size.
"""

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.engine.peers import both, conditions, median, words
from engine.model.client import LoadOptions
from engine.model.gguf.header import read_header
from engine.model.tuning.tuner import Tuner

ROOM, SMALLEST = 512, 4096  # tokens: beside the text, and of a context
BARS = {0: 1.0, 2048: 1.3, 8192: 1.5}


def main() -> int:
    """Command line; 1 if a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--llama-server", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--depths", type=int, nargs="+", default=[0, 2048, 8192])
    parser.add_argument("--tokens", type=int, default=48)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--seconds", type=float, help="for measuring the model before")
    arguments = parser.parse_args()
    missed = False
    print(conditions(arguments.model))
    header = read_header(arguments.model)
    with tempfile.TemporaryDirectory() as folder:
        tuner = Tuner(Path(folder) / "tuning.json")
        if not tuner.measure(arguments.model, header, seconds=arguments.seconds):
            raise SystemExit("the model could not be measured")
        contexts = {depth: max(depth + ROOM, SMALLEST) for depth in arguments.depths}
        tunings = {depth: tuner.tuning(header, n_ctx) for depth, n_ctx in contexts.items()}
    for depth, tuning in tunings.items():
        n_ctx = contexts[depth]
        until = f", until {tuning.flash_until} tokens" if tuning.flash_until else ""
        print(f"context {n_ctx}: {tuning.threads} threads, flash attention {tuning.flash}{until}")
        options = LoadOptions(n_ctx=n_ctx, tuning=tuning)
        with both(arguments.llama_server, arguments.model, n_ctx, options) as (theirs, ours):
            text = words(max(depth // 2, 8), seed=depth + 1)
            size = ours.client.count(text)
            text = words(max(8, round(depth / size * (depth // 2))), seed=depth + 1)
            pairs = []
            for run in range(arguments.runs + 1):
                a = ours.complete(text, arguments.tokens)
                b = theirs.complete(text, arguments.tokens)
                if run:  # the first one reads the text
                    pairs.append((a.rate, b.rate))
                else:
                    print(
                        f"depth {a.prompt_tokens}: read in {a.first:.1f} s, "
                        f"llama-server {b.first:.1f} s"
                    )
            mine, other = median([a for a, _ in pairs]), median([b for _, b in pairs])
            ratio = median([a / b for a, b in pairs])
            bar = BARS.get(depth, 1.0)
            missed |= ratio < bar
            print(
                f"depth {depth}: {mine:.2f} tokens/s, llama-server {other:.2f}, "
                f"ratio {ratio:.2f} (bar {bar})",
                flush=True,
            )
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
