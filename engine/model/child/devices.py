"""Prints the graphics cards llama.cpp can use; a process of its own, as drivers may crash.

    python -m engine.model.child.devices PARENT_PID

Prints JSON lines: {"offload": true or false}, then {"device": {…}} for each card. Locked in like
the model child, so that what is found works there too.
"""

import ctypes
import importlib.util
import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

from engine.model import landlock, sandbox

GPU, SHARED_GPU = 1, 2  # ggml_backend_dev_type


def main() -> None:
    """Lock the process in, then look."""
    lines = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    sandbox.harden(int(sys.argv[1]))
    sandbox.lock_in(landlock.card_files())
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    # llama.cpp is loaded by this import, behind the lock.
    from engine.model.child.api import api  # noqa: PLC0415

    offload = bool(api.llama_supports_gpu_offload())
    found: list[dict[str, object]] = [{"offload": offload}]
    if offload:
        found += [{"device": device} for device in devices() if device.pop("card")]
    for values in found:
        print(json.dumps(values), file=lines, flush=True)
    os._exit(0)  # drivers like to crash at the end


def devices() -> list[dict[str, object]]:
    """All devices of the library, the processor among them: card, name, free, total, shared."""
    registry, base = _library("ggml"), _library("ggml-base")
    registry.ggml_backend_dev_count.restype = ctypes.c_size_t
    registry.ggml_backend_dev_get.restype = ctypes.c_void_p
    registry.ggml_backend_dev_get.argtypes = [ctypes.c_size_t]
    base.ggml_backend_dev_type.argtypes = [ctypes.c_void_p]
    base.ggml_backend_dev_description.restype = ctypes.c_char_p
    base.ggml_backend_dev_description.argtypes = [ctypes.c_void_p]
    size = ctypes.POINTER(ctypes.c_size_t)
    base.ggml_backend_dev_memory.argtypes = [ctypes.c_void_p, size, size]
    base.ggml_backend_dev_memory.restype = None
    found: list[dict[str, object]] = []
    for index in range(registry.ggml_backend_dev_count()):
        device = registry.ggml_backend_dev_get(index)
        kind = base.ggml_backend_dev_type(device)
        free, total = ctypes.c_size_t(), ctypes.c_size_t()
        base.ggml_backend_dev_memory(device, ctypes.byref(free), ctypes.byref(total))
        name = base.ggml_backend_dev_description(device) or b""
        found.append(
            {
                "card": kind in (GPU, SHARED_GPU),
                "name": name.decode(errors="replace"),
                "free": min(free.value, total.value),
                "total": total.value,
                "shared": kind == SHARED_GPU,
            }
        )
    return found


def _library(name: str) -> Any:
    """One of ggml's shared libraries, which llama.cpp's has loaded by now."""
    spec = importlib.util.find_spec("llama_cpp")
    assert spec is not None
    assert spec.origin is not None
    folder = Path(spec.origin).parent / "lib"
    names = (f"lib{name}.so", f"lib{name}.dylib", f"{name}.dll", f"lib{name}.dll")
    return ctypes.CDLL(str(next(folder / one for one in names if (folder / one).is_file())))


def _end_with_stdin() -> None:
    while os.read(0, 4096):
        pass
    os._exit(0)


if __name__ == "__main__":
    main()
