"""Time to the first token of turn 10 of a long chat, and again after closing and reopening.

    python benchmarks/engine/turns.py --llama-server BINARY --model FILE [--tokens 4000]

Each turn's question and answer are fixed texts, so that both sides read the same. A turn is timed
from the request to its first token. Reopening: a new process loads the model and the chat's kept
state; beside it, a new process that reads the whole chat again, as llama-server would have to.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.engine.peers import Assay, both, conditions, words
from engine.model.client import LoadOptions
from engine.model.kvstore import KvStore

TURNS = 10
SESSION = "chat:1"


def chat(turns: int, words_each: int) -> str:
    """The prompt of the turn after `turns` finished ones."""
    text = "<|im_start|>system\nYou are an analyst.<|im_end|>\n"
    for turn in range(turns + 1):
        text += f"<|im_start|>user\n{words(words_each, 2 * turn + 1)}<|im_end|>\n"
        text += "<|im_start|>assistant\n"
        if turn < turns:
            text += f"{words(words_each, 2 * turn + 2)}<|im_end|>\n"
    return text


def first_token(side: Assay, prompt: str) -> float:
    """Seconds from the request to its first token."""
    began = time.perf_counter()
    side.complete(prompt, 1, session=SESSION)
    return time.perf_counter() - began


def main() -> int:
    """Command line; 1 if a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--llama-server", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--tokens", type=int, default=4000)
    arguments = parser.parse_args()
    print(conditions(arguments.model))
    n_ctx = arguments.tokens + 1024
    options = LoadOptions(n_ctx=n_ctx)
    with tempfile.TemporaryDirectory() as folder:
        states = Path(folder) / "kv"
        store = KvStore(states, bytes(32), lambda: 1 << 40)
        sides = both(arguments.llama_server, arguments.model, n_ctx, options, states=states)
        with sides as (theirs, ours):
            per_word = ours.client.count(words(100)) / 100
            each = round(arguments.tokens / (2 * TURNS) / per_word) - 6
            pairs = []
            for turn in range(TURNS):
                prompt = chat(turn, each)
                mine = first_token(ours, prompt)
                other = theirs.complete(prompt, 1)
                pairs.append((mine, other.first))
            size = ours.client.count(chat(TURNS - 1, each))
            mine, other_time = pairs[-1]
            print(f"turn {TURNS} of a chat of {size} tokens: first token after {mine:.2f} s,")
            print(f"  llama-server {other_time:.2f} s, ratio {mine / other_time:.2f} (bar 1.1)")
            ratio = sum(a for a, _ in pairs[1:]) / sum(b for _, b in pairs[1:])
            print(f"  turns 2 to {TURNS} together: ratio {ratio:.2f}", flush=True)
            began = time.perf_counter()
            store.save(ours.client, SESSION)
            print(f"kept {store.size() / 1e6:.0f} MB in {time.perf_counter() - began:.2f} s")
        prompt = chat(TURNS - 1, each) + "go on"
        reopened = Assay(arguments.model, options)
        began = time.perf_counter()
        store.restore(reopened.client, SESSION)
        first_token(reopened, prompt)
        with_state = time.perf_counter() - began
        reopened.close()
        again = Assay(arguments.model, options)
        without = first_token(again, prompt)
        again.close()
    gain = without / with_state
    print(f"reopened: {with_state:.2f} s, reading it all again {without:.1f} s,")
    print(f"  {gain:.0f} times faster (bar 20)")
    return int(mine / other_time > 1.1 or gain < 20)


if __name__ == "__main__":
    sys.exit(main())
