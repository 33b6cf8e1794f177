"""assay-quantize convert FOLDER OUT: a Hugging Face folder as a GGUF file."""

import argparse

from quantize.commands import arguments
from quantize.convert import FILE_TYPES, convert
from quantize.outcome import Outcome
from quantize.task import Task

HELP = "Hugging Face folder to GGUF"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("folder", type=arguments.path)
    parser.add_argument("target", type=arguments.path)
    parser.add_argument("--type", choices=FILE_TYPES, help="default: as in the folder")
    parser.add_argument("--adapter", type=arguments.path, help="folder of a LoRA adapter to merge")
    parser.add_argument(
        "--split", type=arguments.part_size, metavar="SIZE", help="several files, such as of 4GB"
    )


def run(options: argparse.Namespace, task: Task) -> Outcome:
    """Do it. Raises KnownError and Cancelled."""
    return convert(
        options.folder, options.target, options.type, task, options.adapter, options.split
    )
