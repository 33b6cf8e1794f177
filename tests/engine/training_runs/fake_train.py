"""Stands in for `assay-train` where faults are wanted; the text of --data says how it behaves.

"fail" ends with a sentence, "killed" is ended by the system, "crash" raises, "broken" writes
figures that are none; all else takes steps until it is interrupted, and is done the second time.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path


def main() -> int:
    if sys.argv[1] == "report":
        folder, target = Path(sys.argv[2]), Path(sys.argv[4])
        if not (folder / "metrics.jsonl").exists():
            print("assay-train: There are no figures.", file=sys.stderr)
            return 1
        target.write_text("<html>")
        return 0
    if sys.argv[-1] == "--check":
        wrong = "--loop.rows=x" in sys.argv
        print("assay-train: sft.loop.rows: 'x' is not a whole number." * wrong, file=sys.stderr)
        return int(wrong)
    flags = dict(word[2:].split("=", 1) for word in sys.argv[2:] if "=" in word)
    out, manner = Path(flags["out"]), Path(flags["data"]).read_text()
    (out / "config.json").write_text(json.dumps({"method": sys.argv[1], **flags}))
    (out / "arguments.json").write_text(json.dumps(sys.argv[1:]))
    if manner == "fail":
        print("assay-train: data: there are no dialogues.", file=sys.stderr)
        return 1
    if manner == "crash":
        raise RuntimeError("no such kernel")
    if manner == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    return steps(out, broken=manner == "broken")


def steps(out: Path, broken: bool) -> int:
    asked: list[int] = []
    signal.signal(signal.SIGINT, lambda number, _: asked.append(number))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    before = len(list(out.glob("step-*")))
    with (out / "metrics.jsonl").open("a") as file:
        if broken:
            file.write('\x00[1]\n{"step": 1, "loss": NaN}\n{"step": "x"}\n')
        for step in range(10 * before + 1, 10 * before + 5):
            values = {"step": step, "time": 100.0 + step, "loss": 5 - step / 100, "tok_s": 90.0}
            file.write(json.dumps({**values, "reward": step / 50, "kl": 0.1, "eta_s": 60}) + "\n")
        file.write('{"step": 99, "lo')
    print("step 4  loss 4.9600", flush=True)
    while not asked and not before:
        time.sleep(0.02)
    if before:
        (out / "model").mkdir()
        print("Reached the end")
        return 0
    (out / "step-0000004").mkdir()
    (out / "step-0000004" / "state.json").write_text("{}" * 500_000)
    print("Stopped; saved step-0000004")
    return 3


if __name__ == "__main__":
    sys.exit(main())
