"""Started beside a run: waits for `assay-train`, passes signals on, and notes how it ended.

python -m engine.training_runs.child FOLDER COMMAND…
"""

import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType

from engine.core.files import write_atomic
from engine.training_runs.process import EXIT, LOG


def main(folder: Path, command: list[str]) -> None:
    """Run the command with its output in the log of the folder, then write its exit status."""
    asked: list[int] = []
    running: list[subprocess.Popen[bytes]] = []

    def pass_on(number: int, _frame: FrameType | None) -> None:
        asked.append(number)
        for process in running:
            process.send_signal(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, pass_on)
    # Python may swallow a Ctrl-C while it starts: there it waits until the command can hear it.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    with (folder / LOG).open("ab") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    running.append(process)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    if asked:  # it came before there was anybody to pass it on to
        process.send_signal(asked[-1])
    write_atomic(folder / EXIT, str(process.wait()).encode())


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
