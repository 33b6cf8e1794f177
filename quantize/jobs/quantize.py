"""Quantization by llama.cpp: its own mixtures, single weights' types, importances."""

import ctypes
import json
import os
import re
from pathlib import Path
from typing import Any

from engine.core.errors import KnownError
from engine.model.child.api import api
from engine.model.gguf.header import read_header
from quantize.imatrix import read_importance
from quantize.jobs import Arguments, Report, Result
from quantize.jobs.ggml import NUMBERS
from quantize.numbers import Floats
from quantize.output import check_space
from quantize.sizes import file_size, kinds_by_number

# "[  12/ 310] blk.1.attn_q.weight - [ 1024, 64, 1, 1], type = f16, size = 0.12 MiB", then, where
# the type changes, "-> 0.04 MiB (q4_K)" when planning and "converting to q4_K .." otherwise.
_TENSOR = re.compile(r"\[\s*(\d+)/\s*(\d+)\]\s+(.+?)\s+- \[.*type =\s+(\w+),")
_BECOMES = re.compile(r"->.*\((\w+)\)")
_REASON = re.compile(r"failed to quantize: (.*)")


class _Log:
    """Follows a run by what llama.cpp logs, its only way of telling.

    kinds: ggml's number of each tensor's type; what it will be only when planning.
    """

    def __init__(self, report: Report) -> None:
        self._report = report
        self.kinds: dict[str, float] = {}
        self._name = ""
        self.reason = ""
        # Kept as an attribute: the library calls it until close().
        self._callback = api.llama_log_callback(self._on_text)
        api.llama_log_set(self._callback, None)

    def close(self) -> None:
        """Let the library log as it did before."""
        api.llama_log_set(api.llama_log_callback(), None)

    def _on_text(self, _level: int, data: bytes, _: object) -> None:
        text = data.decode(errors="replace")
        if tensor := _TENSOR.search(text):
            number, count, self._name, kind = tensor.groups()
            self.kinds[self._name] = NUMBERS[kind.upper()]
            self._report(int(number) / max(1, int(count)), f"Quantizing {self._name}")
        elif becomes := _BECOMES.search(text):
            self.kinds[self._name] = NUMBERS[becomes[1].upper()]
        elif reason := _REASON.search(text):
            self.reason = reason[1].strip()


def plan(arguments: Arguments, report: Report) -> Result:
    """What each tensor would become; arguments as of quantize(), without target.

    Returns tensor → ggml's number of its type. Raises KnownError.
    """
    log = _run(arguments | {"target": os.devnull}, True, lambda _fraction, _text: None)
    report(1.0, "Planning")
    return log.kinds


def quantize(arguments: Arguments, report: Report) -> Result:
    """Quantize a file if it fits on the disk of final, where target will lie. Raises KnownError.

    arguments: source, target, final, importance (paths; "" for no importance), type (of the file),
    overrides (JSON list of [pattern, type]; the first whose pattern is found in a name decides).
    Returns tensor → ggml's number of the type that was planned for it.
    """
    planned = plan(arguments, lambda _fraction, text: report(0.0, text))
    source = Path(arguments["source"])
    size = file_size(source, read_header(source), kinds_by_number(planned))
    check_space(Path(arguments["final"]), size)
    _run(arguments, False, report)
    return planned


def _run(arguments: Arguments, dry: bool, report: Report) -> _Log:
    params = api.llama_model_quantize_default_params()
    params.ftype = getattr(api, f"LLAMA_FTYPE_MOSTLY_{arguments['type']}")
    params.nthread = os.cpu_count() or 1
    params.dry_run = dry
    overrides = [
        (pattern.encode(), NUMBERS[kind]) for pattern, kind in json.loads(arguments["overrides"])
    ]
    if overrides:
        params.tt_overrides = (api.llama_model_tensor_override * (len(overrides) + 1))(
            *overrides, (None, 0)
        )
    if arguments["importance"]:
        values = read_importance(Path(arguments["importance"]))
        params.imatrix = _importances(values)
    log = _Log(report)
    source, target = (os.fsencode(arguments[name]) for name in ("source", "target"))
    try:
        done = api.llama_model_quantize(source, target, params) == 0
    finally:
        log.close()
    if done:
        return log
    if "iostream" in log.reason:
        raise KnownError("The quantized file could not be written.", "Is the disk full?")
    raise KnownError(
        f"The model could not be quantized: {log.reason or 'llama.cpp gave no reason'}.",
        "Try another type, or convert the model again.",
    )


def _importances(values: dict[str, Floats]) -> Any:
    """llama.cpp's array; it points into `values`, which must live as long."""
    entries = [
        (name.encode(), one.ctypes.data_as(ctypes.POINTER(ctypes.c_float)), one.size)
        for name, one in values.items()
    ]
    return (api.llama_model_imatrix_data * (len(entries) + 1))(*entries, (None, None, 0))
