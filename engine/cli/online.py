"""`assay online`: the online sources, their switches, keys and nodes, and what was asked."""

import argparse
import getpass
import re
import sys
from collections.abc import Callable, Mapping
from datetime import timedelta

from engine.cli import terminal
from engine.cli.jsonout import write_json
from engine.cli.progress import finished
from engine.cli.render import table
from engine.cli.session import add_json, opened
from engine.core.clock import SystemClock
from engine.core.errors import KnownError
from engine.core.money import format_money, format_percent
from engine.service import Service
from engine.service.online import Refreshed

NAME = "online"
HELP = "fetch prices and yields online; everything is off until you switch it on"

_SHOWN_POOLS = 30


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    # Without an action the sources are listed.
    add_json(parser)

    def add(name: str, text: str, *arguments: str) -> argparse.ArgumentParser:
        child = actions.add_parser(name, help=text, description=text)
        for argument in arguments:
            child.add_argument(argument)
        return child

    add("on", "switch a source on", "source")
    add("off", "switch a source off", "source")
    fetch = add("refresh", "fetch daily prices and store them as an import", "source")
    fetch.add_argument("assets", nargs="*", help="symbols (default: the coins of your portfolio)")
    fetch.add_argument("--days", type=_days, help="how many days back (default: what is missing)")
    fetch.add_argument(
        "--id", action="append", default=[], metavar="SYMBOL=ID", help="what the source calls it"
    )
    pools = add("pools", "search DefiLlama's pools for words")
    pools.add_argument("words", nargs="+")
    yields = add("yields", "fetch and store the yields of DefiLlama's pools")
    yields.add_argument("pools", nargs="+", metavar="ID")
    log = add("log", "what was asked of whom, newest first")
    log.add_argument("--clear", action="store_true", help="forget it")
    add("key", "keep a key for a source in the keyring; it is read from the terminal", "source")
    add("forget-key", "delete a key from the keyring", "source")
    add("nodes", "list your Ethereum nodes")
    node = add("add-node", "name an Ethereum node", "name", "url")
    node.add_argument("--key", action="store_true", help="read a key, put where url has {key}")
    add("remove-node", "forget a node", "name")
    for name in ("pools", "log", "nodes"):
        add_json(actions.choices[name])


def run(args: argparse.Namespace) -> int:
    """Do one of the actions; list the sources without one."""
    with opened(args) as service:
        _ACTIONS[args.action](service, args)
    return 0


def _list(service: Service, args: argparse.Namespace) -> None:
    states = service.online.sources()
    if args.json:
        write_json(states)
        return
    rows = tuple(
        (state.info.name, "on" if state.on else "off", state.info.learns) for state in states
    )
    terminal.say("\n".join(table(("Source", "State", "It learns"), rows, (False,) * 3)))
    terminal.say("Each also learns the address of this computer. `assay online on SOURCE` begins.")


def _on(service: Service, args: argparse.Namespace) -> None:
    service.online.switch(args.source, True)
    terminal.say(f"{args.source} is now on. `assay online off {args.source}` ends it.")
    minutes = service.refreshing.interval()
    if minutes and args.source in {info.name for info in service.refreshing.sources()}:
        often = "minute" if minutes == 1 else f"{minutes:,} minutes"
        terminal.say(
            f"While Assay runs or watches, it is asked every {often} for the coins of your alerts "
            "and your portfolio. `assay settings online_refresh_minutes 0` ends that."
        )


def _off(service: Service, args: argparse.Namespace) -> None:
    service.online.switch(args.source, False)
    terminal.say(f"{args.source} is now off.")


def _refresh(service: Service, args: argparse.Namespace) -> None:
    period = None
    if args.days is not None:
        today = SystemClock().today()
        period = today - timedelta(days=args.days - 1), today
    ids = _ids(args.id)
    _tell(finished(service, lambda: service.online.refresh(args.source, args.assets, period, ids)))


def _days(text: str) -> int:
    if not re.fullmatch("[0-9]{1,4}", text) or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text} is not a number of days from 1 to 9999")
    return int(text)


def _ids(pairs: list[str]) -> Mapping[str, str]:
    parted = [pair.partition("=") for pair in pairs]
    if not all(symbol and name for symbol, _, name in parted):
        raise KnownError("An id is given as SYMBOL=ID.", "For instance --id PEPE=pepe.")
    return {symbol.upper(): name for symbol, _, name in parted}


def _pools(service: Service, args: argparse.Namespace) -> None:
    pools = finished(service, lambda: service.online.pools(" ".join(args.words)))
    if args.json:
        write_json(pools)
        return
    rows = tuple(
        (pool.id, pool.label, format_percent(pool.apy), format_money(pool.tvl))
        for pool in pools[:_SHOWN_POOLS]
    )
    if not rows:
        terminal.say("No pool has all these words in its name.")
        return
    titles, right = ("Id", "Pool", "APY", "Deposits"), (False, False, True, True)
    terminal.say("\n".join(table(titles, rows, right)))
    if len(pools) > _SHOWN_POOLS:
        terminal.say(f"… and {len(pools) - _SHOWN_POOLS:,} more")


def _yields(service: Service, args: argparse.Namespace) -> None:
    _tell(finished(service, lambda: service.online.refresh_pools(args.pools)))


def _tell(done: Refreshed) -> None:
    if done.batch is None:
        terminal.say("There is nothing new to store.")
    else:
        terminal.say(
            f"Stored {done.rows:,} value{'s' if done.rows != 1 else ''} as import {done.batch}. "
            f"`assay undo {done.batch}` takes it back."
        )
    for note in done.notes:
        terminal.say(f"Note: {note}")


def _log(service: Service, args: argparse.Namespace) -> None:
    if args.clear:
        service.online.clear_requests()
        terminal.say("The log is empty.")
        return
    asked = service.online.requests()
    if args.json:
        write_json(asked)
        return
    if not asked:
        terminal.say("Nothing has been asked online.")
        return
    rows = tuple(
        (
            f"{one.made:%Y-%m-%d %H:%M:%S}",
            one.outcome,
            f"{one.sent_bytes:,}",
            f"{one.received_bytes:,}",
            f"{one.milliseconds:,}",
            one.url,
        )
        for one in asked
    )
    titles = ("Time (UTC)", "Outcome", "Sent", "Received", "ms", "Address")
    right = (False, False, True, True, True, False)
    terminal.say("\n".join(table(titles, rows, right)))


def _key(service: Service, args: argparse.Namespace) -> None:
    service.online.set_key(args.source, _secret())
    terminal.say("The key is in the keyring.")


def _forget_key(service: Service, args: argparse.Namespace) -> None:
    service.online.forget_key(args.source)
    terminal.say("The keyring holds no key for it any more.")


def _nodes(service: Service, args: argparse.Namespace) -> None:
    nodes = service.online.nodes.all()
    if args.json:
        write_json(nodes)
    elif not nodes:
        terminal.say("There are no nodes. `assay online add-node NAME URL` names one.")
    else:
        rows = tuple((node.name, str(node.chain_id), node.url) for node in nodes)
        terminal.say("\n".join(table(("Node", "Chain", "Address"), rows, (False, True, False))))


def _add_node(service: Service, args: argparse.Namespace) -> None:
    key = _secret() if args.key else ""
    node = finished(service, lambda: service.online.nodes.add(args.name, args.url, key))
    terminal.say(f"{node.name} is on chain {node.chain_id} and is kept.")


def _remove_node(service: Service, args: argparse.Namespace) -> None:
    service.online.nodes.remove(args.name)
    terminal.say(f"{args.name} is forgotten.")


def _secret() -> str:
    """A key typed on the terminal, not shown; or the first line of standard input."""
    if sys.stdin.isatty():
        return getpass.getpass("Key: ").strip()
    return sys.stdin.readline().strip()


_ACTIONS: Mapping[str | None, Callable[[Service, argparse.Namespace], None]] = {
    None: _list,
    "on": _on,
    "off": _off,
    "refresh": _refresh,
    "pools": _pools,
    "yields": _yields,
    "log": _log,
    "key": _key,
    "forget-key": _forget_key,
    "nodes": _nodes,
    "add-node": _add_node,
    "remove-node": _remove_node,
}
