"""Runs one job in the child process and brings back its result."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile

from engine.core.errors import KnownError
from engine.model.diagnose import death_cause
from quantize.jobs import Arguments, Result
from quantize.task import Task


def run_job(name: str, arguments: Arguments, task: Task, share: tuple[float, float]) -> Result:
    """Do a job of quantize.worker; its progress fills `share` (from, to) of the task's.

    Raises Cancelled, the job's KnownError, or a KnownError if the child dies.
    """
    command = [sys.executable, "-P", "-s", "-m", "quantize.worker", str(os.getpid())]
    request = json.dumps({"job": name, "arguments": arguments}).encode() + b"\n"
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,  # a Ctrl-C in the terminal is for the parent
        )
        with process, task.running(process):
            assert process.stdin is not None
            assert process.stdout is not None
            with contextlib.suppress(BrokenPipeError):  # it died at once; the end says why
                process.stdin.write(request)
                process.stdin.close()
            for line in process.stdout:
                if not line.endswith(b"\n"):
                    break  # it died while it wrote
                message = json.loads(line)
                if "result" in message:
                    return dict(message["result"])
                if "error" in message:
                    raise KnownError(*message["error"])
                fraction, text = message["progress"]
                task.report(share[0] + (share[1] - share[0]) * fraction, text)
            process.wait()
        task.check()
        log.seek(0)
        raise _death(process.returncode, log.read().decode(errors="replace"))


def _death(code: int, log: str) -> KnownError:
    if code > 0:  # a Python error: a bug of ours
        raise RuntimeError(f"the child ended with code {code}\n{log}")
    if death_cause(code, log) == "memory":
        return KnownError(
            "There is not enough free memory for this model.", "Close other programs."
        )
    return KnownError("llama.cpp stopped: it cannot handle this model.", "Use another model.")
