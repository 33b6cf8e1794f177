"""Streaming speed at 4,000 tokens against llama-cpp-python's own chat completion.

    python benchmarks/engine/python_peer.py --model FILE [--tokens 4000] [--window 200] [--runs 5]

Both answer a long question, so that the last of `window` tokens is number `tokens`. The peer is
there twice: as `Llama(model, n_ctx=…)` sets itself up, and with our threads. Runs alternate.
Its waiting threads are told to spin briefly (GOMP_SPINCOUNT=200), as ours are.
"""

import argparse
import json
import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.engine.peers import Assay, conditions, median, words
from engine.model.client import LoadOptions
from engine.model.fit.memory import default_threads

BAR = 1.3
PEER = """
import json, sys, time
from llama_cpp import Llama
model, n_ctx, threads = sys.argv[1], *map(int, sys.argv[2:])
given = {"n_threads": threads, "n_threads_batch": threads} if threads else {}
llama = Llama(model, n_ctx=n_ctx, verbose=False, **given)
print(json.dumps({"threads": llama.n_threads}), flush=True)
for line in sys.stdin:
    text, tokens = json.loads(line)
    times = [time.perf_counter() for _ in llama.create_chat_completion(
        [{"role": "user", "content": text}], stream=True, max_tokens=tokens, temperature=0.0,
        repeat_penalty=1.0, logit_bias={llama.token_eos(): -100.0})][1:]
    print(json.dumps({"rate": (len(times) - 1) / (times[-1] - times[0])}), flush=True)
"""


class Peer:
    """llama-cpp-python in a process of its own. threads: 0 for its own number."""

    def __init__(self, model: Path, n_ctx: int, threads: int) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", PEER, str(model), str(n_ctx), str(threads)],
            env=os.environ | {"GOMP_SPINCOUNT": "200"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.threads = int(self._said("threads"))

    def rate(self, text: str, tokens: int) -> float:
        """Tokens per second of an answer after its first token."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps([text, tokens]) + "\n")
        self.process.stdin.flush()
        return self._said("rate")

    def close(self) -> None:
        """End it."""
        self.process.kill()
        self.process.wait()

    def _said(self, name: str) -> float:
        assert self.process.stdout is not None
        return float(json.loads(self.process.stdout.readline())[name])


def main() -> int:
    """Command line; 1 if the bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--tokens", type=int, default=4000)
    parser.add_argument("--window", type=int, default=200)
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    print(conditions(arguments.model), flush=True)
    n_ctx, threads = arguments.tokens + 96, default_threads()
    depth = arguments.tokens - arguments.window - 16
    with ExitStack() as sides:
        ours = Assay(arguments.model, LoadOptions(n_ctx=n_ctx, threads=threads))
        sides.callback(ours.close)
        peers = [Peer(arguments.model, n_ctx, given) for given in (0, threads)]
        for peer in peers:
            sides.callback(peer.close)
        text = words(depth // 2, seed=1)
        text = words(round(depth / ours.client.count(text) * (depth // 2)), seed=1)
        prompt = f"<|im_start|>user\n{text}<|im_end|>\n<|im_start|>assistant\n"
        rows: list[list[float]] = []
        for _ in range(arguments.runs):  # the first one also reads the text, which does not count
            mine = ours.complete(prompt, arguments.window)
            rows.append([mine.rate, *(peer.rate(text, arguments.window) for peer in peers)])
    end = mine.prompt_tokens + mine.tokens
    print(f"tokens {end - arguments.window} to {end}, {threads} threads: {_median(rows, 0):.2f}/s")
    ratios = [median([row[0] / row[place] for row in rows]) for place in (1, 2)]
    for place, name in ((1, "as it sets itself up"), (2, "with our threads")):
        print(
            f"  llama-cpp-python {name} ({peers[place - 1].threads}): {_median(rows, place):.2f}/s,"
            f" ratio {ratios[place - 1]:.2f} (bar {BAR})"
        )
    return int(ratios[0] < BAR)


def _median(rows: list[list[float]], place: int) -> float:
    return median([row[place] for row in rows])


if __name__ == "__main__":
    sys.exit(main())
