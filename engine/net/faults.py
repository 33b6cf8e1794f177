"""What goes wrong with a connection, each in one sentence."""

import http.client
import socket
import ssl
import zlib

from engine.core.errors import KnownError
from engine.core.exchange import HttpError

BROKEN = (OSError, http.client.HTTPException, zlib.error, UnicodeError)
"""What a connection may raise that is no bug."""


def http_error(host: str, status: int, body: bytes, wait: float, long: float) -> HttpError:
    """An answer that is an error. wait: the seconds the host asks for; long: too many of them."""
    reason = http.client.responses.get(status, "an unknown status")
    hint = f"Try again in {wait / 60:.0f} minutes." if wait > long else "Try again later."
    sentence = (
        f"{host} has been asked too often."
        if status == 429
        else f"{host} answered with an error: {status}, {reason}."
    )
    return HttpError(sentence, hint, status, body)


def switched_off(source: str) -> KnownError:
    """Nobody may be asked for this source."""
    return KnownError(
        f"The online source {source} is switched off, so nothing was asked.",
        f"`assay online on {source}` or the settings switch it on.",
    )


def too_slow(host: str) -> KnownError:
    """The time was up."""
    return KnownError(f"{host} did not answer in time.", "Try again later.")


def too_large(host: str, most: int) -> KnownError:
    """An answer of more than `most` bytes."""
    return KnownError(f"{host} sent more than {most >> 20} MB, which was not read.")


def packed(host: str) -> KnownError:
    """An answer in a coding that was not asked for."""
    return KnownError(f"{host} packed its answer in an unknown way.")


def known(host: str, error: BaseException) -> KnownError:
    """The error of a connection in one sentence."""
    online = "Check the internet connection."
    match error:
        case socket.gaierror():
            return KnownError(f"{host} was not found.", online)
        case ssl.SSLCertVerificationError():
            return KnownError(
                f"The certificate of {host} is not valid ({error.verify_message}).",
                "Nothing was sent. Somebody may be reading along, or this computer's clock is off.",
            )
        case ssl.SSLError():
            return KnownError(f"No secure connection to {host} was possible.", online)
        case TimeoutError():
            return too_slow(host)
        case ConnectionRefusedError():
            return KnownError(f"{host} refused the connection.", "Check its address and port.")
        case http.client.IncompleteRead() | ConnectionError():
            return KnownError(f"The answer of {host} broke off.", "Try again later.")
        case OSError():
            return KnownError(f"{host} could not be reached.", online)
    return KnownError(f"What {host} sent cannot be read.", "Try again later.")
