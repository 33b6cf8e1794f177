"""assay-quantize convert-lora FOLDER OUT --base MODEL: a LoRA adapter as a GGUF file."""

import argparse

from quantize.commands import arguments
from quantize.convert.lora import convert_lora
from quantize.outcome import Outcome
from quantize.task import Task

HELP = "LoRA adapter to GGUF"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("folder", type=arguments.path)
    parser.add_argument("target", type=arguments.path)
    parser.add_argument(
        "--base", type=arguments.path, required=True, help="folder of the model it was made for"
    )


def run(options: argparse.Namespace, task: Task) -> Outcome:
    """Do it. Raises KnownError and Cancelled."""
    return convert_lora(options.folder, options.target, options.base, task)
