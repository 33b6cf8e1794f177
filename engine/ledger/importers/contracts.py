"""Tokens that a file knows by the address of their contract."""

import re

from engine.analytics.scorecard.impersonation import KNOWN, impersonates
from engine.core.csvfile import clean_text
from engine.core.fields import FieldError, read_symbol
from engine.core.records import FIAT

WELL_KNOWN = frozenset(symbol.upper() for symbol in KNOWN)
"""The symbols that are worth passing a token off as."""

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_SYMBOLS = {address: symbol.upper() for symbol, address in KNOWN.items() if address}
_KEPT = 20
"""The beginning of an address that fits into a symbol; as good as unique."""


def is_address(text: str) -> bool:
    """Whether a field is an address of an Ethereum-compatible chain."""
    return _ADDRESS.fullmatch(text.strip()) is not None


def read_address(text: str, name: str) -> str:
    """An address in lower case. Raises FieldError."""
    if not is_address(text):
        raise FieldError(f'the {name} "{clean_text(text, 50)}" is not an address')
    return text.strip().lower()


def official_symbol(contract: str) -> str | None:
    """The symbol of a well-known token's own contract on Ethereum."""
    return _SYMBOLS.get(contract.lower())


def by_contract(contract: str) -> str:
    """What a token is called that has no name to go by: the beginning of its address."""
    return contract[:_KEPT].upper()


def plain_symbol(name: str, symbol: str, contract: str) -> str | None:
    """The symbol a token can go by; None if it has none or poses as a coin or as money."""
    if impersonates(name, symbol, contract):
        return None
    try:
        read = read_symbol(symbol)
    except FieldError:
        return None
    return None if read in FIAT or "#" in read else read
