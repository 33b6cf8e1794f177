"""Reads the primitive values of a GGUF header: bounded, buffered, within the file."""

import struct
from collections.abc import Callable

from engine.core.errors import KnownError
from engine.model.gguf.types import SCALAR_LETTERS
from engine.model.gguf.words import MAX_UNUSUAL, MAX_WORD, WordScan

CHUNK = 1 << 18
MAX_READ = 20 << 20  # the largest known header, Gemma 4's, has 16 MB
MAX_STRING = 1 << 20
MAX_LISTS = 256
MAX_STRINGS = 900_000  # in lists, together; the largest known need 777,000
MAX_KEPT = 2 << 20  # bytes of text that stay in memory
KEPT_VALUE = 64  # what any value counts against that

ReadAt = Callable[[int, int], bytes]
"""Bytes of the file from an offset on; fewer than asked for only where the file was cut off."""

_SCALARS = {kind: struct.Struct(f"<{letter}") for kind, letter in SCALAR_LETTERS.items()}
_U32 = struct.Struct("<I")
_U64 = struct.Struct("<Q")
# A tensor's entry after its name and the number of its dimensions.
_PLACES = {count: struct.Struct(f"<{count}QIQ") for count in (1, 2, 3, 4)}


def damaged(detail: str) -> KnownError:
    """The error for a file that is not what it says; detail ends the sentence."""
    return KnownError(
        f"This model file is damaged: {detail}.", "Download it again from where you got it."
    )


class HeaderReader:
    """A forward reader over the first bytes of a file of `size` bytes.

    Every method raises KnownError where the file ends too early or exceeds a limit.
    """

    def __init__(self, read_at: ReadAt, size: int) -> None:
        self._read_at = read_at
        self._size = size
        self._buffer = b""
        self._start = 0  # file offset of the first buffered byte
        self._position = 0  # within the buffer
        self._read = 0
        self._strings = 0
        self._kept = 0
        self._lists = 0

    def list_head(self) -> tuple[int, int]:
        """The element type and the length of a list; real files have some dozen lists."""
        self._lists += 1
        if self._lists > MAX_LISTS:
            raise damaged("it holds too many lists")
        return self.u32(), self.u64()

    def tell(self) -> int:
        """File offset of the next byte."""
        return self._start + self._position

    def _fill(self, need: int) -> None:
        have = len(self._buffer) - self._position
        if have >= need:
            return
        end = self._start + len(self._buffer)
        if self.tell() + need > self._size:
            raise damaged("it is cut off")
        wanted = min(max(CHUNK, need) - have, self._size - end)
        self._read += wanted
        if self._read > MAX_READ:
            raise damaged(f"its description is larger than {MAX_READ >> 20} MB")
        rest = self._buffer[self._position :]
        self._start += self._position
        self._position = 0
        self._buffer = rest + self._read_at(end, wanted)
        if len(self._buffer) < need:
            raise damaged("it is cut off")

    def _unpack(self, layout: struct.Struct) -> int | float:
        self._fill(layout.size)
        value: int | float = layout.unpack_from(self._buffer, self._position)[0]
        self._position += layout.size
        return value

    def peek(self, count: int) -> bytes:
        """The next bytes, at most `count` of them and fewer at the file's end, not stepped over."""
        self._fill(min(count, self._size - self.tell()))
        return self._buffer[self._position : self._position + count]

    def u32(self) -> int:
        """An unsigned 32-bit number."""
        return int(self._unpack(_U32))

    def u64(self) -> int:
        """An unsigned 64-bit number."""
        return int(self._unpack(_U64))

    def scalar(self, kind: int) -> int | float:
        """A number of metadata type `kind`, to be kept."""
        self.keep(KEPT_VALUE)
        return self._unpack(_SCALARS[kind])

    def take(self, count: int) -> bytes:
        """The next `count` bytes."""
        self._fill(count)
        taken = self._buffer[self._position : self._position + count]
        self._position += count
        return taken

    def keep(self, size: int) -> None:
        """Count `size` bytes that stay in memory."""
        self._kept += size
        if self._kept > MAX_KEPT:
            raise damaged("its description is too long")

    def string(self, limit: int = MAX_STRING) -> str:
        """A length-prefixed UTF-8 string of at most `limit` bytes, to be kept."""
        length = self.u64()
        if length > limit:
            raise damaged("a text in it is too long")
        self.keep(KEPT_VALUE + length)
        try:
            return self.take(length).decode()
        except UnicodeDecodeError as error:
            raise damaged("a text in it is not UTF-8") from error

    def place(self, dimensions: int) -> tuple[int, ...]:
        """What follows a tensor's name: its 1 to 4 dimensions, its type and its offset."""
        layout = _PLACES[dimensions]
        self._fill(layout.size)
        values: tuple[int, ...] = layout.unpack_from(self._buffer, self._position)
        self._position += layout.size
        return values

    def skip_scalars(self, kind: int, count: int) -> None:
        """Step over `count` numbers without reading them."""
        length = count * _SCALARS[kind].size
        if self.tell() + length > self._size:
            raise damaged("it is cut off")
        buffered = len(self._buffer) - self._position
        if length <= buffered:
            self._position += length
            return
        self._start = self.tell() + length
        self._buffer = b""
        self._position = 0

    def skip_strings(self, count: int, spelling: bool) -> frozenset[bytes]:
        """Step over `count` UTF-8 strings.

        spelling: those that can stand for a single byte (Ġ, <0x0A>) come back.
        """
        self._strings += count
        if self._strings > MAX_STRINGS:
            raise damaged("its word lists are too long")
        scan = WordScan(spelling)
        while count:
            self._fill(8)
            length = int.from_bytes(self._buffer[self._position : self._position + 8], "little")
            if length > MAX_WORD:
                raise damaged("a text in it is too long")
            self._fill(8 + length)
            try:
                done, advance = scan.walk(self._buffer[self._position :], count)
            except ValueError as error:
                raise damaged("a text in it is not UTF-8") from error
            if scan.unusual > MAX_UNUSUAL:
                raise damaged("its word lists hold no words")
            self._position += advance
            count -= done
        return scan.byte_words()
