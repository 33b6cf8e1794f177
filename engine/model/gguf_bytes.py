"""Reads the primitive values of a GGUF header: bounded, buffered, within the file."""

import struct
from contextlib import suppress
from typing import BinaryIO

from engine.core.errors import KnownError
from engine.model.gguf_types import SCALAR_LETTERS

CHUNK = 1 << 18
MAX_READ = 64 << 20
MAX_STRING = 1 << 20
MAX_STRINGS = 1 << 20  # array strings of one file, together; the largest known need 0.8 million

LESS_THAN = ord("<")

_SCALARS = {kind: struct.Struct(f"<{letter}") for kind, letter in SCALAR_LETTERS.items()}
_U32 = struct.Struct("<I")
_U64 = struct.Struct("<Q")


def damaged(detail: str) -> KnownError:
    """The error for a file that is not what it says; detail ends the sentence."""
    return KnownError(
        f"This model file is damaged: {detail}.", "Download it again from where you got it."
    )


class HeaderReader:
    """A forward reader over the first bytes of a file of `size` bytes.

    Every method raises KnownError where the file ends too early or exceeds a limit.
    """

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._size = size
        self._buffer = b""
        self._start = 0  # file offset of the first buffered byte
        self._position = 0  # within the buffer
        self._read = 0
        self._strings = 0

    def tell(self) -> int:
        """File offset of the next byte."""
        return self._start + self._position

    def _fill(self, need: int) -> None:
        have = len(self._buffer) - self._position
        if have >= need:
            return
        if self.tell() + need > self._size:
            raise damaged("it is cut off")
        rest = self._buffer[self._position :]
        fresh = self._file.read(max(CHUNK, need - have))
        self._read += len(fresh)
        if self._read > MAX_READ:
            raise damaged("its description is larger than 64 MB")
        self._start += self._position
        self._position = 0
        self._buffer = rest + fresh
        if len(self._buffer) < need:
            raise damaged("it is cut off")

    def _unpack(self, layout: struct.Struct) -> int | float:
        self._fill(layout.size)
        value: int | float = layout.unpack_from(self._buffer, self._position)[0]
        self._position += layout.size
        return value

    def u32(self) -> int:
        """An unsigned 32-bit number."""
        return int(self._unpack(_U32))

    def u64(self) -> int:
        """An unsigned 64-bit number."""
        return int(self._unpack(_U64))

    def scalar(self, kind: int) -> int | float:
        """A number of metadata type `kind`."""
        return self._unpack(_SCALARS[kind])

    def take(self, count: int) -> bytes:
        """The next `count` bytes."""
        self._fill(count)
        taken = self._buffer[self._position : self._position + count]
        self._position += count
        return taken

    def string(self, limit: int = MAX_STRING) -> str:
        """A length-prefixed UTF-8 string of at most `limit` bytes."""
        length = self.u64()
        if length > limit:
            raise damaged("a text in it is too long")
        try:
            return self.take(length).decode()
        except UnicodeDecodeError as error:
            raise damaged("a text in it is not UTF-8") from error

    def skip_scalars(self, kind: int, count: int) -> None:
        """Step over `count` numbers without reading them."""
        self._skip(count * _SCALARS[kind].size)

    def _skip(self, length: int) -> None:
        if self.tell() + length > self._size:
            raise damaged("it is cut off")
        buffered = len(self._buffer) - self._position
        if length <= buffered:
            self._position += length
            return
        self._start = self.tell() + length
        self._file.seek(self._start)
        self._buffer = b""
        self._position = 0

    def skip_strings(self, count: int) -> set[bytes]:
        """Step over `count` strings; those that may stand for one byte (Ġ, <0x0A>) come back."""
        self._strings += count
        if self._strings > MAX_STRINGS:
            raise damaged("its word lists are too long")
        short: set[bytes] = set()
        while count:
            self._fill(8)
            done, advance, length = self._walk_strings(count, short)
            if length > MAX_STRING:
                raise damaged("a text in it is too long")
            if not done:  # a short word straddles the end of the buffer
                self._fill(8 + length)
            self._skip(advance)
            count -= done
        return short

    def _walk_strings(self, count: int, short: set[bytes]) -> tuple[int, int, int]:
        """Walk the strings that begin in the buffer: how many, their bytes, the last one's length.

        The content of the last one may lie beyond the buffer.
        """
        # A header holds up to a million strings: the loop is kept to the bare steps, and the
        # end of the buffer is noticed by the exception it causes.
        buffer, position, unpack = self._buffer, self._position, _U64.unpack_from
        done = length = 0
        with suppress(struct.error, IndexError, OverflowError):
            while done < count:
                (length,) = unpack(buffer, position)
                if length <= 6 and (length <= 2 or buffer[position + 8] == LESS_THAN):
                    word = buffer[position + 8 : position + 8 + length]
                    if len(word) < length:
                        break
                    short.add(word)
                position += 8 + length
                done += 1
        return done, position - self._position, length
