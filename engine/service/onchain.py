"""Reads of chains through the user's nodes: balances, tokens, pools, positions, transfers."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from engine.analytics.scorecard.facts import TokenFacts
from engine.analytics.scorecard.impersonation import impersonates
from engine.analytics.scorecard.score import Scorecard, score
from engine.core.clock import Clock
from engine.core.errors import KnownError
from engine.core.jobs import Job, JobPool, Progress
from engine.ledger.importers import ImportPreview
from engine.ledger.onchain import ChainBook, preview_transfers, safe_symbol
from engine.market.onchain.address import parse_address, short
from engine.market.onchain.age import block_time
from engine.market.onchain.balances import Chain, ChainBalances, read_balances
from engine.market.onchain.chains import chain_info
from engine.market.onchain.checks import TokenChecks, check_token
from engine.market.onchain.erc20 import read_tokens
from engine.market.onchain.facts import ChainFacts, chain_facts
from engine.market.onchain.logs import Blocks
from engine.market.onchain.pairs import Pair, PairShare, read_pair, read_share
from engine.market.onchain.positions import Position, read_position
from engine.market.onchain.rpc import Rpc
from engine.market.onchain.state import ChainState
from engine.market.onchain.transfers import MOST_BLOCKS_READ, read_transfers
from engine.service.nodes import Node, Nodes

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class NodeState:
    """How a node answers: its newest block, when that was made, how long the question took."""

    node: Node
    block: int
    time: datetime
    milliseconds: int


@dataclass(frozen=True, slots=True)
class TokenReport:
    """All that is found out about a token on its chain."""

    checks: TokenChecks
    facts: ChainFacts
    scorecard: Scorecard


class OnchainArea:
    """Everything is read in jobs, through nodes; nothing is stored but the tokens to watch."""

    def __init__(
        self,
        nodes: Nodes,
        existing: Callable[[set[str]], set[str]],
        warned: Callable[[ImportPreview], ImportPreview],
        jobs: JobPool,
        clock: Clock,
    ) -> None:
        """existing: stored row hashes. warned: adds what is to be said before storing."""
        self._nodes = nodes
        self._existing = existing
        self._warned = warned
        self._jobs = jobs
        self._clock = clock
        # Two tokens that are watched at once must not forget each other.
        self._watching = threading.Lock()

    def nodes(self) -> list[Node]:
        """The user's nodes with the tokens watched there; they are named in `online.nodes`."""
        return self._nodes.all()

    def test(self, node: str = "") -> Job[NodeState]:
        """Ask a node for its newest block."""

        def work(rpc: Rpc, found: Node) -> NodeState:
            began = time.monotonic()
            state = ChainState.latest(rpc)
            took = round(1000 * (time.monotonic() - began))
            return NodeState(found, state.block, block_time(rpc, state.block), took)

        return self._ask(node, "Asking", work)

    def watch(self, token: str, node: str = "", symbol: str = "") -> Job[str]:
        """Watch a token, by default under the symbol it claims; gives the symbol.

        KnownError if that is not free, or is the symbol of money or of a coin this token is not.
        """
        address = parse_address(token)

        def work(rpc: Rpc, found: Node) -> str:
            [said] = read_tokens(ChainState.latest(rpc), [address])
            if said.decimals is None:
                raise KnownError(f"{address} is no token on this chain.", "Check the address.")
            named = replace(said, symbol=symbol) if symbol else said
            chosen = safe_symbol(named, found.chain_id)
            with self._watching:
                tokens = self._nodes.get(found.name).tokens
                taken = {one for at, one in tokens.items() if at != address}
                if chosen is None or chosen in taken | {chain_info(found.chain_id).native}:
                    raise KnownError(
                        f"{address} cannot be called “{named.symbol}”: this is no symbol, or that "
                        "of money or another coin.",
                        "If you are sure of the token, give it another symbol.",
                    )
                self._nodes.watch(found.name, {**tokens, address: chosen})
            return chosen

        return self._ask(node, "Asking", work)

    def unwatch(self, token: str, node: str = "") -> None:
        """Watch a token no longer; KnownError if it was not watched."""
        address = parse_address(token)
        with self._watching:
            found = self._node(node)
            if address not in found.tokens:
                raise KnownError(f"{address} is not watched on {found.name}.")
            self._nodes.watch(found.name, {a: s for a, s in found.tokens.items() if a != address})

    def balances(
        self, addresses: Sequence[str], names: Sequence[str] = ()
    ) -> Job[dict[str, ChainBalances | str]]:
        """The native coin and the watched tokens of some addresses; names: of nodes, all if empty.

        Per node its balances, or a sentence saying why there are none.
        """
        holders = _addresses(addresses)
        chosen = [self._node(name) for name in names] or self._nodes.all()
        if not chosen:
            raise _no_node()

        def work(progress: Progress) -> dict[str, ChainBalances | str]:
            chains = {
                node.name: Chain(
                    self._rpc(node, progress),
                    chain_info(node.chain_id).native,
                    tuple(node.tokens),
                )
                for node in chosen
            }
            return read_balances(chains, holders)

        return self._jobs.submit("Reading balances", work)

    def token(
        self, token: str, node: str = "", holders: Sequence[str] = (), pool: str = ""
    ) -> Job[TokenReport]:
        """Check a token. holders: wallets to look at; pool: where it is traded, if known."""
        address, wallets = parse_address(token), [parse_address(one) for one in holders]
        traded = parse_address(pool) if pool else None

        def work(rpc: Rpc, found: Node) -> TokenReport:
            checks = check_token(ChainState.latest(rpc), address, wallets, traded)
            facts, said = chain_facts(checks), checks.token
            posing = impersonates(said.name, said.symbol, address, str(found.chain_id))
            known = [facts.facts, TokenFacts("measured", impersonation=posing)]
            card = score(said.name or said.symbol or short(address), known, address)
            return TokenReport(checks, facts, card)

        return self._ask(node, "Checking the token", work)

    def pair(
        self, pool: str, node: str = "", holder: str = ""
    ) -> Job[tuple[Pair, PairShare | None]]:
        """A pool of the Uniswap v2 kind, and a holder's part of it if one is named."""
        address, owner = parse_address(pool), parse_address(holder) if holder else None

        def work(rpc: Rpc, _: Node) -> tuple[Pair, PairShare | None]:
            state = ChainState.latest(rpc)
            found = read_pair(state, address)
            return found, read_share(state, found, owner) if owner else None

        return self._ask(node, "Reading the pool", work)

    def position(self, token_id: int, node: str = "", manager: str = "") -> Job[Position]:
        """A position of the Uniswap v3 kind. manager: the contract keeping it, Uniswap's if ""."""
        given = parse_address(manager) if manager else ""

        def work(rpc: Rpc, found: Node) -> Position:
            keeper = given or chain_info(found.chain_id).manager
            if not keeper:
                raise KnownError(
                    f"The contract that keeps positions on chain {found.chain_id} is not known.",
                    "Give its address.",
                )
            return read_position(ChainState.latest(rpc), keeper, token_id)

        return self._ask(node, "Reading the position", work)

    def transfers(
        self, addresses: Sequence[str], node: str = "", first: int | None = None,
        last: int | None = None,
    ) -> Job[ImportPreview]:  # fmt: skip
        """Dry run of importing what moved in and out of the user's own addresses.

        first, last: block numbers, by default the last 2,000 and the newest.
        """
        own = _addresses(addresses)
        found = self._node(node)

        def work(progress: Progress) -> ImportPreview:
            rpc = self._rpc(found, progress)
            end = ChainState.latest(rpc).block if last is None else last
            begin = max(end - MOST_BLOCKS_READ + 1, 0) if first is None else first
            if not 0 <= begin <= end:
                raise KnownError("The first block comes after the last.", "Give other blocks.")
            moved = read_transfers(rpc, own, Blocks(begin, end), progress.step)
            chain = chain_info(found.chain_id)
            book = ChainBook(
                found.chain_id,
                chain.native,
                {address: f"{chain.name} {short(address)}" for address in own},
                found.tokens,
            )
            preview = preview_transfers(moved, book, self._existing, self._clock.now(), found.name)
            return self._warned(preview)

        return self._jobs.submit(f"Reading transfers from {found.name}", work)

    def _ask(self, name: str, title: str, work: Callable[[Rpc, Node], T]) -> Job[T]:
        """A job on one node, the only one if no name is given."""
        node = self._node(name)
        return self._jobs.submit(
            f"{title} on {node.name}", lambda progress: work(self._rpc(node, progress), node)
        )

    def _node(self, name: str) -> Node:
        if name:
            return self._nodes.get(name)
        every = self._nodes.all()
        if len(every) == 1:
            return every[0]
        if not every:
            raise _no_node()
        known = ", ".join(node.name for node in every)
        raise KnownError("There are several nodes, so one must be named.", f"They are {known}.")

    def _rpc(self, node: Node, progress: Progress) -> Rpc:
        return self._nodes.rpc(node.name, lambda fraction, text: progress.check())


def _addresses(texts: Sequence[str]) -> list[str]:
    """Each once. KnownError if one is none, or there are none."""
    found = list(dict.fromkeys(parse_address(text) for text in texts))
    if not found:
        raise KnownError("There is no address to look at.", "Name one.")
    return found


def _no_node() -> KnownError:
    return KnownError("There is no node to ask.", "`assay online add-node NAME URL` names one.")
