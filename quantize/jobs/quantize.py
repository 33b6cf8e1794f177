"""Quantization by llama.cpp's own types and mixtures."""

import os
import re
from pathlib import Path

from engine.core.errors import KnownError
from engine.model.child.api import api
from quantize.jobs import Arguments, Report, Result
from quantize.output import check_space

# "[  12/ 310] blk.1.attn_q.weight - [ 1024, …" and "… quant size  =   604.15 MiB (8.50 BPW)"
_TENSOR = re.compile(r"\[\s*(\d+)/\s*(\d+)\]\s+(\S+)")
_SIZE = re.compile(r"quant size\s+=\s+([\d.]+) MiB")
_REASON = re.compile(r"failed to quantize: (.*)")


class _Log:
    """Follows a run by what llama.cpp logs, its only way of telling."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self.size = 0.0  # bytes of all tensors after quantization
        self.reason = ""
        # Kept as an attribute: the library calls it as long as this object is in use.
        self._callback = api.llama_log_callback(self._on_text)
        api.llama_log_set(self._callback, None)

    def _on_text(self, _level: int, data: bytes, _: object) -> None:
        text = data.decode(errors="replace")
        if tensor := _TENSOR.search(text):
            number, count, name = tensor.groups()
            self._report(int(number) / max(1, int(count)), f"Quantizing {name}")
        elif size := _SIZE.search(text):
            self.size = float(size[1]) * (1 << 20)
        elif reason := _REASON.search(text):
            self.reason = reason[1].strip()


def quantize(arguments: Arguments, report: Report) -> Result:
    """Quantize a file; arguments: source, target (paths), type, header (bytes before the weights).

    Returns the tensors' size in bytes. Raises KnownError, also when the disk lacks the space.
    """
    source, target = Path(arguments["source"]), Path(arguments["target"])
    params = api.llama_model_quantize_default_params()
    params.ftype = getattr(api, f"LLAMA_FTYPE_MOSTLY_{arguments['type']}")
    params.nthread = os.cpu_count() or 1
    planned = _Log(lambda _fraction, _text: None)
    params.dry_run = True
    _run(source, target, params, planned)
    check_space(target, int(planned.size) + int(arguments["header"]))
    params.dry_run = False
    done = _Log(report)
    _run(source, target, params, done)
    return {"tensor_bytes": done.size}


def _run(source: Path, target: Path, params: object, log: _Log) -> None:
    if api.llama_model_quantize(os.fsencode(source), os.fsencode(target), params) == 0:
        return
    if "iostream" in log.reason:
        raise KnownError("The quantized file could not be written.", "Is the disk full?")
    raise KnownError(
        f"The model could not be quantized: {log.reason or 'llama.cpp gave no reason'}.",
        "Try another type, or convert the model again.",
    )
