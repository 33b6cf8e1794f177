"""What addresses hold on several chains, asked at once; a chain that fails spoils no other."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal

from engine.core.errors import KnownError
from engine.market.onchain.erc20 import Token, holdings, read_tokens, scaled
from engine.market.onchain.rpc import Rpc
from engine.market.onchain.state import ChainState

NATIVE_DECIMALS = 18
_WORKERS = 8


@dataclass(frozen=True, slots=True)
class Chain:
    """A node, its chain's coin, and the tokens to look for."""

    rpc: Rpc
    native: str
    tokens: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Balance:
    """token: None for the native coin. amount: None where the token does not say."""

    address: str
    symbol: str
    token: Token | None
    amount: Decimal | None


@dataclass(frozen=True, slots=True)
class ChainBalances:
    """The balances of one chain, read at one block; source says which."""

    block: int
    source: str
    rows: tuple[Balance, ...]


def read_balances(
    chains: Mapping[str, Chain], addresses: Sequence[str]
) -> dict[str, ChainBalances | str]:
    """Per chain its balances, or one sentence saying why there are none."""
    if not chains:
        return {}
    with ThreadPoolExecutor(min(len(chains), _WORKERS), thread_name_prefix="chain") as pool:
        results = pool.map(lambda chain: _attempt(chain, addresses), chains.values())
        return dict(zip(chains, results, strict=True))


def _attempt(chain: Chain, addresses: Sequence[str]) -> ChainBalances | str:
    try:
        return _read(chain, addresses)
    except KnownError as error:
        return str(error)


def _read(chain: Chain, addresses: Sequence[str]) -> ChainBalances:
    state = ChainState.latest(chain.rpc)
    rows = [
        Balance(one, chain.native, None, scaled(state.balance(one), NATIVE_DECIMALS))
        for one in addresses
    ]
    for token in read_tokens(state, chain.tokens):
        held = holdings(state, token.address, addresses)
        rows += [
            Balance(one, token.symbol, token, token.amount(units))
            for one, units in zip(addresses, held, strict=True)
        ]
    return ChainBalances(state.block, state.source, tuple(rows))
