"""Locks on open files, which the operating system releases even after a kill."""

import os
import sys
from typing import IO, Any

if sys.platform == "win32":
    import msvcrt

    def lock(file: IO[Any]) -> None:
        """Take the lock of a file for as long as it is open; OSError if another process has it."""
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def lock(file: IO[Any]) -> None:
        """Take the lock of a file for as long as it is open; OSError if another process has it."""
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Whoever held it last may have deleted it: then this one has no name any more.
        if os.fstat(file.fileno()).st_nlink == 0:
            raise OSError("the lock is gone")
