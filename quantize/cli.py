"""assay-quantize: make GGUF files and judge them.

    assay-quantize convert FOLDER OUT [--type F16]     Hugging Face folder to GGUF
            [--adapter FOLDER] [--split 4GB]           with a LoRA adapter merged; several files
    assay-quantize convert-lora FOLDER OUT --base MODEL   a LoRA adapter to GGUF
    assay-quantize imatrix MODEL OUT [--text FILE]     which weights matter, measured on text
    assay-quantize quantize IN OUT --type Q8_0         smaller weights
            [--feedback]                               rounded so that errors cancel
    assay-quantize search IN OUT --size 2.4GiB --imatrix FILE   the best types for a size
    assay-quantize compare ORIGINAL FILE … [--speed] [--tools] [--report OUT.html]
                                                       what they cost, and which to use
    assay-quantize export w4a16|nf4|ollama|lmstudio …  a model for other programs

With --json every line of output is a JSON object with an "event": "progress" (fraction, text),
and last "result", "error" (sentence, hint) or "stopped" (resumable). SIGTERM and Ctrl-C stop the
work; no partial file is left but what convert and search go on with when they are called again.
Exit code: 0 done, 1 error, 130 stopped.
"""

import argparse
import signal
import sys
from collections.abc import Sequence
from importlib import import_module

from engine.core.errors import Cancelled, KnownError
from quantize.screen import JsonScreen, Screen, TextScreen
from quantize.task import Interrupted, Task

STOPPED = 130
COMMANDS = ("convert", "convert-lora", "imatrix", "quantize", "search", "compare", "export")
"""Each a module of quantize.commands."""


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    task = Task(lambda _fraction, _text: None)
    for number in (signal.SIGTERM, signal.SIGINT):  # the first of all: what follows takes a second
        signal.signal(number, lambda *_: task.stop())
    arguments = sys.argv[1:] if arguments is None else arguments
    options = _parser(arguments).parse_args(arguments)
    screen: Screen = JsonScreen() if options.json else TextScreen()
    task.report = screen.progress
    try:
        task.check()
        screen.result(options.run(options, task))
    except KnownError as error:
        screen.error(error)
        return 1
    except Cancelled as stop:
        screen.stopped(resumable=isinstance(stop, Interrupted))
        return STOPPED
    return 0


def _parser(arguments: Sequence[str] = ()) -> argparse.ArgumentParser:
    """Of the command asked for, so that the others need not be imported; else of all."""
    parser = argparse.ArgumentParser(prog="assay-quantize", description="Make GGUF model files.")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--json", action="store_true", help="one JSON object per line")
    commands = parser.add_subparsers(dest="command", required=True)
    for name in COMMANDS if set(arguments[:1]).isdisjoint(COMMANDS) else arguments[:1]:
        module = import_module(f"quantize.commands.{name.replace('-', '_')}")
        command = commands.add_parser(name, parents=[common], help=module.HELP)
        module.configure(command)
        command.set_defaults(run=module.run)
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
