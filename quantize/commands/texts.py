"""The option --text, which several commands have."""

import argparse
from pathlib import Path


def add_texts(parser: argparse.ArgumentParser) -> None:
    """Add --text."""
    parser.add_argument(
        "--text", type=Path, nargs="+", default=[], help="texts of yours, beside our dialogues"
    )
