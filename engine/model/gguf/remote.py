"""Reads the header of a model file that lies elsewhere, so that one knows it before downloading.

The parts of the file are fetched by a function that is handed in; nothing here knows the network.
"""

from collections.abc import Callable

from engine.core.errors import KnownError
from engine.model.gguf.header import GgufHeader, parse_header

FIRST_STEP = 256 << 10
LARGEST_STEP = 4 << 20
MAX_REQUESTS = 64
MAX_FETCHED = 32 << 20

ReadRange = Callable[[int, int], bytes]
"""Bytes of the remote file: first byte, number of bytes; at least one of them."""


def read_remote_header(read_range: ReadRange, total: int) -> GgufHeader:
    """Read and check the header of a remote model of `total` bytes.

    Mostly 3 to 6 ranges of together 1.1 times the header are fetched, at most 32 MB in 64
    requests. Raises KnownError as read_header does, and where the other side sends something
    else than it was asked for; what read_range raises passes through.
    """
    return parse_header(_Ahead(read_range, total).read_at, total)


class _Ahead:
    """Fetches steps that grow, since most headers have some megabytes and some are short."""

    def __init__(self, read_range: ReadRange, total: int) -> None:
        self._read_range = read_range
        self._total = total
        self._step = FIRST_STEP
        self._start = 0  # of what is held
        self._held = b""
        self._requests = 0
        self._fetched = 0

    def read_at(self, start: int, length: int) -> bytes:
        """The bytes from `start` on; the positions asked for only grow."""
        begin = start - self._start
        if not 0 <= begin <= len(self._held):  # a list was stepped over
            self._held, begin = b"", 0
        parts = [self._held[begin : begin + length]]
        missing = length - len(parts[0])
        if not missing:
            return parts[0]
        place = start + len(parts[0])
        wanted = min(max(self._step, missing), self._total - place)
        self._step = min(2 * self._step, LARGEST_STEP)
        self._start, self._held = place, self._fetch(place, wanted)
        parts.append(self._held[:missing])
        return b"".join(parts)

    def _fetch(self, start: int, wanted: int) -> bytes:
        parts = []
        while wanted > 0:
            self._requests += 1
            self._fetched += wanted
            if self._requests > MAX_REQUESTS or self._fetched > MAX_FETCHED:
                raise KnownError(
                    "This model's description is too scattered to be read over the network.",
                    "Download the model and add its file.",
                )
            part = self._read_range(start, wanted)
            if not 0 < len(part) <= wanted:
                raise KnownError(
                    "The site sent something else than the part of the model it was asked for.",
                    "Try again later, or download the model and add its file.",
                )
            parts.append(part)
            start += len(part)
            wanted -= len(part)
        return b"".join(parts)
