"""What the order of the samples depends on: a run goes on only where it is still the same."""

from hashlib import blake2b

from engine.core.errors import KnownError


def digest(*parts: object) -> str:
    """A short hash of numbers, texts or arrays (as bytes)."""
    found = blake2b(digest_size=8)
    for part in parts:
        found.update(part if isinstance(part, bytes) else repr(part).encode())
    return found.hexdigest()


def check(before: str, now: str) -> None:
    """KnownError if the order of a run was another before; "" = nothing was noted."""
    if before not in ("", now):
        raise KnownError(
            "The data, or what decides its order (loop.rows, loop.seed, packing), is not what this "
            "run began with: samples would come twice or not at all.",
            "Go on with the same data and settings, or begin a new run with another out.",
        )
