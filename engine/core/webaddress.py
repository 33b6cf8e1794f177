"""Which addresses may be asked: https, or http to this computer and where the user says so.

No user names, no blanks, nothing but ASCII; the parts are what the log shows and what is asked.
"""

import ipaddress
import re
from urllib.parse import SplitResult, urljoin, urlsplit

from engine.core.errors import KnownError

LONGEST = 8_000
"""Characters; what a host refers to would else fill the log."""

_NEAR = tuple(
    map(
        ipaddress.ip_network,
        (
            "10.0.0.0/8",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "169.254.0.0/16",
            "fc00::/7",
            "fe80::/10",
        ),
    )
)
_ADDRESS = re.compile(rf"[!-~]{{1,{LONGEST}}}")


def checked_address(text: str, plain: bool = False) -> SplitResult:
    """The parts of an address; plain: http will do, whoever the host is. Raises KnownError."""
    try:
        url = urlsplit(text)
        host, _ = url.hostname, url.port
    except ValueError:
        host = None
    if not host or not _ADDRESS.fullmatch(text) or "@" in url.netloc:
        raise KnownError("This is not an address that can be asked.", "One begins with https://.")
    if url.scheme == "https" or (url.scheme == "http" and (plain or is_loopback(host))):
        return url
    raise KnownError(f"{host} is only asked over https.", "Use an address with https://.")


def joined_address(url: SplitResult, location: str) -> str:
    """Where a redirect leads; "" if that is no address."""
    try:
        return urljoin(url.geturl(), location)
    except ValueError:
        return ""


def is_loopback(host: str) -> bool:
    """Whether a host is this computer by its name or number alone."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_near(host: str) -> bool:
    """Whether a host is this computer or one of the same network, by its name or number alone."""
    if host.lower().endswith(".local"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return is_loopback(host)
    address = getattr(address, "ipv4_mapped", None) or address
    return address.is_loopback or any(
        address in network for network in _NEAR if network.version == address.version
    )
