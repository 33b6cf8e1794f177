"""Ethereum-compatible chains by number: their names and coins (as in EIP-155 and chainlist)."""

from dataclasses import dataclass

_V3_MANAGER = "0xC36442b4a4522E871399CD717aBDD847Ab11FE88"


@dataclass(frozen=True, slots=True)
class ChainInfo:
    """native: the coin fees are paid in. manager: of Uniswap v3 positions there, "" if unknown."""

    name: str
    native: str
    manager: str = ""


CHAINS = {
    1: ChainInfo("Ethereum", "ETH", _V3_MANAGER),
    10: ChainInfo("OP Mainnet", "ETH", _V3_MANAGER),
    56: ChainInfo("BNB Smart Chain", "BNB"),
    100: ChainInfo("Gnosis", "XDAI"),
    137: ChainInfo("Polygon", "POL", _V3_MANAGER),
    324: ChainInfo("ZKsync Era", "ETH"),
    8453: ChainInfo("Base", "ETH", "0x03a520b32C04BF3bEEf7BEb72E919cf822Ed34f1"),
    42161: ChainInfo("Arbitrum One", "ETH", _V3_MANAGER),
    43114: ChainInfo("Avalanche", "AVAX"),
    59144: ChainInfo("Linea", "ETH"),
}


def chain_info(chain_id: int) -> ChainInfo:
    """What is known of a chain; of others the coin is called COIN and the number."""
    return CHAINS.get(chain_id) or ChainInfo(f"chain {chain_id}", f"COIN-{chain_id}")
