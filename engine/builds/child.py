"""Becomes the program of a stage, which then ends with the application.

python -m engine.builds.child PARENT_PID COMMAND…

The kernel's promise to end a process with its parent is kept by the program that it becomes; where
there is none (not Linux), the program ends when it next tells how far it is, to nobody.
"""

import os
import sys

from engine.model.sandbox import harden


def main(parent: int, command: list[str]) -> None:
    """Bind this process to its parent and run the command in it."""
    harden(parent)
    os.execv(command[0], command)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
