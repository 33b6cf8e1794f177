"""`assay doctor`: is everything here as it should be."""

import argparse

from engine.cli import terminal
from engine.cli.jsonout import write_json
from engine.cli.session import add_json, paths_of
from engine.service import examine

NAME = "doctor"
HELP = "check the installation, the data folder and the model's sandbox"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Print one line per check; the exit status is 1 if one of them failed."""
    findings = examine(paths_of(args))
    if args.json:
        write_json(findings)
    else:
        for finding in findings:
            terminal.say(f"{'ok  ' if finding.ok else 'BAD '}  {finding.name}: {finding.text}")
    return 0 if all(finding.ok for finding in findings) else 1
