"""Peak memory with a context of 8,192 tokens, against llama-server with its defaults.

    python benchmarks/engine/memory.py --llama-server BINARY --model FILE [--context 8192]

Both read 600 tokens and write 16. The peak is the kernel's VmHWM: with a mapped model file, its
pages count too.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.engine.peers import Assay, LlamaServer, conditions, words
from engine.model.client import LoadOptions

BAR = 1.0


def peak(pid: int) -> float:
    """Peak resident memory of a process in MB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise OSError("no VmHWM")


def main() -> int:
    """Command line; 1 if the bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--llama-server", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--context", type=int, default=8192)
    arguments = parser.parse_args()
    print(conditions(arguments.model))
    prompt = words(300)
    server = LlamaServer(arguments.llama_server, arguments.model, "-c", str(arguments.context))
    server.complete(prompt, 16)
    theirs = peak(server.process.pid)
    server.close()
    side = Assay(arguments.model, LoadOptions(n_ctx=arguments.context))
    side.complete(prompt, 16)
    link = side.client._link
    assert link is not None
    ours = peak(link.pid)
    side.close()
    ratio = ours / theirs
    print(f"peak {ours:,.0f} MB, llama-server {theirs:,.0f} MB, ratio {ratio:.2f} (bar {BAR})")
    return int(ratio > BAR)


if __name__ == "__main__":
    sys.exit(main())
