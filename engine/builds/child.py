"""Becomes the program of a stage, which then ends with the application and works in what is left.

python -m engine.builds.child PARENT_PID COMMAND…

The kernel's promise to end a process with its parent is kept by the program that it becomes; where
there is none (not Linux), the program ends when it next tells how far it is, to nobody.
"""

import os
import sys

from engine.model.sandbox import harden

NICENESS = 10
"""A build takes hours; what the user does meanwhile goes first."""


def main(parent: int, command: list[str]) -> None:
    """Prepare this process and run the command in it."""
    harden(parent)
    os.nice(NICENESS)
    os.execv(command[0], command)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
