"""The model child: runs one model, answers requests side by side over its pipes.

    python -m engine.model.child.main PARENT_PID [STATES]

STATES is the one folder it may write to: what is kept of conversations lies there. Requests come on
stdin, events go to stdout (see protocol.py). The process is locked in before llama.cpp is loaded
and before any file is opened for it. A bug ends the process: the
application sees that, keeps what it had and starts a new one.
"""

import compileall
import os
import sys
from pathlib import Path

from engine.model import landlock, sandbox

# Where graphics drivers keep what they have translated, which takes them minutes.
DRIVER_CACHES = ("CUDA_CACHE_PATH", "MESA_SHADER_CACHE_DIR", "__GL_SHADER_DISK_CACHE_PATH")


def main() -> None:
    """Lock the process in, then serve until stdin ends."""
    # Frames get a private descriptor; whatever a library prints to stdout goes to the log.
    events = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sandbox.harden(int(sys.argv[1]))
    # What Python makes of these modules saves time at the next start; later it cannot be written.
    compileall.compile_dir(Path(__file__).parent, quiet=2)
    states = [Path(folder) for folder in sys.argv[2:]]
    for folder in states:
        os.environ.update(dict.fromkeys(DRIVER_CACHES, str(folder)))
    locked = sandbox.lock_in([*landlock.card_files(), *states])
    # llama.cpp is loaded by this import, behind the lock.
    from engine.model.child.worker import Worker  # noqa: PLC0415

    Worker(sys.stdin.buffer, events, locked).run()


if __name__ == "__main__":
    main()
