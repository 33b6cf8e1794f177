"""The option --text, which several commands have."""

import argparse

from quantize.commands import arguments


def add_texts(parser: argparse.ArgumentParser) -> None:
    """Add --text."""
    parser.add_argument(
        "--text",
        type=arguments.path,
        nargs="+",
        default=[],
        help="texts of yours, beside our dialogues",
    )
