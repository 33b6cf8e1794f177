"""assay-quantize export KIND …: a model for other programs, one function per kind."""

import argparse

from engine.core.errors import KnownError
from engine.core.files import known_os_error
from quantize.commands import arguments
from quantize.commands.texts import add_texts
from quantize.export.lmstudio import export_lmstudio
from quantize.export.nf4 import export_nf4
from quantize.export.ollama import export_ollama
from quantize.export.w4a16 import GROUPS, export_w4a16
from quantize.outcome import Outcome
from quantize.task import Task

HELP = "a model for vLLM, QLoRA, Ollama or LM Studio"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    kinds = parser.add_subparsers(dest="kind", required=True)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--json", action="store_true", default=argparse.SUPPRESS)

    command = kinds.add_parser("w4a16", parents=[common], help="4-bit weights for vLLM")
    command.add_argument("folder", type=arguments.path)
    command.add_argument("target", type=arguments.new_folder)
    command.add_argument("--group", type=int, choices=GROUPS, help="weights with a common scale")
    command.add_argument(
        "--imatrix", type=arguments.path, help="an importance matrix, else one is made"
    )
    add_texts(command)
    command.set_defaults(export=_w4a16)

    command = kinds.add_parser("nf4", parents=[common], help="4-bit weights for QLoRA")
    command.add_argument("folder", type=arguments.path)
    command.add_argument("target", type=arguments.new_folder)
    command.add_argument("--single", action="store_true", help="leave the scales in 32 bits")
    command.set_defaults(export=_nf4)

    command = kinds.add_parser("ollama", parents=[common], help="a folder for ollama create")
    command.add_argument("model", type=arguments.path)
    command.add_argument("target", type=arguments.new_folder)
    command.set_defaults(export=_ollama)

    command = kinds.add_parser("lmstudio", parents=[common], help="into LM Studio's models")
    command.add_argument("model", type=arguments.path)
    command.add_argument("models", type=arguments.path)
    command.set_defaults(export=_lmstudio)


def run(options: argparse.Namespace, task: Task) -> Outcome:
    """Do it. Raises KnownError and Cancelled."""
    try:
        result: Outcome = options.export(options, task)
    except OSError as error:
        raise known_os_error("export the model", error) from error
    return result


def _w4a16(options: argparse.Namespace, task: Task) -> Outcome:
    if options.imatrix and options.text:
        raise KnownError("With --imatrix no text is read.", "Drop one of the two.")
    return export_w4a16(
        options.folder, options.target, options.group, options.imatrix, options.text, task
    )


def _nf4(options: argparse.Namespace, task: Task) -> Outcome:
    return export_nf4(options.folder, options.target, not options.single, task)


def _ollama(options: argparse.Namespace, task: Task) -> Outcome:
    return export_ollama(options.model, options.target, task)


def _lmstudio(options: argparse.Namespace, task: Task) -> Outcome:
    return export_lmstudio(options.model, options.models, task)
