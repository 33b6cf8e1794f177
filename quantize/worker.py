"""The child process that does one job with llama.cpp, locked in like the model child.

    python -m quantize.worker PARENT_PID

stdin: one JSON line {"job", "arguments"}; stdout: JSON lines {"progress": [fraction, text]} and
last {"result": {…}} or {"error": [sentence, hint]}. A crash of llama.cpp ends only this process.
"""

import json
import os
import sys
from collections.abc import Callable

from engine.core.errors import KnownError
from engine.core.files import known_os_error
from engine.model import sandbox
from quantize.jobs import Arguments, Report, Result


def main() -> None:
    """Do the job and end."""
    # A private descriptor: whatever a library prints to stdout goes to the log.
    lines = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    sandbox.harden(int(sys.argv[1]))
    sandbox.lock()  # where the system has no such filter the job runs all the same
    request = json.loads(sys.stdin.readline())

    def send(message: dict[str, object]) -> None:
        lines.write(json.dumps(message) + "\n")
        lines.flush()

    try:
        job = _job(request["job"])
        result = job(request["arguments"], lambda *step: send({"progress": step}))
        send({"result": result})
    except KnownError as error:
        send({"error": [error.sentence, error.hint]})
    except OSError as error:  # such as a full disk
        known = known_os_error("go on", error)
        send({"error": [known.sentence, known.hint]})
    except MemoryError:
        send(
            {"error": ["There is not enough free memory for this model.", "Close other programs."]}
        )
    except ModuleNotFoundError as error:
        sentence = f"This needs the Python package {error.name}, which is not installed."
        send({"error": [sentence, "Run `make test` once: it installs what conversions need."]})


def _job(name: str) -> Callable[[Arguments, Report], Result]:
    """The function for a job; llama.cpp is loaded by these imports, behind the filter."""
    if name == "verify":
        from quantize.jobs.verify import verify  # noqa: PLC0415

        return verify
    if name == "imatrix":
        from quantize.jobs.imatrix import imatrix  # noqa: PLC0415

        return imatrix
    if name in ("errors", "sensitivity"):
        from quantize.jobs.errors import errors, sensitivity  # noqa: PLC0415

        return errors if name == "errors" else sensitivity
    if name == "feedback":
        from quantize.jobs.feedback import feedback  # noqa: PLC0415

        return feedback
    if name in ("plan", "quantize"):
        from quantize.jobs.quantize import plan, quantize  # noqa: PLC0415

        return plan if name == "plan" else quantize
    if name == "int4":
        from quantize.jobs.int4 import int4  # noqa: PLC0415

        return int4
    if name == "speed":
        from quantize.jobs.speed import speed  # noqa: PLC0415

        return speed
    if name == "answer":
        from quantize.jobs.answer import answer  # noqa: PLC0415

        return answer
    from quantize.jobs.compare import compare  # noqa: PLC0415

    return compare


if __name__ == "__main__":
    main()
