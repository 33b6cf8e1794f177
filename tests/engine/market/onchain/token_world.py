"""Tokens and pools on a node: deploying them and sending tokens about."""

from engine.market.onchain.abi import encode
from engine.market.onchain.keccak import selector
from engine.market.onchain.rpc import Rpc
from engine.market.onchain.state import ChainState
from tests.engine.market.evm_node import EvmNode

TRANSFER = "transfer(address,uint256)"
OWNER, BUYER, FAVOURED, POOL = 0, 1, 2, 9
"""Numbers of the node's accounts."""
_PUT = "put(uint256,(address,address,int24,int24,uint128,uint256,uint256,uint128,uint128))"


def plain(node: EvmNode, symbol: str = "PLAIN", decimals: int = 18, supply: int = 10**24) -> str:
    """A token without an owner, all of it held by the first account."""
    values = (f"{symbol} token", symbol, decimals, supply)
    return node.deploy("plain_token", ("string", "string", "uint8", "uint256"), values)


def shared(node: EvmNode, symbol: str, decimals: int) -> str:
    """A token that no test changes, deployed once."""
    if symbol not in node.kept:
        node.kept[symbol] = plain(node, symbol, decimals)
    return node.kept[symbol]


def spread(node: EvmNode, token: str, supply: int) -> None:
    """A hundredth to the buyer and to the favoured one, a tenth to the pool."""
    for account, part in ((BUYER, 100), (FAVOURED, 100), (POOL, 10)):
        node.send(token, TRANSFER, (node.accounts[account], supply // part))


class Latest:
    """Gives the newest state whenever it is called, as each test first deploys."""

    def __init__(self, rpc: Rpc) -> None:
        self._rpc = rpc

    def __call__(self) -> ChainState:
        return ChainState.latest(self._rpc)


class Range:
    """A v3 pool of ETHER and DOLLAR with one position, numbered 7."""

    def __init__(self, node: EvmNode, low: int, high: int, liquidity: int) -> None:
        self.node, self.low, self.high = node, low, high
        self.tokens = shared(node, "ETHER", 18), shared(node, "DOLLAR", 6)
        self.pool = node.deploy("pool_v3")
        self.manager = node.deploy("manager_v3", ("address",), (self.pool,))
        self.put(liquidity)

    def put(
        self, liquidity: int, last: tuple[int, int] = (0, 0), owed: tuple[int, int] = (0, 0)
    ) -> None:
        values = (*self.tokens, self.low, self.high, liquidity, *last, *owed)
        types = ("uint256", "address", "address", "int24", "int24", "uint128", "uint256",
                 "uint256", "uint128", "uint128")  # fmt: skip
        self.node.send_data(self.manager, selector(_PUT) + encode(types, (7, *values)))

    def price(self, root: int, tick: int) -> None:
        self.node.send(self.pool, "set_price(uint160,int24)", (root, tick))
