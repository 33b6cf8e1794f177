"""The model child: runs one model, answers one request at a time over its pipes.

    python -m engine.model.worker PARENT_PID

Requests come on stdin, events go to stdout (see protocol.py). The system-call filter is in force
before llama.cpp is loaded and before any file is opened for it. A bug ends the process: the
application sees that, keeps what it had and starts a new one.
"""

import os
import sys

from engine.model import sandbox


def main() -> None:
    """Lock the process in, then serve until stdin ends."""
    # Frames get a private descriptor; whatever a library prints to stdout goes to the log.
    events = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sandbox.harden(int(sys.argv[1]))
    reason = sandbox.lock()
    # llama.cpp is loaded by this import, behind the filter.
    from engine.model.llama_worker import Worker  # noqa: PLC0415

    Worker(sys.stdin.buffer, events, reason).run()


if __name__ == "__main__":
    main()
