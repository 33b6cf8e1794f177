"""assay-quantize: make GGUF files and judge them.

    assay-quantize convert FOLDER OUT [--type F16]     Hugging Face folder to GGUF
            [--adapter FOLDER]                         with a LoRA adapter merged
    assay-quantize imatrix MODEL OUT [--text FILE]     which weights matter, measured on text
    assay-quantize quantize IN OUT --type Q8_0         smaller weights
    assay-quantize search IN OUT --size 2.4GiB --imatrix FILE   the best types for a size
    assay-quantize compare ORIGINAL QUANTIZED TEXT     what the smaller weights cost

With --json every line of output is a JSON object with an "event": "progress" (fraction, text),
and last "result", "error" (sentence, hint) or "stopped". SIGTERM and Ctrl-C stop the work and
leave no partial file. Exit code: 0 done, 1 error, 130 stopped.
"""

import argparse
import signal
from pathlib import Path

from engine.core.errors import Cancelled, KnownError
from quantize.compare import compare
from quantize.convert import FILE_TYPES, convert
from quantize.imatrix import collect
from quantize.quantize import Mix, quantize
from quantize.recipe import replay
from quantize.screen import JsonScreen, Outcome, Screen, TextScreen
from quantize.search import Aim, Refinement, parse_size, search
from quantize.task import Task
from quantize.types import IMPORTANCE_TYPES, TYPES

STOPPED = 130


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    options = _parser().parse_args(arguments)
    screen: Screen = JsonScreen() if options.json else TextScreen()
    task = Task(screen.progress)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: task.stop())
    try:
        screen.result(_run(options, task))
    except KnownError as error:
        screen.error(error)
        return 1
    except Cancelled:
        screen.stopped()
        return STOPPED
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="assay-quantize", description="Make GGUF model files.")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--json", action="store_true", help="one JSON object per line")
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("convert", parents=[common], help="Hugging Face folder to GGUF")
    command.add_argument("folder", type=Path)
    command.add_argument("target", type=Path)
    command.add_argument("--type", choices=FILE_TYPES, help="default: as in the folder")
    command.add_argument("--adapter", type=Path, help="folder of a LoRA adapter to merge")
    command = commands.add_parser("quantize", parents=[common], help="store weights in fewer bits")
    command.add_argument("source", type=Path)
    command.add_argument("target", type=Path)
    which = command.add_mutually_exclusive_group(required=True)
    which.add_argument("--type", choices=(*TYPES, *IMPORTANCE_TYPES))
    which.add_argument("--recipe", type=Path, help="repeat what a search found")
    command.add_argument("--imatrix", type=Path, help="an importance matrix")
    command.add_argument(
        "--tensor-type",
        type=_override,
        action="append",
        default=[],
        metavar="PATTERN=TYPE",
        help="store weights whose name has the pattern as another type; the first match decides",
    )
    command = commands.add_parser("imatrix", parents=[common], help="measure which weights matter")
    command.add_argument("model", type=Path)
    command.add_argument("target", type=Path)
    _add_text(command)
    command = commands.add_parser("search", parents=[common], help="the best types for a size")
    command.add_argument("source", type=Path)
    command.add_argument("target", type=Path)
    size = command.add_mutually_exclusive_group(required=True)
    size.add_argument("--size", type=parse_size, default=0, help="of the file, such as 2.4GiB")
    size.add_argument("--bpw", type=float, default=0.0, help="bits per weight on average")
    command.add_argument("--imatrix", type=Path, required=True, help="an importance matrix")
    command.add_argument("--refine", type=int, default=0, metavar="N", help="changes to try after")
    command.add_argument("--held-out", type=Path, help="the text --refine measures them on")
    _add_text(command)
    command = commands.add_parser("compare", parents=[common], help="a file with its original")
    command.add_argument("reference", type=Path)
    command.add_argument("candidate", type=Path)
    command.add_argument("text", type=Path)
    return parser


def _add_text(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--text", type=Path, nargs="+", default=[], help="texts of yours, beside our dialogues"
    )


def _override(text: str) -> tuple[str, str]:
    pattern, found, kind = text.rpartition("=")
    if not found:
        raise ValueError(text)
    return pattern, kind.upper()


def _run(options: argparse.Namespace, task: Task) -> Outcome:
    if options.command == "convert":
        return convert(options.folder, options.target, options.type, task, options.adapter)
    if options.command == "imatrix":
        return collect(options.model, options.target, options.text, task)
    if options.command == "quantize":
        if options.recipe:
            mix = replay(options.recipe, options.source, options.imatrix)
        else:
            mix = Mix(options.type, tuple(options.tensor_type), options.imatrix)
        return quantize(options.source, options.target, mix, task)
    if options.command == "search":
        if bool(options.refine) != bool(options.held_out):
            raise KnownError("--refine and --held-out go together.", "Give both or none.")
        return search(
            options.source,
            options.target,
            Aim(options.size, options.bpw),
            options.imatrix,
            options.text,
            task,
            Refinement(options.refine, options.held_out) if options.refine else None,
        )
    return compare(options.reference, options.candidate, options.text, task)


if __name__ == "__main__":
    raise SystemExit(main())
