"""The socket the user's own server listens on, where the user has switched that on."""

import errno
import ipaddress
import os
import socket

from engine.core.errors import KnownError

_WAITING = 128


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens on one address of this computer.

    host: a number, or "localhost" for 127.0.0.1; port: 0 for any that is free. Raises KnownError
    if the address is none of this computer's, or the port is taken or not allowed.
    """
    name = "127.0.0.1" if host == "localhost" else host
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        raise KnownError(
            f"{host!r} is no address of this computer.", "The usual one is 127.0.0.1."
        ) from None
    if not 0 <= port <= 65535:
        raise KnownError(f"{port} is no port.", "A port is a number from 1024 to 65535.")
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # elsewhere it would let others take the port over
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind((name, port))
        sock.listen(_WAITING)
    except OSError as error:
        sock.close()
        raise _refused(host, port, error) from error
    return sock


def _refused(host: str, port: int, error: OSError) -> KnownError:
    match error.errno:
        case errno.EADDRINUSE:
            return KnownError(f"Port {port} is taken by another program.", "Choose another port.")
        case errno.EACCES:
            return KnownError(
                f"The system does not allow listening on port {port}.", "Choose one above 1023."
            )
        case errno.EADDRNOTAVAIL | errno.EAFNOSUPPORT:
            return KnownError(
                f"{host} is no address of this computer.", "The usual one is 127.0.0.1."
            )
    return KnownError(f"Nothing can listen on {host}, port {port}.", "Choose another port.")
