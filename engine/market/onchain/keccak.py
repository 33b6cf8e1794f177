"""Keccak-256 as Ethereum uses it: FIPS 202's permutation with the padding of before FIPS 202.

SHA3-256 of hashlib differs in the padding only (0x06 there, 0x01 here), so it cannot stand in.
"""

from functools import cache

_RATE = 136  # bytes: 1600 bits less twice 256
_WORD = (1 << 64) - 1


def _round_constants() -> tuple[int, ...]:
    """FIPS 202, algorithm 5: bits of a linear feedback shift register at places 2^j - 1."""
    constants, register = [], 1
    for _ in range(24):
        constant = 0
        for j in range(7):
            constant |= (register & 1) << (2**j - 1)
            register <<= 1
            if register & 0x100:
                register ^= 0x171
        constants.append(constant)
    return tuple(constants)


def _lane_moves() -> tuple[tuple[int, int, int], ...]:
    """Steps rho and pi: from lane, to lane, rotation; lane (x, y) is at x + 5 y."""
    moves, x, y = [(0, 0, 0)], 1, 0
    for t in range(24):
        moves.append((x + 5 * y, y + 5 * ((2 * x + 3 * y) % 5), (t + 1) * (t + 2) // 2 % 64))
        x, y = y, (2 * x + 3 * y) % 5
    return tuple(moves)


_CONSTANTS, _MOVES = _round_constants(), _lane_moves()


@cache
def selector(signature: str) -> bytes:
    """The 4 bytes that name a function, such as "transfer(address,uint256)"."""
    return keccak256(signature.encode())[:4]


def keccak256(data: bytes) -> bytes:
    """The 32-byte digest."""
    padded = bytearray(data) + bytes(_RATE - len(data) % _RATE)
    padded[len(data)] ^= 0x01
    padded[-1] ^= 0x80
    state = [0] * 25
    for start in range(0, len(padded), _RATE):
        for lane in range(_RATE // 8):
            at = start + 8 * lane
            state[lane] ^= int.from_bytes(padded[at : at + 8], "little")
        state = _permuted(state)
    return b"".join(lane.to_bytes(8, "little") for lane in state[:4])


def _permuted(state: list[int]) -> list[int]:
    """Keccak-f[1600]: 24 rounds of theta, rho, pi, chi and iota."""
    for constant in _CONSTANTS:
        columns = [
            state[x] ^ state[x + 5] ^ state[x + 10] ^ state[x + 15] ^ state[x + 20]
            for x in range(5)
        ]
        parity = [columns[x - 1] ^ _rotated(columns[(x + 1) % 5], 1) for x in range(5)]
        moved = [0] * 25
        for source, target, places in _MOVES:
            moved[target] = _rotated(state[source] ^ parity[source % 5], places)
        state = [
            lane ^ (~moved[i // 5 * 5 + (i + 1) % 5] & moved[i // 5 * 5 + (i + 2) % 5])
            for i, lane in enumerate(moved)
        ]
        state[0] ^= constant
    return state


def _rotated(lane: int, places: int) -> int:
    return ((lane << places) | (lane >> (64 - places))) & _WORD
