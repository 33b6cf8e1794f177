"""The one door to llama.cpp: its C functions, its log, and what is needed before it is loaded.

The package has no type information; `api` is Any, and the modules of engine/model/child are the
only places that touch it.
"""

import ctypes
import importlib
import importlib.util
import os
import sys
from collections import deque
from typing import Any

# Read when the libraries are loaded: idle threads must not spin for long (with one busy neighbour
# that costs 17 of 18 tokens per second) nor fall asleep at once (on a quiet machine, waking them up
# costs two of five); an abort must not start a debugger; numpy needs no threads.
os.environ["GOMP_SPINCOUNT"] = "1000"
os.environ["GGML_NO_BACKTRACE"] = "1"
os.environ["OPENBLAS_NUM_THREADS"] = "1"

WARNING, ERROR = 3, 4


def _load() -> Any:
    """The package's C bindings alone.

    Its __init__ would also import the high-level wrapper with a web of packages, one of which
    (diskcache) has an unfixed vulnerability, and double the child's start-up time.
    """
    spec = importlib.util.find_spec("llama_cpp")
    if spec is None:
        raise ModuleNotFoundError("llama_cpp")
    sys.modules["llama_cpp"] = importlib.util.module_from_spec(spec)
    return importlib.import_module("llama_cpp.llama_cpp")


api = _load()

_recent: deque[str] = deque(maxlen=20)


def recent_errors() -> str:
    """The last warnings and errors llama.cpp logged."""
    return "".join(_recent)


def _log(level: int, text: bytes, _: object) -> None:
    if level in (WARNING, ERROR):
        _recent.append(text.decode(errors="replace"))
        sys.stderr.buffer.write(text)
        sys.stderr.buffer.flush()


_log_callback = api.llama_log_callback(_log)  # kept alive for the library
api.llama_log_set(_log_callback, None)


class AbortFlag:
    """Ends a running computation from another thread.

    The library asks a C function before each step. Asking Python would cost the interpreter
    lock hundreds of times per token, so it asks libc's atoi about the text "0" or "1".
    """

    def __init__(self) -> None:
        library = ctypes.cdll.msvcrt if sys.platform == "win32" else ctypes.CDLL(None)
        self.callback: Any = ctypes.cast(library.atoi, api.ggml_abort_callback)
        self._text = ctypes.create_string_buffer(b"0")
        self.data: Any = ctypes.cast(self._text, ctypes.c_void_p)

    def set(self) -> None:
        """Abort now."""
        self._text.value = b"1"

    def clear(self) -> None:
        """Allow computing again."""
        self._text.value = b"0"

    def is_set(self) -> bool:
        """Whether set() was the last call."""
        return self._text.value == b"1"
