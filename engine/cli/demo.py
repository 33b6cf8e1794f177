"""`assay demo`: a simulated portfolio to try things on."""

import argparse

from engine.cli import terminal
from engine.cli.session import opened
from engine.service import Service

NAME = "demo"
HELP = "load or remove the simulated demo portfolio"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("--remove", action="store_true", help="remove it again")


def run(args: argparse.Namespace) -> int:
    """Load or remove the demo portfolio."""
    with opened(args) as service:
        if args.remove:
            service.portfolio.remove_demo()
            terminal.say("The demo portfolio is removed.")
        else:
            load(service)
    return 0


def load(service: Service) -> None:
    """Load it and say what it is. Raises KnownError."""
    service.portfolio.load_demo()
    terminal.say("The demo portfolio is loaded. All its data is simulated.")
