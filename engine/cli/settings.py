"""`assay settings`: see and change the settings."""

import argparse

from engine.cli import terminal
from engine.cli.jsonout import write_json
from engine.cli.render import table
from engine.cli.session import add_json, opened
from engine.core.settings import SETTINGS, SettingValue

NAME = "settings"
HELP = "show the settings or change one"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("key", nargs="?", help="the setting to show or change")
    parser.add_argument("value", nargs="?", help="its new value")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Show all settings, show one, or change one."""
    with opened(args) as service:
        if args.value is not None:
            value = service.settings.set(args.key, args.value)
            terminal.say(f"{args.key} is now {_shown(value)}.")
            return 0
        values = service.settings.all()
        if args.key is not None:
            values = {args.key: service.settings.get(args.key)}
    if args.json:
        write_json(values)
        return 0
    rows = tuple(
        (row.key, _shown(values[row.key]), row.help) for row in SETTINGS if row.key in values
    )
    terminal.say("\n".join(table(("Setting", "Value", "Meaning"), rows, (False, False, False))))
    return 0


def _shown(value: SettingValue) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value) or "empty"
