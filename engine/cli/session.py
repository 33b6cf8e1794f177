"""What all commands share: their shape, the common options, opening the service."""

import argparse
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from engine.core.paths import Paths
from engine.service import Service

_log = logging.getLogger(__name__)


class Command(Protocol):
    """A module of this folder: one command of `assay`."""

    NAME: str
    HELP: str

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the arguments of the command."""

    def run(self, args: argparse.Namespace) -> int:
        """Do it; returns the exit status. Raises KnownError."""


def paths_of(args: argparse.Namespace) -> Paths:
    """The data folder the user chose."""
    home: Path | None = args.home
    return Paths(home.expanduser().absolute()) if home else Paths.default()


@contextmanager
def opened(
    args: argparse.Namespace, model: bool = False, reading: bool = False
) -> Iterator[Service]:
    """The service on the user's data folder; model: also load the model in the background.

    reading: the command changes nothing, so it works beside another Assay.
    """
    service = Service.open(paths_of(args), background=False, reading=reading)
    try:
        if model:
            service.models.start()
        yield service
    except KeyboardInterrupt:
        try:
            service.close()
        except Exception:  # noqa: BLE001  (what it hit was only half open; nothing is stored by it)
            _log.info("not all could be closed after Ctrl-C", exc_info=True)
        raise
    except BaseException:
        service.close()
        raise
    service.close()


def add_json(parser: argparse.ArgumentParser) -> None:
    """The option of every command that answers."""
    parser.add_argument("--json", action="store_true", help="answer as one JSON document")


def add_yes(parser: argparse.ArgumentParser, what: str) -> None:
    """The option of every command that asks before it stores."""
    parser.add_argument("--yes", action="store_true", help=f"{what} without asking")
