"""`assay chain`: balances, tokens, pools, positions and transfers, read through your nodes."""

import argparse
from collections.abc import Callable, Mapping

from engine.cli import terminal
from engine.cli.import_ import confirmed, offer
from engine.cli.jsonout import write_json
from engine.cli.progress import finished
from engine.cli.render import render, table
from engine.cli.session import add_json, add_yes, opened
from engine.core.cards import Card
from engine.service import Service, balances_card, pair_card, position_card, token_cards

NAME = "chain"
HELP = "read Ethereum-compatible chains through your nodes"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    # Without an action the nodes are listed.
    add_json(parser)

    def add(name: str, text: str, many: bool = False) -> argparse.ArgumentParser:
        child = actions.add_parser(name, help=text, description=text)
        help_ = "the node to ask (default: every one)" if many else "the node to ask"
        child.add_argument("--node", action="append" if many else "store", help=help_)
        add_json(child)
        return child

    add("test", "ask a node for its newest block")
    balances = add("balances", "what addresses hold: the chain's coin and watched tokens", True)
    balances.add_argument("addresses", nargs="+", metavar="ADDRESS")
    watch = add("watch", "look for a token in balances and transfers from now on")
    watch.add_argument("token", metavar="ADDRESS")
    watch.add_argument("--symbol", default="", help="what to call it (default: as it says)")
    unwatch = add("unwatch", "look for a token no longer")
    unwatch.add_argument("token", metavar="ADDRESS")
    token = add("token", "what a token's contract can do, with a scorecard")
    token.add_argument("token", metavar="ADDRESS")
    token.add_argument("--pool", default="", help="where it is traded, to try buying and selling")
    token.add_argument("--holder", action="append", default=[], help="a wallet to look at")
    pool = add("pool", "a pool of the Uniswap v2 kind")
    pool.add_argument("pool", metavar="ADDRESS")
    pool.add_argument("--holder", default="", help="whose share of it to show")
    position = add("position", "a position of the Uniswap v3 kind: amounts, range, fees")
    position.add_argument("number", type=int)
    position.add_argument("--manager", default="", help="the contract that keeps it")
    moved = add("transfers", "import what moved in and out of your own addresses")
    moved.add_argument("addresses", nargs="+", metavar="ADDRESS")
    moved.add_argument("--first", type=int, help="block to begin with (default: 2,000 back)")
    moved.add_argument("--last", type=int, help="block to end with (default: the newest)")
    add_yes(moved, "store the rows")


def run(args: argparse.Namespace) -> int:
    """Do one of the actions; list the nodes without one."""
    with opened(args) as service:
        _ACTIONS[args.action](service, args)
    return 0


def _list(service: Service, args: argparse.Namespace) -> None:
    nodes = service.onchain.nodes()
    if args.json:
        write_json(nodes)
    elif not nodes:
        terminal.say("There are no nodes. `assay online add-node NAME URL` names one.")
    else:
        rows = tuple(
            (node.name, str(node.chain_id), ", ".join(node.tokens.values())) for node in nodes
        )
        terminal.say("\n".join(table(("Node", "Chain", "Watched"), rows, (False, True, False))))


def _test(service: Service, args: argparse.Namespace) -> None:
    state = finished(service, lambda: service.onchain.test(args.node or ""))
    if args.json:
        write_json(state)
    else:
        terminal.say(
            f"{state.node.name} is at block {state.block:,} of {state.time:%Y-%m-%d %H:%M:%S} UTC "
            f"and took {state.milliseconds:,} ms."
        )


def _balances(service: Service, args: argparse.Namespace) -> None:
    names = args.node or []
    found = finished(service, lambda: service.onchain.balances(args.addresses, names))
    _show(args, found, balances_card(found))


def _watch(service: Service, args: argparse.Namespace) -> None:
    symbol = finished(
        service, lambda: service.onchain.watch(args.token, args.node or "", args.symbol)
    )
    terminal.say(f"{symbol} is watched.")


def _unwatch(service: Service, args: argparse.Namespace) -> None:
    service.onchain.unwatch(args.token, args.node or "")
    terminal.say("It is watched no longer.")


def _token(service: Service, args: argparse.Namespace) -> None:
    report = finished(
        service,
        lambda: service.onchain.token(args.token, args.node or "", args.holder, args.pool),
    )
    checks = report.checks
    found = {
        "token": checks.token,
        "owner": checks.owner,
        "powers": checks.powers,
        "implementation": checks.structure.implementation,
        "concentration": checks.concentration,
        "taxes": checks.taxes,
        "facts": report.facts,
        "scorecard": report.scorecard,
    }
    _show(args, found, *token_cards(checks, report.facts, report.scorecard))


def _pool(service: Service, args: argparse.Namespace) -> None:
    pair, share = finished(
        service, lambda: service.onchain.pair(args.pool, args.node or "", args.holder)
    )
    _show(args, {"pool": pair, "share": share}, pair_card(pair, share))


def _position(service: Service, args: argparse.Namespace) -> None:
    position = finished(
        service, lambda: service.onchain.position(args.number, args.node or "", args.manager)
    )
    _show(args, position, position_card(position))


def _transfers(service: Service, args: argparse.Namespace) -> None:
    preview = finished(
        service,
        lambda: service.onchain.transfers(args.addresses, args.node or "", args.first, args.last),
    )
    if args.json:
        batch = confirmed(service, preview) if args.yes and preview.rows else None
        write_json({"preview": preview, "batch": batch})
    elif preview.rows or preview.duplicates or preview.refused:
        offer(service, preview, args.yes)
    else:
        terminal.say(f"{preview.file_name}: nothing was found that moved.")
        for warning in preview.warnings:
            terminal.say(f"Note: {warning}")


def _show(args: argparse.Namespace, found: object, *cards: Card) -> None:
    if args.json:
        write_json(found)
    else:
        terminal.say("\n\n".join(render(card, terminal.width()) for card in cards))


_ACTIONS: Mapping[str | None, Callable[[Service, argparse.Namespace], None]] = {
    None: _list,
    "test": _test,
    "balances": _balances,
    "watch": _watch,
    "unwatch": _unwatch,
    "token": _token,
    "pool": _pool,
    "position": _position,
    "transfers": _transfers,
}
